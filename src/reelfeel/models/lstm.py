"""The LSTM layer and the kernel it runs on.

Keras' own LSTM on the PyTorch backend walks over the time steps in Python. PyTorch's LSTM runs all
of them inside one call of oneDNN (CPU) or cuDNN (GPU), and `matrix_lstm` inside one of our own, in
bfloat16 on processors that have it and else in float32. They know no lengths. With right padding
they do not need to: what stands behind a row's last token cannot reach what came before it. So this
layer runs the whole padded block, and then takes each row's own last step; a backward layer first
turns each row around by its own length. Both are exact, not approximations.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import keras
import torch

from reelfeel.config.sections import PRECISIONS
from reelfeel.errors import ConfigError
from reelfeel.models.matrix_lstm import matrix_lstm
from reelfeel.native import lstm as native
from reelfeel.native.kernels import emulation_is_wanted, find_target
from reelfeel.native.library import explain_missing, load_library, processor_features

# With fewer rows oneDNN's float32 is faster than ours, which packs the weights at every call: on
# one core 1.6 times with one row of 64 units, 1.1 times with one row of 512.
_FEWEST_ROWS = 8


@dataclass(frozen=True)
class Kernel:
    """The code that an LSTM layer runs on.

    Attributes:
        name: for people, such as "native bfloat16".
        dtype: of the matrix products; weights, states and results stay float32.
        reason: why this one was chosen, one sentence.
        is_emulated: whether the processor has no instructions for `dtype`.
    """

    name: str
    dtype: torch.dtype
    reason: str
    is_emulated: bool = False


def select_kernel(precision: str = "auto", device: str | None = None) -> Kernel:
    """Chooses the fastest LSTM kernel that this machine has for a precision.

    Args:
        precision: "float32", "bfloat16", or "auto": bfloat16 where the processor multiplies it in
            hardware (AMX, AVX512-BF16, or a GPU of compute capability 8), else float32.
        device: "cpu" or "cuda"; None takes the GPU where there is one.

    Returns:
        The kernel with the reason for the choice.

    Raises:
        ValueError: if `precision` is none of `PRECISIONS`.
        ConfigError: if it is bfloat16 on a processor without it, and the environment does not ask
            for an emulation (REELFEEL_BFLOAT16=emulate).
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {PRECISIONS}. Received: {precision!r}")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    hardware = _bfloat16_hardware(device)
    if precision == "float32" or (precision == "auto" and not hardware):
        return _float32_kernel(precision, device)
    if device == "cpu" and not hardware:
        return _emulated_kernel()
    library = "cuDNN" if device == "cuda" else "oneDNN"
    if device == "cpu" and native.can_train(native.TILE_ROWS, "bfloat16"):
        # Layers of other sizes than multiples of 16 still go to oneDNN.
        library = "native"
    asked = "bfloat16 was asked for"
    reason = asked if precision == "bfloat16" else f"the processor has {hardware}"
    return Kernel(f"{library} bfloat16", torch.bfloat16, reason)


def check_precision(precision: str) -> None:
    """Refuses a precision that this machine lacks, before any work.

    Args:
        precision: as in `select_kernel`.

    Raises:
        ConfigError: as `select_kernel`.
    """
    select_kernel(precision)


def _float32_kernel(precision: str, device: str) -> Kernel:
    asked, lacking = "float32 was asked for", "the processor has no bfloat16 arithmetic"
    reason = asked if precision == "float32" else lacking
    if device == "cuda":
        return Kernel("cuDNN float32", torch.float32, reason)
    target = find_target("float32")
    if target is None:
        return Kernel("oneDNN float32", torch.float32, reason)
    return Kernel("native float32", torch.float32, f"{reason}; it runs on {target}")


def _emulated_kernel() -> Kernel:
    if find_target("bfloat16") is None:
        emulation = "set REELFEEL_BFLOAT16=emulate in the environment to have it emulated, slowly"
        if emulation_is_wanted():
            emulation = f"mend the compiled kernels, which emulate it: {explain_missing()}"
        raise ConfigError(
            "bfloat16 needs a processor with AMX or AVX512-BF16, which this is not. Leave the "
            f"precision at auto, which is float32 here; or {emulation}. Received precision "
            "'bfloat16'."
        )
    reason = "the environment says REELFEEL_BFLOAT16=emulate, and the processor has none"
    return Kernel("native bfloat16, emulated", torch.bfloat16, reason, is_emulated=True)


