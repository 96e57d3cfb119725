"""What runs a saved model: the native kernels, OpenVINO, ONNX Runtime or NumPy."""
