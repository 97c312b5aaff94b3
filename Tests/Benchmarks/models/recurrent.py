"""LSTM and GRU of 64 and 128 units over 64 frames of 40 features: keyword spotting, voice activity, small series."""

import numpy as np
import onnx
from onnx_graph import GraphBuilder, linear

from . import Model

FRAMES, FEATURES, CLASSES = 64, 40, 12
GATES = {"LSTM": 4, "GRU": 3}


def recurrent(op, units):
    """x f32[batch, 64, 40], one layer of `units`, 12 classes from its last state, written as PyTorch's exporter does:

    batch-first input transposed to time-first, zero states expanded to the batch, gates in ONNX's order.
    """
    builder, random = GraphBuilder(f"{op.lower()}_{units}"), np.random.default_rng(31)
    builder.input("x", "f32", ["batch", FRAMES, FEATURES])
    frames = builder.node("Transpose", ["x"], perm=[1, 0, 2])
    rows = GATES[op] * units

    def uniform(*shape):
        return random.uniform(-(units**-0.5), units**-0.5, shape).astype(np.float32)

    operands = [
        frames, builder.weight("rnn.W", uniform(1, rows, FEATURES)), builder.weight("rnn.R", uniform(1, rows, units)),
        builder.weight("rnn.B", uniform(1, 2 * rows)), "",
    ]
    one = builder.weight("one", np.array([1], np.int64))
    batch = builder.node("Gather", [builder.node("Shape", ["x"]), builder.weight("zero", np.array([0], np.int64))])
    state_shape = builder.node("Concat", [one, batch, builder.weight("units", np.array([units], np.int64))], axis=0)
    zeros = builder.node("ConstantOfShape", [state_shape], value=onnx.numpy_helper.from_array(np.zeros(1, np.float32)))
    states = [zeros, zeros] if op == "LSTM" else [zeros]
    outputs = ["/rnn_all", "/rnn_last"] + (["/rnn_cell"] if op == "LSTM" else [])
    attributes = {"hidden_size": units} | ({"linear_before_reset": 1} if op == "GRU" else {})
    builder.node(op, operands + states, outputs, **attributes)
    last = builder.node("Squeeze", ["/rnn_last", builder.weight("layer", np.array([0], np.int64))])
    builder.gemm(last, *linear(random, units, CLASSES), "head", "logits")
    builder.output("logits", "f32", ["batch", CLASSES])
    return builder.model()


def data(batch):
    return {"x": np.random.default_rng(6).standard_normal((batch, FRAMES, FEATURES), np.float32)}


def row(op, units):
    return Model(f"{op.lower()}{units}", "recurrent", lambda path: onnx.save(recurrent(op, units), path), data, (1, 8, 32))


MODELS = tuple(row(op, units) for op in ("LSTM", "GRU") for units in (64, 128))
