"""PyTorch functions for our LSTM kernels, in float32 and in bfloat16.

`matrix_lstm` is one differentiable operation: all time steps of one layer, forward and backward.
The kernel sums the matrix products of a step in float32, and in bfloat16 rounds what it stores; the
gradients of the weights are one matrix product over all tokens at the end.
"""

from __future__ import annotations

from typing import Any

import torch

from reelfeel.native import lstm as native


def matrix_lstm(
    sequences: Any,
    states: tuple[Any, Any],
    weights: tuple[Any, Any, Any],
    lengths: Any | None,
    *,
    dtype: torch.dtype,
    return_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """Runs an LSTM layer.

    Args:
        sequences: float tensor of shape `(batch, timesteps, features)`, padded on the right.
        states: hidden and cell state before the first step, float32 `(batch, units)` each.
        weights: kernel `(features, 4 * units)`, recurrent kernel `(units, 4 * units)` and bias
            `(4 * units,)`, float32, gates in Keras' order i, f, c, o.
        lengths: int tensor of shape `(batch,)`, or None when every row is full. What comes behind a
            row's end is not defined and has no gradient.
        dtype: of the matrix products and of what is stored for the way back: float32 or bfloat16.
        return_outputs: whether those of all steps are wanted, not only the last ones.

    Returns:
        The outputs, float32 `(batch, timesteps, units)` or None; each row's last one, float32
        `(batch, units)`; and the last cell state, float32 `(batch, units)`, which is each row's own
        only where all rows are full.
    """
    return _MatrixLSTM.apply(sequences, *states, *weights, lengths, dtype, return_outputs)


class _Sizes:
    def __init__(self, sequences: Any, units: int, dtype: torch.dtype) -> None:
        self.dtype, self.is_bf16 = dtype, dtype == torch.bfloat16
        self.batch, self.steps, self.features = sequences.shape
        self.units = units
        self.rows = -(-self.batch // native.TILE_ROWS) * native.TILE_ROWS
        self.feature_blocks = native.num_blocks(self.features)
        self.blocks = self.feature_blocks + native.num_blocks(units)

    def as_arguments(self) -> dict[str, int]:
        names = ("is_bf16", "steps", "rows", "features", "units")
        return {name: getattr(self, name) for name in names}


class _MatrixLSTM(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        sequences: Any,
        hidden: Any,
        cell: Any,
        kernel: Any,
        recurrent_kernel: Any,
        bias: Any,
        lengths: Any,
        dtype: torch.dtype,
        return_outputs: bool,
    ) -> tuple[Any, Any, Any]:
        sizes = _Sizes(sequences, hidden.shape[1], dtype)
        row_lengths = _row_lengths(lengths, sizes)
        inputs, cells = _arrange_inputs(sequences, hidden, sizes), _arrange_cells(cell, sizes)
        shape = (sizes.steps, sizes.units // 16, sizes.rows, 64)
        gates = torch.empty(shape, dtype=dtype)
        weights = _pack(kernel, recurrent_kernel, sizes, any(context.needs_input_grad))
        bias = bias.view(4, -1, 16).transpose(0, 1).contiguous()
        native.run_forward(
            native.LstmForward(
                **sizes.as_arguments(),
                inputs=inputs.data_ptr(),
                cells=cells.data_ptr(),
                gates=gates.data_ptr(),
                lengths=row_lengths.data_ptr(),
                weights=weights[0].data_ptr(),
                bias=bias.data_ptr(),
            ),
            torch.get_num_threads(),
        )
        context.sizes, context.buffers = sizes, (inputs, cells, gates, row_lengths, weights[1])
        context.set_materialize_grads(False)
        hidden_states = inputs[1:, sizes.feature_blocks :]
        outputs = None
        if return_outputs:
            outputs = torch.empty(sizes.batch, sizes.steps, sizes.units)
            _arrange(outputs, hidden_states, sizes, num_blocks=sizes.blocks, into_blocks=False)
        rows = torch.arange(sizes.batch)
        last = hidden_states[(row_lengths[: sizes.batch].long() - 1).clamp(min=0), :, rows]
        return outputs, last.flatten(1)[:, : sizes.units].float(), _by_rows(cells[-1], sizes)

    @staticmethod
    def backward(context: Any, d_outputs: Any, d_last: Any, d_final_cell: Any) -> tuple[Any, ...]:
        sizes = context.sizes
        inputs, cells, gates, row_lengths, weights = context.buffers
        # The kernel turns the gates into their gradients; a second backward pass would read those.
        context.buffers = None
        d_outputs = _arrange_d_outputs(d_outputs, sizes)
        d_last = None if d_last is None else _by_units(d_last, sizes)
        d_hidden = torch.empty(sizes.units // 16, sizes.rows, 16)
        if d_final_cell is None:
            d_cell = torch.zeros_like(d_hidden)
        else:
            d_cell = _by_units(d_final_cell, sizes)
        shape = (sizes.steps, sizes.feature_blocks, sizes.rows, 32)
        d_features = torch.empty(shape, dtype=sizes.dtype)
        native.run_backward(
            native.LstmBackward(
                **sizes.as_arguments(),
                gates=gates.data_ptr(),
                cells=cells.data_ptr(),
                lengths=row_lengths.data_ptr(),
                weights=weights.data_ptr(),
                d_outputs=None if d_outputs is None else d_outputs.data_ptr(),
                d_last=None if d_last is None else d_last.data_ptr(),
                d_hidden=d_hidden.data_ptr(),
                d_cell=d_cell.data_ptr(),
                d_features=d_features.data_ptr(),
            ),
            torch.get_num_threads(),
        )
        d_sequences = torch.empty(sizes.batch, sizes.steps, sizes.features)
        _arrange(d_sequences, d_features, sizes, num_blocks=sizes.feature_blocks, into_blocks=False)
        # Not where only the way to the embeddings is asked for, as adversarial training does.
        weight_gradients = (None, None, None)
        if any(context.needs_input_grad[3:6]):
            weight_gradients = _weight_gradients(inputs, gates, sizes)
        return (
            d_sequences,
            _by_rows(d_hidden, sizes),
            _by_rows(d_cell, sizes),
            *weight_gradients,
            None,
            None,
            None,
        )


def _row_lengths(lengths: Any, sizes: _Sizes) -> Any:
    result = torch.zeros(sizes.rows, dtype=torch.int32)
    result[: sizes.batch] = sizes.steps if lengths is None else lengths
    return result


def _arrange_inputs(sequences: Any, hidden: Any, sizes: _Sizes) -> Any:
    shape = (sizes.steps + 1, sizes.blocks, sizes.rows, 32)
    inputs = torch.empty(shape, dtype=sizes.dtype)
    # Rows and columns that only fill tiles: zeros, because zero times garbage could be NaN.
    inputs[:, sizes.feature_blocks :, sizes.batch :] = 0
    inputs[-1, : sizes.feature_blocks] = 0
    inputs[0, sizes.feature_blocks :, : sizes.batch] = _in_blocks(hidden).transpose(0, 1)
    if sizes.units % 32:
        inputs[:, -1, :, sizes.units % 32 :] = 0
    _arrange(sequences, inputs, sizes, num_blocks=sizes.blocks, into_blocks=True)
    return inputs


def _arrange(plain: Any, blocks: Any, sizes: _Sizes, *, num_blocks: int, into_blocks: bool) -> None:
    plain = plain.contiguous()
    native.arrange(
        native.Arrangement(
            is_bf16=sizes.is_bf16,
            batch=sizes.batch,
            steps=sizes.steps,
            width=plain.shape[2],
            rows=sizes.rows,
            num_blocks=num_blocks,
            block_width=blocks.shape[-1],
            plain=plain.data_ptr(),
            blocks=blocks.data_ptr(),
        ),
        torch.get_num_threads(),
        into_blocks=into_blocks,
    )


def _in_blocks(numbers: Any) -> Any:
    missing = -numbers.shape[-1] % 32
    if missing:
        numbers = torch.nn.functional.pad(numbers, (0, missing))
    return numbers.unflatten(-1, (-1, 32))


def _arrange_cells(cell: Any, sizes: _Sizes) -> Any:
    cells = torch.empty(sizes.steps + 1, sizes.units // 16, sizes.rows, 16)
    cells[0] = _by_units(cell, sizes)
    return cells


def _by_units(rows: Any, sizes: _Sizes) -> Any:
    result = torch.zeros(sizes.units // 16, sizes.rows, 16)
    result[:, : sizes.batch] = rows.unflatten(1, (-1, 16)).transpose(0, 1)
    return result


def _by_rows(blocks: Any, sizes: _Sizes) -> Any:
    return blocks[:, : sizes.batch].transpose(0, 1).flatten(1)


def _pack(kernel: Any, recurrent_kernel: Any, sizes: _Sizes, needs_backward: bool) -> Any:
    size = native.packed_size(sizes.features, sizes.units)
    forward = torch.empty(size, dtype=sizes.dtype)
    backward = torch.empty(size, dtype=sizes.dtype) if needs_backward else None
    native.pack_weights(
        kernel.contiguous().data_ptr(),
        recurrent_kernel.contiguous().data_ptr(),
        (sizes.features, sizes.units, sizes.is_bf16),
        forward.data_ptr(),
        None if backward is None else backward.data_ptr(),
    )
    return forward, backward


def _arrange_d_outputs(d_outputs: Any, sizes: _Sizes) -> Any:
    if d_outputs is None:
        return None
    shape = (sizes.steps, sizes.units // 16, sizes.rows, 16)
    result = torch.empty(shape, dtype=sizes.dtype)
    _arrange(d_outputs, result, sizes, num_blocks=shape[1], into_blocks=True)
    return result


def _weight_gradients(inputs: Any, gates: Any, sizes: _Sizes) -> tuple[Any, Any, Any]:
    d_weights = torch.empty(sizes.blocks * 32, 4 * sizes.units)
    d_bias = torch.empty(1, 4 * sizes.units)
    native.run_gradients(
        native.LstmGradients(
            **sizes.as_arguments(),
            batch=sizes.batch,
            inputs=inputs.data_ptr(),
            d_gates=gates.data_ptr(),
            d_weights=d_weights.data_ptr(),
            d_bias=d_bias.data_ptr(),
        ),
        torch.get_num_threads(),
    )
    first_unit = sizes.feature_blocks * 32
    d_kernel = _in_keras_order(d_weights[: sizes.features])
    d_recurrent = _in_keras_order(d_weights[first_unit : first_unit + sizes.units])
    return d_kernel, d_recurrent, _in_keras_order(d_bias)[0]


def _in_keras_order(columns: Any) -> Any:
    # The kernel's columns are (sixteen units, gate, unit), Keras' are (gate, unit).
    blocks = columns.view(len(columns), -1, 4, 16)
    return blocks.transpose(1, 2).reshape(len(columns), -1)
