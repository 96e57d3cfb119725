"""Keras layers and networks. Importing this room chooses Keras' PyTorch backend, unless one is set.

Keras reads `KERAS_BACKEND` once, at its first import, so the choice has to be made before it.
"""

import os

from reelfeel.extras import require_extra

require_extra("train", "keras", "torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
# Between its parallel loops PyTorch lets idle threads spin for milliseconds, on the cores that our
# kernels then want; two busy processes stop each other that way. 2,000 turns are some microseconds:
# an epoch of `seed` 7.2 s instead of 8.3 s in bfloat16, 19.4 s instead of 18.5 s in float32.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
