"""What runs a model: the native kernels, OpenVINO, ONNX Runtime, or NumPy.

Each session is a callable from `TokenIds` to logits, float32 `(num_texts,)`. In float32 all are
equal to Keras within 1e-5; the native kernels have bfloat16 besides, where the processor multiplies
it in hardware.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import PRECISIONS, DataConfig
from reelfeel.errors import BundleError, MissingExtraError, UsageError
from reelfeel.inference.backends.graphs import GraphSession
from reelfeel.inference.backends.in_numpy import NumpySession
from reelfeel.inference.backends.native import NativeSession
from reelfeel.inference.bundle import Bundle
from reelfeel.inference.graph import check_graph
from reelfeel.inference.network import read_towers
from reelfeel.native.cores import available_cores
from reelfeel.native.inference import has_kernel
from reelfeel.native.library import explain_missing
from reelfeel.text.batching import pad_batch, plan_scoring_batches
from reelfeel.text.encoder import check_threads
from reelfeel.text.token_ids import TokenIds

Session = Callable[[TokenIds], npt.NDArray[np.float32]]
# The fastest first; NumPy is always there.
BACKENDS = ("native", "openvino", "onnxruntime", "numpy")


@dataclass(frozen=True)
class Backend:
    """What runs a model, and how.

    Attributes:
        name: one of `BACKENDS`.
        precision: "float32" or "bfloat16".
        threads: how many share the work.
    """

    name: str
    precision: str
    threads: int

    def __str__(self) -> str:
        return f"{self.name}, {self.precision}"


def choose_backend(
    backend: str | None = None, precision: str = "auto", threads: int | None = None
) -> Backend:
    """Chooses the fastest way to run a model that this machine has.

    Args:
        backend: one of `BACKENDS`; None takes the first that is here.
        precision: "auto" is bfloat16 on the native backend where the processor has AMX or
            AVX512-BF16, and "float32" elsewhere.
        threads: at least 1; None takes as many as there are cores to use.

    Raises:
        UsageError: if there is no backend or precision of that name, the backend does not have the
            precision, or `threads` is out of its range.
        MissingExtraError: if the backend is not installed.

    Example:

    >>> choose_backend("numpy", threads=1)
    Backend(name='numpy', precision='float32', threads=1)
    """
    backend = backend or next(name for name in BACKENDS if _is_here(name))
    _check(backend, precision, threads)
    if precision == "auto":
        has_bfloat16 = backend == "native" and has_kernel("bfloat16")
        precision = "bfloat16" if has_bfloat16 else "float32"
    return Backend(backend, precision, threads or available_cores())


def open_session(bundle: Bundle, backend: Backend) -> Session:
    """Opens a model for inference.

    Raises:
        BundleError: if the backend cannot read the model, or there is not enough memory for it.
        UsageError: if the machine does not have the backend's precision.
    """
    try:
        return _open(bundle, backend)
    except MemoryError as error:
        raise BundleError(
            f"There is not enough memory to open the model {bundle.path} with {backend.name}. "
            "Free some, or take a smaller model."
        ) from error


def _open(bundle: Bundle, backend: Backend) -> Session:
    if backend.name == "native":
        return NativeSession(bundle, backend.precision, backend.threads)
    if backend.name == "numpy":
        return NumpySession(bundle.config, read_towers(bundle))
    graph_path, weights_path = bundle.path / "graph.onnx", bundle.path / "weights.safetensors"
    check_graph(bundle.config.model, weights_path, graph_path)
    bundle.weights()  # refused here where one is not finite: the graph reads them by itself
    opener = _open_openvino if backend.name == "openvino" else _open_onnxruntime
    graph = GraphSession(partial(opener, graph_path, backend.threads), backend.name, graph_path)
    return _PaddedSession(graph, bundle.config.data)


def _is_here(backend: str) -> bool:
    if backend == "native":
        return has_kernel("float32")
    return find_spec(backend) is not None


def _check(backend: str, precision: str, threads: int | None) -> None:
    if backend not in BACKENDS:
        raise UsageError(f"backend must be one of {list(BACKENDS)}. Received: {backend!r}")
    if precision not in PRECISIONS:
        raise UsageError(f"precision must be one of {list(PRECISIONS)}. Received: {precision!r}")
    check_threads(threads)
    if not _is_here(backend):
        mend = f"Install it with: pip install {backend}"
        if backend == "native":
            mend = f"The reason: {explain_missing()}."
        raise MissingExtraError(f"The backend {backend} is not installed.\n{mend}")
    if precision == "bfloat16" and not (backend == "native" and has_kernel("bfloat16")):
        raise UsageError(
            "bfloat16 needs the native backend and a processor with AMX or AVX512-BF16. Leave "
            f"--precision out to take the fastest that is here. Received: backend {backend}"
        )


class _PaddedSession:
    """Feeds a backend that wants rectangles: sorts by length, pads, and answers in order.

    Safe to share between threads, as what it feeds is.
    """

    def __init__(
        self, run: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]], data: DataConfig
    ) -> None:
        self._run, self._data = run, data

    def __call__(self, token_ids: TokenIds) -> npt.NDArray[np.float32]:
        logits = np.empty(len(token_ids), np.float32)
        for rows in plan_scoring_batches(token_ids.lengths):
            logits[rows] = self._run(pad_batch(token_ids, rows, self._data).astype(np.int64))
        return logits


def _open_openvino(graph_path: Path, threads: int) -> Any:
    import openvino

    # The default precision is bfloat16 on processors that have it.
    options = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    compiled = openvino.Core().compile_model(graph_path, "CPU", options)
    # A request of our own, fed with copies: `compiled(...)` keeps pointing into the caller's array,
    # and a later request of another shape then writes into it (OpenVINO 2026.4).
    request = compiled.create_infer_request()

    def run(token_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        request.infer({0: token_ids}, share_inputs=False)
        return np.array(request.get_output_tensor().data)

    return run


def _open_onnxruntime(graph_path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph_path, options, providers=["CPUExecutionProvider"])

    def run(token_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        (logits,) = session.run(None, {"token_ids": token_ids})
        return np.asarray(logits)

    return run
