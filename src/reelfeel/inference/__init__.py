"""Loads saved models and predicts with them, without Keras or PyTorch."""
