"""Writes the small models of Tests/Fixtures/onnx with inputs and the outputs that onnxruntime gives for them.

    python Tests/Fixtures/make_onnx_fixtures.py

Each case is laid out as ONNX's own backend tests are: model.onnx and test_data_set_N/{input,output}_I.pb.
"""

import pathlib
import shutil
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from onnx_graph import GraphBuilder, linear, mlp
from onnx_trees import ensemble_v5_attributes, forest, leaf_attributes, node_attributes

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Benchmarks"))
from models.recommenders import dlrm  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "onnx"
CASES = {}


def case(build):
    CASES[build.__name__] = build
    return build


def normal(random, *shape):
    return random.standard_normal(shape, np.float32)


def embedding(builder, random, stem, rows, width, indices):
    table = builder.weight(f"{stem}.weight", normal(random, rows, width) * np.float32(width**-0.5))
    return builder.node("Gather", [table, indices], axis=0)


def column(builder, ids, index):
    """ids[:, index] as PyTorch exports it: a Gather by a scalar."""
    return builder.node("Gather", [ids, builder.weight("column", np.array(index, np.int64))], axis=1)


@case
def dlrm_tiny():
    model = dlrm(rows=32, tables=4, width=8, dense=(5, 16, 8), top=(16, 1))
    return model, lambda r, b: {"dense": normal(r, b, 5), "ids": r.integers(0, 32, (b, 4))}


@case
def wide_and_deep():
    """Per-id wide weights summed, plus an MLP over embeddings and dense inputs."""
    b, r = GraphBuilder("wide_and_deep"), np.random.default_rng(1)
    b.input("dense", "f32", ["batch", 6])
    b.input("ids", "i64", ["batch", 3])
    offsets = b.weight("offsets", np.array([0, 20, 40], np.int64))
    shifted = b.node("Add", ["ids", offsets])
    wide = embedding(b, r, "wide", 60, 1, shifted)
    wide = b.node("ReduceSum", [wide, b.weight("axes", np.array([1], np.int64))], keepdims=0)
    deep = embedding(b, r, "deep", 60, 8, shifted)
    deep = b.node("Reshape", [deep, b.weight("shape", np.array([-1, 24], np.int64))])
    deep = mlp(b, r, b.node("Concat", [deep, "dense"], axis=-1), [30, 32, 16, 1], "deep_mlp")
    logit = b.node("Add", [b.node("Add", [wide, deep]), b.weight("bias", np.array([0.1], np.float32))])
    b.node("Sigmoid", [logit], "probability")
    b.output("probability", "f32", ["batch", 1])
    return b.model(), lambda r, n: {"dense": normal(r, n, 6), "ids": r.integers(0, 20, (n, 3))}


@case
def two_tower():
    """A mean-pooled history against candidate items, cosine scores and their top 5."""
    b, r = GraphBuilder("two_tower"), np.random.default_rng(2)
    b.input("history", "i64", ["batch", 10])
    b.input("profile", "f32", ["batch", 7])
    zero = b.weight("zero", np.array(0, np.int64))
    mask = b.node("Cast", [b.node("Greater", ["history", zero])], to=1)
    last = b.weight("last", np.array([2], np.int64))
    rows = embedding(b, r, "items", 50, 8, "history")
    middle = b.weight("middle", np.array([1], np.int64))
    total = b.node("ReduceSum", [b.node("Mul", [rows, b.node("Unsqueeze", [mask, last])]), middle], keepdims=0)
    count = b.node("ReduceSum", [mask, middle], keepdims=1)
    count = b.node("Clip", [count, b.weight("one", np.array(1, np.float32))])
    pooled = b.node("Div", [total, count])
    user = mlp(b, r, b.node("Concat", [pooled, "profile"], axis=1), [15, 16, 8], "user")
    user = b.node("Div", [user, b.node("ReduceL2", [user], axes=[1], keepdims=1)])
    corpus = normal(r, 8, 40)
    scores = b.node("MatMul", [user, b.weight("corpus", corpus / np.linalg.norm(corpus, axis=0))], "scores")
    k = b.weight("k", np.array([5], np.int64))
    b.node("TopK", [scores, k], ["top_scores", "top_index"], axis=-1, largest=1, sorted=1)
    b.output("scores", "f32", ["batch", 40])
    b.output("top_scores", "f32", ["batch", 5])
    b.output("top_index", "i64", ["batch", 5])
    return b.model(), lambda r, n: {"history": r.integers(0, 50, (n, 10)), "profile": normal(r, n, 7)}


