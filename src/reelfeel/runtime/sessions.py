"""What runs the graph: OpenVINO, or ONNX Runtime where that is missing.

Each session is a callable from padded token ids, int `(batch, timesteps)`, to logits, float32
`(batch,)`. Both run in float32: equal to Keras within 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError, MissingExtraError, UsageError

Session = Callable[[npt.NDArray[np.integer[Any]]], npt.NDArray[np.float32]]
ENGINES = {"openvino": "openvino", "onnxruntime": "onnxruntime"}


def choose_engine() -> str:
    """Returns the name of the fastest engine that is installed.

    Raises:
        MissingExtraError: if there is none.
    """
    for name, package in ENGINES.items():
        if find_spec(package):
            return name
    raise MissingExtraError(
        "Prediction needs OpenVINO or ONNX Runtime, and neither is installed.\n"
        'Install one with: pip install openvino (or: pip install "reelfeel[onnxruntime]")'
    )


def open_session(graph_path: Path, engine: str | None = None) -> Session:
    """Opens a graph for inference.

    Args:
        graph_path: the ONNX file, its weights beside it.
        engine: "openvino" or "onnxruntime"; None takes `choose_engine()`.

    Returns:
        A callable; not safe to share between threads.

    Raises:
        UsageError: if there is no engine of that name.
        MissingExtraError: if the engine is not installed.
        BundleError: if the engine cannot read the graph.
    """
    engine = engine or choose_engine()
    if engine not in ENGINES:
        raise UsageError(f"engine must be one of {list(ENGINES)}. Received: {engine!r}")
    if not find_spec(ENGINES[engine]):
        raise MissingExtraError(
            f"{engine} is not installed.\nInstall it with: pip install {engine}"
        )
    opener = _open_openvino if engine == "openvino" else _open_onnxruntime
    try:
        return opener(graph_path)
    except RuntimeError as error:
        raise BundleError(
            f"{engine} cannot read the graph {graph_path}: {error}. Expected a model that this "
            "version of ReelFeel wrote; train it again or restore it from a copy."
        ) from error


def _open_openvino(graph_path: Path) -> Session:
    import openvino

    # The default precision is bfloat16 on processors that have it.
    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(graph_path, "CPU", options)
    # A request of our own, fed with copies: `compiled(...)` keeps pointing into the caller's array,
    # and a later request of another shape then writes into it (OpenVINO 2026.4).
    request = compiled.create_infer_request()

    def run(token_ids: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float32]:
        request.infer({0: token_ids.astype(np.int64)}, share_inputs=False)
        return np.array(request.get_output_tensor().data)

    return run


def _open_onnxruntime(graph_path: Path) -> Session:
    import onnxruntime

    session = onnxruntime.InferenceSession(graph_path, providers=["CPUExecutionProvider"])

    def run(token_ids: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float32]:
        (logits,) = session.run(None, {"token_ids": token_ids.astype(np.int64)})
        return np.asarray(logits)

    return run
