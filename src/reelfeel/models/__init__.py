"""Keras layers and networks."""