@case
def dcn_v2():
    """Three cross layers x0 * (W x + b) + x beside a deep part (Wang et al. 2021, the parallel form)."""
    b, r = GraphBuilder("dcn_v2"), np.random.default_rng(3)
    b.input("dense", "f32", ["batch", 5])
    b.input("ids", "i64", ["batch", 3])
    fields = [embedding(b, r, f"embeddings.{i}", 16, 4, column(b, "ids", i)) for i in range(3)]
    x0 = b.node("Concat", [*fields, "dense"], axis=1)
    crossed = x0
    for layer in range(3):
        projected = b.gemm(crossed, *linear(r, 17, 17), f"cross.{layer}")
        crossed = b.node("Add", [b.node("Mul", [x0, projected]), crossed])
    deep = mlp(b, r, x0, [17, 24, 12], "deep", final="Relu")
    joined = b.node("Concat", [crossed, deep], axis=1)
    b.node("Sigmoid", [b.gemm(joined, *linear(r, 29, 1), "head")], "probability")
    b.output("probability", "f32", ["batch", 1])
    return b.model(), lambda r, n: {"dense": normal(r, n, 5), "ids": r.integers(0, 16, (n, 3))}


@case
def mlp_matmul_opset8():
    """MatMul, Add and Relu instead of Gemm, at the opset that tree exporters write."""
    b, r = GraphBuilder("mlp_matmul", opset=8), np.random.default_rng(4)
    x = b.input("x", "f32", ["N", 9])
    for layer, (inputs, outputs) in enumerate([(9, 20), (20, 3)]):
        weight, bias = linear(r, inputs, outputs)
        x = b.node("MatMul", [x, b.weight(f"w{layer}", weight.T)])
        x = b.node("Add", [x, b.weight(f"b{layer}", bias)])
        x = b.node("Relu", [x]) if layer == 0 else b.node("Softmax", [x], "probabilities", axis=1)
    b.output("probabilities", "f32", ["N", 3])
    return b.model(), lambda r, n: {"x": normal(r, n, 9)}


def tree_rows(features, missing=False):
    """Random rows, some values exactly on a threshold and, where the model says what to do, some NaN."""

    def rows(random, count):
        x = normal(random, count, features)
        grid = np.linspace(-1.5, 1.5, 13, dtype=np.float32)
        on = random.random(x.shape) < 0.3
        x[on] = random.choice(grid, on.sum())
        if missing:
            x[random.random(x.shape) < 0.15] = np.nan
        return {"X": x}

    return rows


def tree_model(name, op, attributes, features, opset, ml_opset, outputs):
    b = GraphBuilder(name, opset, ml_opset)
    b.input("X", "f32", ["N", features])
    b.node(op, ["X"], [o[0] for o in outputs], domain="ai.onnx.ml", **attributes)
    for output in outputs:
        b.output(*output)
    return b.model()


@case
def tree_regressor_lightgbm():
    """ai.onnx.ml 1 as LightGBM converters write it: BRANCH_LEQ, the probability by a Sigmoid after it."""
    trees = forest(10, 12, 6, 5)
    b = GraphBuilder("lightgbm", 8, 1)
    b.input("X", "f32", ["N", 6])
    attributes = {**node_attributes(trees, False), **leaf_attributes(trees, "target")}
    raw = b.node("TreeEnsembleRegressor", ["X"], domain="ai.onnx.ml", n_targets=1, post_transform="NONE",
                 **attributes)
    b.node("Sigmoid", [raw], "variable")
    b.output("variable", "f32", ["N", 1])
    return b.model(), tree_rows(6)


