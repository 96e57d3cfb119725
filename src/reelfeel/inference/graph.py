"""The runtime's graph: the classifier as ONNX, with its weights left where they are.

The graph holds only the operations. Its weights are "external data" that point into
`weights.safetensors`, whose arrays lie uncompressed one after the other, so a bundle has one copy
of them and both OpenVINO and ONNX Runtime read it directly. Weights of 16 bits are cast to float32
first, once: both backends do it when they load the graph.

OpenVINO ignores the ONNX LSTM's `sequence_lens` on the CPU, silently. So the graph does not use
it: rows are padded on the right, the LSTM runs over everything, and only each row's real steps are
gathered or pooled. A backward network gets each row of ids turned around by its own length.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import ModelConfig
from reelfeel.errors import BundleError
from reelfeel.extras import require_extra
from reelfeel.files.plain_files import read_plain
from reelfeel.inference.onnx_format import (
    FLOAT,
    INT64,
    ExternalTensor,
    Node,
    Values,
    encode_external,
    encode_graph,
    encode_model,
    encode_tensor,
)
from reelfeel.weights import Stored, Weights, read_layout

# Every runtime of 2023 and later reads opset 18; what is used here has not changed since.
OPSET = 18
IR_VERSION = 9
MAX_GRAPH_BYTES = 1 << 20


def write_graph(config: ModelConfig, weights_path: Path, graph_path: Path) -> None:
    """Writes the ONNX graph of a classifier beside its weights.

    The graph maps `token_ids`, int64 `(batch, timesteps)`, padded on the right with 0, to `logit`,
    float32 `(batch,)`.

    Args:
        config: sizes, masking, pooling and direction.
        weights_path: the safetensors file, named as `named_weights` names the arrays.
        graph_path: the file to write, in the same folder.

    Raises:
        MissingExtraError: if the package onnx, which checks what is written, is not installed.
    """
    require_extra("train", "onnx")
    import onnx

    graph_path.write_bytes(encode_classifier(config, read_layout(weights_path), weights_path.name))
    onnx.checker.check_model(graph_path)


def check_graph(config: ModelConfig, weights_path: Path, graph_path: Path) -> None:
    """Refuses a graph that is not the one that `write_graph` writes.

    Raises:
        BundleError: if it differs in a byte.
    """
    expected = encode_classifier(config, read_layout(weights_path), weights_path.name)
    if read_plain(graph_path, MAX_GRAPH_BYTES) != expected:
        raise BundleError(
            f"{graph_path} is not the graph that the settings of its model ask for, and a foreign "
            "graph is a program, which is not run. Restore it from a copy, train again, or take "
            "--backend native or numpy, which read no graph."
        )


def encode_classifier(config: ModelConfig, layout: Mapping[str, Stored], location: str) -> bytes:
    """Returns the graph of a classifier, its weights in another file.

    Args:
        config: sizes, masking, pooling and direction.
        layout: where the weights lie.
        location: the name of their file.
    """
    graph = _Graph({name for name, stored in layout.items() if stored.precision == "float16"})
    for name, stored in layout.items():
        place = (location, stored.offset, stored.size_bytes)
        graph.tensors.append(
            encode_external(ExternalTensor(name, stored.precision, stored.shape, *place))
        )
    graph.node("Squeeze", graph.classifier(config), graph.ints([1]), output="logit")
    return graph.encode("logit")


def encode_probability_graph(config: ModelConfig, weights: Weights) -> bytes:
    """Returns the graph of a classifier with its weights inside, up to the probability.

    It maps `token_ids` to `probability`, float32 `(batch,)`, of the positive class.

    Args:
        config: sizes, masking, pooling and direction.
        weights: float32, by name; with the temperature worked in, the probability is calibrated.
    """
    graph = _Graph(set())
    graph.tensors += [encode_tensor(name, array) for name, array in weights.items()]
    logit = graph.node("Squeeze", graph.classifier(config), graph.ints([1]))
    graph.node("Sigmoid", logit, output="probability")
    return graph.encode("probability")


class _Graph:
    """Collects the nodes of a graph; every method returns the name of what it adds.

    Args:
        half: names of weights that are stored in 16 bits.
    """

    def __init__(self, half: set[str]) -> None:
        self.nodes: list[Node] = []
        self.tensors: list[bytes] = []
        self.half = half

    def encode(self, output: str) -> bytes:
        """Returns the model with one output, float32 `(batch,)`."""
        inputs, outputs = Values("token_ids", INT64, ["b", "t"]), Values(output, FLOAT, ["b"])
        graph = encode_graph("reelfeel", self.nodes, self.tensors, inputs, outputs)
        return encode_model(graph, ir_version=IR_VERSION, opset=OPSET)

    def classifier(self, config: ModelConfig) -> str:
        """Adds the networks of all directions, and returns their logit, `(batch, 1)`."""
        if config.direction == "both":
            forward, backward = (self.tower(config, name) for name in ("forward", "backward"))
            half = self.constant(np.float32(0.5))
            return self.node("Mul", self.node("Add", forward, backward), half)
        return self.tower(config, config.direction, prefix="")

    def tower(self, config: ModelConfig, direction: str, prefix: str | None = None) -> str:
        """Adds the network of one direction, and returns its logit, `(batch, 1)`."""
        prefix = f"{direction}/" if prefix is None else prefix
        ids = self.reversed_ids() if direction == "backward" else "token_ids"
        # ONNX' LSTM wants the time axis first.
        embeddings = self.weights(f"{prefix}embedding/embeddings")
        states = self.node("Gather", embeddings, self.node("Transpose", ids, perm=[1, 0]))
        for index, units in enumerate(config.units):
            states = self.lstm(f"{prefix}lstm_{index}/lstm_cell", states, units)
        outputs = self.pool(config, states)
        if config.dense_units:
            outputs = self.node("Relu", self.dense(f"{prefix}dense", outputs))
        return self.dense(f"{prefix}logit", outputs)

    def reversed_ids(self) -> str:
        lengths = self.node("Squeeze", self.lengths(), self.ints([1]))
        return self.node("ReverseSequence", "token_ids", lengths, batch_axis=0, time_axis=1)

    def pool(self, config: ModelConfig, states: str) -> str:
        if config.pooling == "last":
            return self.last_real_step(states) if config.masking else self.last_step(states)
        real = self.node(
            "Unsqueeze", self.node("Transpose", self.real(), perm=[1, 0]), self.ints([2])
        )
        # An LSTM's outputs lie above -1.
        kept = self.node("Where", real, states, self.constant(np.float32(-1)))
        largest = self.node("ReduceMax", kept, self.ints([0]), keepdims=0)
        kept = self.node("Where", real, states, self.constant(np.float32(0)))
        total = self.node("ReduceSum", kept, self.ints([0]), keepdims=0)
        mean = self.node("Div", total, self.node("Cast", self.lengths(), to=FLOAT))
        return self.node("Concat", self.last_real_step(states), largest, mean, axis=1)

    def lstm(self, name: str, inputs: str, units: int) -> str:
        kernel, recurrent = (
            self.gates(self.node("Transpose", self.weights(f"{name}/{part}"), perm=[1, 0]))
            for part in ("kernel", "recurrent_kernel")
        )
        zeros = self.constant(np.zeros((1, 4 * units), np.float32))
        bias = self.node("Concat", self.gates(self.weights(f"{name}/bias")), zeros, axis=1)
        states = self.node("LSTM", inputs, kernel, recurrent, bias, hidden_size=units)
        # (timesteps, directions = 1, batch, units) -> (timesteps, batch, units)
        return self.node("Squeeze", states, self.ints([1]))

    def gates(self, weights: str) -> str:
        # Keras orders the gates i, f, c, o, ONNX i, o, f, c; and ONNX wants an axis for directions.
        parts = [f"{weights}:{gate}" for gate in "ifco"]
        self.nodes.append(Node("Split", [weights], parts, {"axis": 0, "num_outputs": 4}))
        i, f, c, o = parts
        return self.node("Unsqueeze", self.node("Concat", i, o, f, c, axis=0), self.ints([0]))

    def last_step(self, states: str) -> str:
        return self.node("Gather", states, self.constant(np.int64(-1)), axis=0)

    def last_real_step(self, states: str) -> str:
        last = self.node("Sub", self.lengths(), self.ints([1]))
        by_row = self.node("Transpose", states, perm=[1, 0, 2])
        return self.node("GatherND", by_row, last, batch_dims=1)

    def real(self) -> str:
        """Adds which ids are no padding: bool `(batch, timesteps)`."""
        return self.node("Not", self.node("Equal", "token_ids", self.constant(np.int64(0))))

    def lengths(self) -> str:
        """Adds the number of real tokens of each row, int64 `(batch, 1)`."""
        ones = self.node("Cast", self.real(), to=INT64)
        return self.node("ReduceSum", ones, self.ints([1]), keepdims=1)

    def dense(self, name: str, inputs: str) -> str:
        product = self.node("MatMul", inputs, self.weights(f"{name}/kernel"))
        return self.node("Add", product, self.weights(f"{name}/bias"))

    def weights(self, name: str) -> str:
        return self.node("Cast", name, to=FLOAT) if name in self.half else name

    def ints(self, values: list[int]) -> str:
        return self.constant(np.array(values, np.int64))

    def constant(self, value: npt.ArrayLike) -> str:
        name = f"constant_{len(self.tensors)}"
        self.tensors.append(encode_tensor(name, np.asarray(value)))
        return name

    def node(
        self, operation: str, *inputs: str, output: str = "", **attributes: int | list[int]
    ) -> str:
        output = output or f"{operation}_{len(self.nodes)}"
        self.nodes.append(Node(operation, inputs, [output], attributes))
        return output
