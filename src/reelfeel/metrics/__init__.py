"""Arrays in, numbers out; knows no model."""
