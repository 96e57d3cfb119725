"""Backends that run a saved model: native kernels, OpenVINO, ONNX Runtime and NumPy."""
