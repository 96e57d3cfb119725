"""Writes ONNX files byte by byte, without the package onnx.

The same graph is always the same bytes, so that a graph in a folder can be held against the one
that its settings ask for, where the package onnx is not installed. A foreign graph is code:
it could loop for ever, or read other files.

The format is Protocol Buffers (https://protobuf.dev/programming-guides/encoding/): a message is a
row of fields, each a number and a value, in the order of their numbers; the numbers are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# Numbers of onnx.TensorProto.
FLOAT, INT64, FLOAT16 = 1, 7, 10
TYPES = {"float32": FLOAT, "int64": INT64, "float16": FLOAT16}
_EXTERNAL = 1
# Numbers of onnx.AttributeProto.
_ONE_INT, _MANY_INTS = 2, 7


@dataclass(frozen=True)
class Node:
    """One operation: its name in ONNX, what it reads and writes, and its attributes."""

    operation: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, int | list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class ExternalTensor:
    """An array that lies in another file."""

    name: str
    precision: str
    shape: Sequence[int]
    location: str
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Values:
    """What goes into a graph or comes out: name, number of its type, and names of its axes."""

    name: str
    type: int
    axes: Sequence[str]


def encode_model(graph: bytes, *, ir_version: int, opset: int, producer: str = "reelfeel") -> bytes:
    """Returns a model, as it stands in an ONNX file."""
    opset_id = _text(1, "") + _number(2, opset)
    return _number(1, ir_version) + _text(2, producer) + _message(7, graph) + _message(8, opset_id)


def encode_graph(
    name: str, nodes: Iterable[Node], tensors: Iterable[bytes], inputs: Values, outputs: Values
) -> bytes:
    """Returns a graph.

    Args:
        name: of the graph.
        nodes: in an order in which they can be run.
        tensors: from `encode_external` and `encode_tensor`.
        inputs: what goes in.
        outputs: what comes out.
    """
    return b"".join(
        (
            *(_message(1, _encode_node(node)) for node in nodes),
            _text(2, name),
            *(_message(5, tensor) for tensor in tensors),
            _message(11, _encode_values(inputs)),
            _message(12, _encode_values(outputs)),
        )
    )


def encode_external(tensor: ExternalTensor) -> bytes:
    """Returns an array that points into another file."""
    place = {
        "location": tensor.location,
        "offset": str(tensor.offset),
        "length": str(tensor.size_bytes),
    }
    return b"".join(
        (
            *(_number(1, size) for size in tensor.shape),
            _number(2, TYPES[tensor.precision]),
            _text(8, tensor.name),
            *(_message(13, _text(1, key) + _text(2, value)) for key, value in place.items()),
            _number(14, _EXTERNAL),
        )
    )


def encode_tensor(name: str, array: npt.NDArray[np.generic]) -> bytes:
    """Returns an array with its values inside, in the order of bytes that ONNX asks for."""
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return b"".join(
        (
            *(_number(1, size) for size in array.shape),
            _number(2, TYPES[array.dtype.name]),
            _text(8, name),
            _message(9, content),
        )
    )


def _encode_node(node: Node) -> bytes:
    return b"".join(
        (
            *(_text(1, name) for name in node.inputs),
            *(_text(2, name) for name in node.outputs),
            _text(4, node.operation),
            *(
                _message(5, _encode_attribute(name, value))
                for name, value in sorted(node.attributes.items())
            ),
        )
    )


def _encode_attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ONE_INT)
    return b"".join((_text(1, name), *(_number(8, one) for one in value), _number(20, _MANY_INTS)))


def _encode_values(values: Values) -> bytes:
    axes = b"".join(_message(1, _text(2, axis)) for axis in values.axes)
    tensor_type = _number(1, values.type) + _message(2, axes)
    return _text(1, values.name) + _message(2, _message(1, tensor_type))


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    """Returns a number in groups of seven bits, the lowest first.

    >>> _varint(300).hex()
    'ac02'
    """
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
