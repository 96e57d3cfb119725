"""The saved model and its inference; neither Keras nor PyTorch."""
