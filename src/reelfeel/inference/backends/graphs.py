"""A graph that another backend runs, safe to share: between threads, and with forked processes.

A request of OpenVINO serves one thread at a time and refuses a second. And the threads of either
backend stay behind when a process is forked, so its copy of a session waits for them for ever.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError

RunGraph = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]


class GraphSession:
    """Runs a graph on padded ids, one call at a time; the backend's threads share each.

    Args:
        opener: opens the graph; asked at once, and again in every process that is forked.
        backend: its name, for messages.
        graph_path: the file, for messages.

    Raises:
        BundleError: if the backend refuses the graph.
    """

    def __init__(self, opener: Callable[[], RunGraph], backend: str, graph_path: Path) -> None:
        self._opener, self._backend, self._graph_path = opener, backend, graph_path
        self._lock = threading.Lock()
        self._run: RunGraph | None = self._open()
        _watch_forks(self)

    def __call__(self, token_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Returns the logits, float32 `(batch,)`, of ids `(batch, timesteps)`.

        Raises:
            BundleError: if the backend fails.
        """
        with self._lock:
            if self._run is None:
                self._run = self._open()
            try:
                return self._run(token_ids)
            # Backends raise classes of their own, which have no other base in common.
            except Exception as error:
                raise self._refusal("run", error) from error

    def forget(self) -> None:
        """Lets the session open its graph anew at the next call; for the child of a fork."""
        # What is there is neither used nor freed: both would wait for threads that are not here.
        _LEFT_BEHIND.append(self._run)
        self._run, self._lock = None, threading.Lock()

    def _open(self) -> RunGraph:
        try:
            return self._opener()
        except Exception as error:
            raise self._refusal("read", error) from error

    def _refusal(self, verb: str, error: Exception) -> BundleError:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        return BundleError(
            f"{self._backend} cannot {verb} the graph {self._graph_path}: {reason}. Expected a "
            "model that this version of ReelFeel wrote; train it again or restore it from a copy."
        )


_SESSIONS: weakref.WeakSet[GraphSession] = weakref.WeakSet()
_LEFT_BEHIND: list[RunGraph | None] = []
_hooks: list[bool] = []


def _watch_forks(session: GraphSession) -> None:
    # Asked for by the first session, as an import is to have no effects.
    if not _hooks and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_all)
        _hooks.append(True)
    _SESSIONS.add(session)


def _forget_all() -> None:
    for session in list(_SESSIONS):
        session.forget()
