"""Reviews and a config in, a bundle out."""

import reelfeel.models  # noqa: F401  # chooses Keras' backend before anything here imports Keras
from reelfeel.extras import require_extra

require_extra("train", "onnx", "sklearn")
