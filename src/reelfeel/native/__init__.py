"""Our own compiled kernels: where Python or a library is too slow. All of them have a fallback."""
