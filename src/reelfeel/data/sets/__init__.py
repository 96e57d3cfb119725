"""The data sets that ReelFeel knows by name."""
