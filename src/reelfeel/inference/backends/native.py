"""The native kernels as a backend: the fastest, and in float32 exact within rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.inference.bundle import Bundle
from reelfeel.inference.network import TowerArrays, add_padding, pick_towers
from reelfeel.inference.pace import Pace
from reelfeel.native.inference import NativeTower, has_kernel
from reelfeel.text.token_ids import TokenIds


class NativeSession:
    """A model on the native kernels; safe to share between threads.

    Args:
        bundle: the model.
        precision: "float32" or "bfloat16".
        threads: how many share the work.

    Raises:
        UsageError: if this machine has no kernel for the precision.
    """

    def __init__(self, bundle: Bundle, precision: str, threads: int) -> None:
        if not has_kernel(precision):
            raise UsageError(
                f"The native backend has no {precision} here: it needs a processor with AMX or "
                "AVX512-BF16. Leave --precision out, or use --precision float32."
            )
        self._config, self._threads = bundle.config, threads
        self._pace = Pace(threads)
        towers = pick_towers(bundle.stored_weights(), bundle.config.model)
        self._towers = [(arrays.head, _open(arrays, precision)) for arrays in towers]

    def __call__(self, token_ids: TokenIds) -> npt.NDArray[np.float32]:
        """Returns the logits, float32 `(num_texts,)`, of texts none of which is empty."""
        token_ids = add_padding(token_ids, self._config.data, self._config.model)
        logits = np.empty(len(token_ids), np.float32)
        # A text's answer is the same in any company, so pieces change none.
        for rows in self._pace.divide(token_ids.lengths):
            if rows is None:
                logits = self._read(token_ids)
            else:
                logits[rows] = self._read(token_ids.take(rows))
        return logits

    def _read(self, token_ids: TokenIds) -> npt.NDArray[np.float32]:
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(token_ids.lengths)])
        logits = [
            head.logits(tower.run(token_ids.flat, offsets, self._threads))
            for head, tower in self._towers
        ]
        return np.asarray(np.mean(logits, axis=0, dtype=np.float32))


def _open(arrays: TowerArrays, precision: str) -> NativeTower:
    return NativeTower(
        arrays.embeddings,
        arrays.layers,
        pooling=arrays.pooling,
        is_reversed=arrays.is_reversed,
        precision=precision,
    )
