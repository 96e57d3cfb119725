"""Keras layers and networks. Importing this room chooses Keras' PyTorch backend, unless one is set.

Keras reads `KERAS_BACKEND` once, at its first import, so the choice has to be made before it.
"""

import os

from reelfeel.extras import require

require("train", "keras", "torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