def _bfloat16_hardware(device: str) -> str:
    if device == "cuda":
        return "bfloat16 tensor cores" if torch.cuda.get_device_capability()[0] >= 8 else ""
    # Ours first: it obeys ONEDNN_MAX_CPU_ISA, which makes oneDNN believe in an older processor.
    features = processor_features()
    without_ours = load_library() is None and _onednn_has_bfloat16()
    if "amx_bf16" in features or (without_ours and torch.cpu._is_amx_tile_supported()):
        return "AMX"
    if "avx512_bf16" in features or (without_ours and torch.cpu._is_avx512_bf16_supported()):
        return "AVX512-BF16"
    return ""


@functools.cache
def _onednn_has_bfloat16() -> bool:
    # PyTorch tells what the processor has, and not what ONEDNN_MAX_CPU_ISA leaves of it.
    numbers = torch.zeros(1, 1, 1)
    weights = [torch.zeros(4, 1), torch.zeros(4, 1), torch.zeros(4), torch.zeros(4)]
    try:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            torch._VF.lstm(numbers, (numbers, numbers), weights, True, 1, 0.0, False, False, True)
    except RuntimeError:
        return False
    return True


@keras.saving.register_keras_serializable(package="reelfeel")
class FusedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` on PyTorch's fused kernel, exact for rows of any length.

    Takes the same arguments, holds the same weights and gives the same results as Keras' layer. It
    falls back to Keras' own loop where the fused kernel cannot give them: another backend, a mask
    that is not right padding, states wanted from masked rows, recurrent dropout, or other
    activations than tanh and sigmoid.

    Args:
        units: size of the state.
        precision: "auto", "float32" or "bfloat16", as in `select_kernel`.
        **kwargs: those of `keras.layers.LSTM`.

    Call arguments:
        sequences: float tensor of shape `(batch, timesteps, features)`.
        mask: bool tensor of shape `(batch, timesteps)`, True at real tokens, which come first.

    Returns:
        float32 tensor of shape `(batch, units)`, or `(batch, timesteps, units)` with
        `return_sequences`.
    """

    def __init__(self, units: int, *, precision: str = "auto", **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.precision = precision
        self.fused_kernel = select_kernel(precision)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this layer."""
        return {**super().get_config(), "precision": self.precision}

    def stock_config(self) -> dict[str, Any]:
        """Returns the arguments of the `keras.layers.LSTM` that this layer equals."""
        return super().get_config()

    def compute_output_spec(self, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        """Derives the result's shape by arithmetic, without a trial run of the kernel."""
        shape = self.compute_output_shape(sequences.shape)
        if self.return_state:
            return [keras.KerasTensor(part, dtype=self.compute_dtype) for part in shape]
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Runs all time steps; `keras.layers.RNN` calls this and shapes the result."""
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        if not self._can_fuse(mask, training):
            return super().inner_loop(sequences, initial_state, mask, training)
        lengths = None if mask is None else mask.sum(dim=1)
        if self.go_backwards:
            sequences = reverse_rows(sequences, lengths)
        last, outputs, states = self._run_kernel(sequences, initial_state, lengths)
        if lengths is not None and self.return_sequences:
            outputs = self._fill_padding(outputs, last, lengths)
        return last, outputs, states

    def _can_fuse(self, mask: Any, training: bool) -> bool:
        cell = self.cell
        if keras.backend.backend() != "torch" or (
            training and (cell.dropout or self.recurrent_dropout)
        ):
            return False
        standard = (keras.activations.tanh, keras.activations.sigmoid)
        if (cell.activation, cell.recurrent_activation) != standard or not cell.use_bias:
            return False
        if mask is None:
            return True
        # The kernel returns the cell state after the padding, not at each row's end.
        if self.return_state or self.stateful:
            return False
        # Keras' loop has an odd meaning of its own for this pair.
        if self.zero_output_for_mask and not self.return_sequences:
            return False
        return _pads_right(mask)

    def _run_kernel(self, sequences: Any, initial_state: Any, lengths: Any) -> Any:
        if _has_matrix_kernel(sequences, self.units, self.fused_kernel.dtype):
            weights = [
                keras.ops.convert_to_tensor(weight)
                for weight in (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
            ]
            outputs, last, cell_state = matrix_lstm(
                sequences,
                tuple(initial_state),
                tuple(weights),
                lengths,
                dtype=self.fused_kernel.dtype,
                return_outputs=self.return_sequences,
            )
            # Keras looks at the outputs' shape also where it wants only the last.
            outputs = last[:, None] if outputs is None else outputs
            return _zero_where_empty(last, lengths), outputs, [last, cell_state]
        outputs, states = self._run_library(sequences, initial_state)
        last = outputs[:, -1] if lengths is None else _last_steps(outputs, lengths)
        return last, outputs, states

    def _run_library(self, sequences: Any, initial_state: Any) -> tuple[Any, list[Any]]:
        cell = self.cell
        bias = keras.ops.convert_to_tensor(cell.bias)
        weights = [
            # Both libraries order the gates i, f, c, o; PyTorch keeps the matrices transposed.
            keras.ops.convert_to_tensor(cell.kernel).T.contiguous(),
            keras.ops.convert_to_tensor(cell.recurrent_kernel).T.contiguous(),
            bias,
            torch.zeros_like(bias),
        ]
        states = tuple(state.unsqueeze(0) for state in initial_state)
        kernel = self.fused_kernel
        # Where bfloat16 is emulated, oneDNN has none.
        is_bf16 = kernel.dtype == torch.bfloat16 and not kernel.is_emulated
        with torch.autocast(sequences.device.type, torch.bfloat16, enabled=is_bf16):
            outputs, hidden, cell_state = torch._VF.lstm(
                sequences, states, weights, True, 1, 0.0, torch.is_grad_enabled(), False, True
            )
        return outputs.float(), [hidden[0].float(), cell_state[0].float()]

    def _fill_padding(self, outputs: Any, last: Any, lengths: Any) -> Any:
        # As Keras' loop does: behind its end a forward row repeats its last output, or 0 if told
        # so; a backward row has its padding first, where nothing has happened yet.
        repeats = not (self.go_backwards or self.zero_output_for_mask)
        real = torch.arange(outputs.shape[1], device=outputs.device)[None] < lengths[:, None]
        padding = last[:, None] if repeats else torch.zeros_like(last)[:, None]
        outputs = torch.where(real[:, :, None], outputs, padding)
        return reverse_rows(outputs, lengths).flip(1) if self.go_backwards else outputs


def reverse_rows(sequences: Any, lengths: Any | None) -> Any:
    """Turns each row's first `length` steps around and leaves its padding where it is.

    Args:
        sequences: tensor of shape `(batch, timesteps, features)`.
        lengths: int tensor of shape `(batch,)`, or None when every row is full.

    Returns:
        Tensor of the same shape.

    Example:

    >>> rows = torch.tensor([[[1], [2], [3], [0]], [[4], [0], [0], [0]]])
    >>> reverse_rows(rows, torch.tensor([3, 1]))[..., 0].tolist()
    [[3, 2, 1, 0], [4, 0, 0, 0]]
    """
    if lengths is None:
        return sequences.flip(1)
    steps = torch.arange(sequences.shape[1], device=sequences.device)[None]
    order = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return sequences.gather(1, order[:, :, None].expand_as(sequences))


def _last_steps(outputs: Any, lengths: Any) -> Any:
    rows = torch.arange(outputs.shape[0], device=outputs.device)
    return _zero_where_empty(outputs[rows, (lengths - 1).clamp(min=0)], lengths)


def _zero_where_empty(last: Any, lengths: Any) -> Any:
    if lengths is None:
        return last
    return torch.where((lengths > 0)[:, None], last, torch.zeros_like(last))


def _has_matrix_kernel(sequences: Any, units: int, dtype: torch.dtype) -> bool:
    if sequences.device.type != "cpu" or sequences.dtype != torch.float32:
        return False
    if dtype == torch.bfloat16:
        return native.can_train(units, "bfloat16")
    return len(sequences) >= _FEWEST_ROWS and native.can_train(units, "float32")


def _pads_right(mask: Any) -> bool:
    # True never follows False.
    return bool((mask[:, :-1] | ~mask[:, 1:]).all())
