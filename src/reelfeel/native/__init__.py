"""Our compiled kernels; each has a fallback without compiled code."""