@case
def tree_regressor_xgboost():
    """ai.onnx.ml 3 as XGBoost converters write it: BRANCH_LT, missing values, a base value."""
    trees = forest(11, 10, 8, 4, modes=("BRANCH_LT",), missing=True)
    attributes = {**node_attributes(trees, True), **leaf_attributes(trees, "target")}
    attributes |= {"n_targets": 1, "base_values": [0.25]}
    model = tree_model("xgboost", "TreeEnsembleRegressor", attributes, 8, 15, 3, [("variable", "f32", ["N", 1])])
    return model, tree_rows(8, missing=True)


@case
def tree_regressor_multi_average():
    """Two targets, every comparison mode, AVERAGE."""
    modes = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
    trees = forest(12, 6, 5, 4, modes=modes, targets=lambda t: [0, 1])
    attributes = {**node_attributes(trees, False), **leaf_attributes(trees, "target")}
    attributes |= {"n_targets": 2, "aggregate_function": "AVERAGE"}
    model = tree_model("multi", "TreeEnsembleRegressor", attributes, 5, 17, 3, [("Y", "f32", ["N", 2])])
    return model, tree_rows(5)


@case
def tree_classifier_binary():
    """One column of weights and LOGISTIC: the form in which a binary booster is exported."""
    trees = forest(13, 10, 7, 4, targets=lambda t: [0])
    attributes = {**node_attributes(trees, False), **leaf_attributes(trees, "class")}
    attributes |= {"classlabels_int64s": [0, 1], "post_transform": "LOGISTIC", "base_values": [-0.4]}
    outputs = [("label", "i64", ["N"]), ("probabilities", "f32", ["N", 2])]
    model = tree_model("binary", "TreeEnsembleClassifier", attributes, 7, 8, 1, outputs)
    return model, tree_rows(7)


@case
def tree_classifier_multiclass():
    """Three classes, one tree each in turn, SOFTMAX."""
    trees = forest(14, 9, 6, 4, modes=("BRANCH_LT",), targets=lambda t: [t % 3], missing=True)
    attributes = {**node_attributes(trees, True), **leaf_attributes(trees, "class")}
    attributes |= {"classlabels_int64s": [0, 1, 2], "post_transform": "SOFTMAX"}
    outputs = [("label", "i64", ["N"]), ("probabilities", "f32", ["N", 3])]
    model = tree_model("multiclass", "TreeEnsembleClassifier", attributes, 6, 15, 3, outputs)
    return model, tree_rows(6, missing=True)


@case
def tree_ensemble_v5():
    """ai.onnx.ml 5, sums of one target with missing values."""
    trees = forest(15, 8, 6, 4, modes=("BRANCH_LEQ", "BRANCH_GT"), missing=True)
    attributes = ensemble_v5_attributes(trees) | {"n_targets": 1, "aggregate_function": 1, "post_transform": 0}
    model = tree_model("v5", "TreeEnsemble", attributes, 6, 21, 5, [("Y", "f32", ["N", 1])])
    return model, tree_rows(6, missing=True)


@case
def tree_ensemble_v5_member():
    """ai.onnx.ml 5 with categories: set membership at the first two nodes, two targets."""
    grid = np.arange(6, dtype=np.float32)
    trees = forest(16, 6, 4, 3, targets=lambda t: [t % 2], thresholds=grid)
    attributes = ensemble_v5_attributes(trees, [[1, 3], [2, 4, 5]]) | {"n_targets": 2}
    model = tree_model("member", "TreeEnsemble", attributes, 4, 21, 5, [("Y", "f32", ["N", 2])])
    return model, lambda random, count: {"X": random.choice(grid, (count, 4))}


def write(name, model, inputs):
    """Writes one case: two data sets, of 1 and of 7 rows."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    random = np.random.default_rng(99)
    for index, count in enumerate((1, 7)):
        feeds = inputs(random, count)
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        names = [o.name for o in session.get_outputs()]
        outputs = list(zip(names, session.run(None, feeds)))
        for kind, tensors in (("input", list(feeds.items())), ("output", outputs)):
            for position, (tensor, array) in enumerate(tensors):
                onnx.save_tensor(numpy_helper.from_array(array, tensor), data / f"{kind}_{position}.pb")


if __name__ == "__main__":
    for name, build in CASES.items():
        write(name, *build())
        print(name)
