"""Fast inference from a bundle; neither Keras nor PyTorch."""
