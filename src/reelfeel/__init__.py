"""ReelFeel: sentiment analysis of reviews with LSTMs."""

__version__ = "0.1.0"
