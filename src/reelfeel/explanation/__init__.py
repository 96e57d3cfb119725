"""Explains predictions: callables in, attributions out; knows no model."""
