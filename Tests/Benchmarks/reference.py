"""What a model answers in double precision, by ONNX's reference evaluator: the truth that every engine is held to.

Weights and inputs are the f32 values, all arithmetic is f64. Convolutions and trees are done here with whole-array
numpy, for the evaluator's own loops take minutes on them.
"""

import numpy as np
import onnx
import scipy.special
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun


class Conv(OpRun):
    """Two dimensions, as products of patches and kernels."""

    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=1, kernel_shape=None, pads=None, strides=None):
        top, left, bottom, right = pads
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
        outputs = []
        for part, kernel in zip(np.split(x, group, axis=1), np.split(w, group)):
            patches = sliding_window_view(part, w.shape[2:], axis=(2, 3))[:, :, :: strides[0], :: strides[1]]
            outputs.append(np.tensordot(patches, kernel, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2))
        y = np.concatenate(outputs, axis=1)
        return (y if b is None else y + b.reshape(1, -1, 1, 1),)


class MaxPool(OpRun):
    def _run(self, x, auto_pad=None, ceil_mode=0, dilations=None, kernel_shape=None, pads=None, storage_order=0, strides=None):
        top, left, bottom, right = pads
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
        windows = sliding_window_view(x, kernel_shape, axis=(2, 3))
        return (windows[:, :, :: strides[0], :: strides[1]].max(axis=(4, 5)),)


class Gather(OpRun):
    """Rows in f64 also from tables that stay f32."""

    def _run(self, x, indices, axis=0):
        taken = np.take(x, indices, axis=axis)
        return (taken.astype(np.float64) if taken.dtype == np.float32 else taken,)


class Erf(OpRun):
    """All elements at once."""

    def _run(self, x):
        return (scipy.special.erf(x),)


class MatMul(OpRun):
    """Products in f64 also with matrices that stay f32."""

    def _run(self, a, b):
        return (np.matmul(a.astype(np.float64), b.astype(np.float64)),)


def doubled(tensor):
    """Large tables and matrices stay f32: looked up or multiplied with f64, they give f64."""
    if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) > 1 << 20:
        return tensor
    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name)


def double_model(path):
    """The model with its f32 weights, attributes, casts and types made f64."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        double = doubled(tensor)
        if double is not tensor:
            tensor.CopyFrom(double)
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            if attribute.HasField("t"):
                attribute.t.CopyFrom(doubled(attribute.t))
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return model


def forest_outputs(node, x):
    """(label, [1 - p, p]) of a two-class TreeEnsembleClassifier with one column of weights and `<=` or `<` splits."""
    a = {attribute.name: np.array(helper.get_attribute_value(attribute)) for attribute in node.attribute}
    tree, number = a["nodes_treeids"], a["nodes_nodeids"]
    place = {(t, n): i for i, (t, n) in enumerate(zip(tree.tolist(), number.tolist()))}
    leaf = a["nodes_modes"] == b"LEAF"
    children = [
        np.array([i if leaf[i] else place[tree[i], child] for i, child in enumerate(a[name].tolist())])
        for name in ("nodes_truenodeids", "nodes_falsenodeids")
    ]
    weights = np.zeros(len(tree))
    for t, n, weight in zip(a["class_treeids"].tolist(), a["class_nodeids"].tolist(), a["class_weights"].tolist()):
        weights[place[t, n]] += weight
    at = np.tile(np.flatnonzero(np.r_[True, tree[1:] != tree[:-1]]), (len(x), 1))
    threshold, strict = a["nodes_values"].astype(np.float32), a["nodes_modes"] == b"BRANCH_LT"
    while not leaf[at].all():
        value = np.take_along_axis(x, a["nodes_featureids"][at], axis=1)
        goes = np.where(strict[at], value < threshold[at], value <= threshold[at])
        at = np.where(leaf[at], at, np.where(goes, children[0][at], children[1][at]))
    score = weights[at].sum(axis=1) + float(a.get("base_values", np.zeros(1))[0])
    if node_text(node, "post_transform") == "LOGISTIC":
        score = 1 / (1 + np.exp(-score))
    return (score > 0.5).astype(np.int64), np.stack([1 - score, score], axis=1)


def node_text(node, name):
    return next((a.s.decode() for a in node.attribute if a.name == name), "")


def reference(path, feeds):
    """Outputs by name: floats in f64, integers as they are."""
    model = onnx.load(path, load_external_data=False)
    names = [output.name for output in model.graph.output]
    for node in model.graph.node:
        if node.op_type == "TreeEnsembleClassifier":
            return dict(zip(names, forest_outputs(node, next(iter(feeds.values())))))
    doubles = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in feeds.items()}
    return dict(zip(names, ReferenceEvaluator(double_model(path), new_ops=[Conv, Erf, Gather, MatMul, MaxPool]).run(None, doubles)))


def relative_error(outputs, truth):
    """The largest difference over the largest reference value, of the worst float output."""
    worst = 0.0
    for name, expected in truth.items():
        if name in outputs and expected.dtype.kind == "f":
            scale = max(float(np.abs(expected).max()), np.finfo(np.float64).tiny)
            worst = max(worst, float(np.abs(outputs[name].astype(np.float64) - expected).max()) / scale)
    return worst
