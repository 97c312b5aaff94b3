"""PyTorch: the exporter's graph as PyTorch's own functions, traced at the row's shapes, frozen and optimised for inference.

Products, convolutions and recurrent layers go to the libraries that PyTorch brings (oneDNN, MKL). Trees have no
function there.
"""

import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper

from . import InProcess, Refused

NAME = "PyTorch"
VERSION = torch.__version__.split("+")[0]


def numbers(tensor):
    """A small integer tensor as Python's numbers: shapes and axes are constants of the trace."""
    return [int(number) for number in tensor.reshape(-1)]


def gemm(a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):
    a, weights = a.t() if transA else a, b if transB else b.t()
    if alpha == 1 and beta == 1:
        return F.linear(a, weights, c)
    return alpha * F.linear(a, weights) + (0 if c is None else beta * c)


def pads(values):
    """ONNX's begins and ends as PyTorch's symmetric padding."""
    begins, ends = values[: len(values) // 2], values[len(values) // 2 :]
    if begins != ends:
        raise Refused("padding that differs at both ends")
    return begins


def conv(x, w, b=None, strides=(1, 1), pads_=(0, 0, 0, 0), dilations=(1, 1), group=1, **_):
    return F.conv2d(x, w, b, strides, pads(list(pads_)), dilations, group)


def max_pool(x, kernel_shape, strides, pads_=(0, 0, 0, 0), **_):
    return F.max_pool2d(x, kernel_shape, strides, pads(list(pads_)))


def gather(data, indices, axis=0):
    if axis == 0 and data.dim() == 2 and data.dtype == torch.float32 and indices.numel() > 0:
        return F.embedding(indices.long(), data)
    taken = torch.index_select(data, axis, indices.long().reshape(-1))
    return taken.reshape((*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]))


def sliced(x, starts, ends, axes=None, steps=None):
    axes = range(len(starts)) if axes is None else numbers(axes)
    index = [slice(None)] * x.dim()
    for axis, start, end in zip(axes, numbers(starts), numbers(ends)):
        index[axis] = slice(start, min(end, int(x.shape[axis])))
    return x[tuple(index)]


def reshape(x, shape):
    return x.reshape([x.shape[axis] if extent == 0 else extent for axis, extent in enumerate(numbers(shape))])


def unsqueeze(x, axes):
    for axis in sorted(numbers(axes)):
        x = x.unsqueeze(axis)
    return x


def squeeze(x, axes):
    return x.squeeze(tuple(numbers(axes)))


def split(x, sizes=None, axis=0, num_outputs=None):
    return torch.split(x, numbers(sizes) if sizes is not None else x.shape[axis] // num_outputs, axis)


def layer_norm(x, scale, bias=None, axis=-1, epsilon=1e-5, **_):
    return F.layer_norm(x, scale.shape, scale, bias, epsilon)


def reduced(function):
    return lambda x, axes=None, keepdims=1, **_: function(x, numbers(axes), bool(keepdims))


def l2(x, axes=None, keepdims=1, **_):
    axes = axes if isinstance(axes, list) else numbers(axes)
    return torch.linalg.vector_norm(x, dim=axes, keepdim=bool(keepdims))


def clip(x, least=None, most=None):
    return torch.clamp(x, None if least is None else float(least), None if most is None else float(most))


def recurrent(kind, order):
    """A one-layer LSTM or GRU of PyTorch with ONNX's weights: gates in PyTorch's order."""

    def gates(weights):
        return torch.cat([weights.chunk(len(order))[gate] for gate in order]).contiguous()

    def run(x, w, r, b, lengths, *state, hidden_size, **_):
        layer = kind(int(x.shape[2]), hidden_size)
        with torch.no_grad():
            layer.weight_ih_l0.copy_(gates(w[0]))
            layer.weight_hh_l0.copy_(gates(r[0]))
            layer.bias_ih_l0.copy_(gates(b[0].chunk(2)[0]))
            layer.bias_hh_l0.copy_(gates(b[0].chunk(2)[1]))
        call, first = (torch.lstm, list(state)) if kind is torch.nn.LSTM else (torch.gru, state[0])
        weights = [weight.detach() for weight in layer._flat_weights]
        every, *last = call(x, first, weights, True, 1, 0.0, False, False, False)
        return (every.unsqueeze(1), *last)

    return run


CASTS = {onnx.TensorProto.FLOAT: torch.float32, onnx.TensorProto.INT64: torch.int64, onnx.TensorProto.BOOL: torch.bool}
FUNCTIONS = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow, "MatMul": torch.matmul,
    "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Erf": torch.erf, "Greater": torch.gt,
    "Identity": lambda x: x, "Flatten": lambda x, axis=1: torch.flatten(x, axis), "Gemm": gemm, "Conv": conv,
    "MaxPool": max_pool, "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True), "Gather": gather,
    "Concat": lambda *x, axis: torch.cat(x, axis), "Transpose": lambda x, perm: x.permute(perm), "Slice": sliced,
    "Reshape": reshape, "Unsqueeze": unsqueeze, "Squeeze": squeeze, "Split": split, "LayerNormalization": layer_norm,
    "Softmax": lambda x, axis=-1: torch.softmax(x, axis), "Where": torch.where, "Clip": clip, "ReduceL2": l2,
    "ReduceSum": reduced(torch.sum), "Cast": lambda x, to: x.to(CASTS[to]), "Shape": lambda x: torch.tensor(x.shape),
    "Range": lambda first, limit, step: torch.arange(int(first), int(limit), int(step)),
    "ConstantOfShape": lambda shape, value: torch.full(numbers(shape), value.reshape(-1)[0].item()),
    "TopK": lambda x, k, axis=-1, **_: torch.topk(x, int(k), axis),
    "LSTM": recurrent(torch.nn.LSTM, (0, 2, 3, 1)), "GRU": recurrent(torch.nn.GRU, (1, 0, 2)),
}


def attributes(node):
    """A node's attributes as keyword arguments of the functions above."""
    found = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if "value" in found:
        found["value"] = torch.from_numpy(numpy_helper.to_array(found["value"]).copy())
    if "pads" in found:
        found["pads_"] = found.pop("pads")
    return found


class Graph(torch.nn.Module):
    def __init__(self, graph):
        super().__init__()
        self.graph = graph
        self.weights = {w.name: torch.from_numpy(numpy_helper.to_array(w).copy()) for w in graph.initializer}
        missing = {node.op_type for node in graph.node} - FUNCTIONS.keys()
        if missing:
            raise Refused(f"no function for {', '.join(sorted(missing))}")

    def forward(self, *inputs):
        values = self.weights | dict(zip((port.name for port in self.graph.input), inputs)) | {"": None}
        for node in self.graph.node:
            result = FUNCTIONS[node.op_type](*(values[name] for name in node.input), **attributes(node))
            values |= zip(node.output, result if isinstance(result, (tuple, list)) else (result,))
        return tuple(values[port.name] for port in self.graph.output)


def start(model, path, feeds, threads):
    inputs = tuple(torch.from_numpy(array) for array in feeds.values())
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = Graph(onnx.load(path).graph).eval()
            traced = torch.jit.trace(module, inputs, check_trace=False)
            traced = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
            traced(*inputs)
    except Refused:
        raise
    except Exception as error:
        raise Refused(str(error)) from error
    names, last = [port.name for port in module.graph.output], []

    def run():
        torch.set_num_threads(threads)
        with torch.inference_mode():
            last[:] = [traced(*inputs)]

    read = lambda: {name: value.numpy() for name, value in zip(names, last[0])}
    return InProcess(run, read, (traced, inputs))
