"""Recommenders as PyTorch exports them: an MLP, DLRM, a two-tower retriever, wide & deep, DCN-v2."""

import numpy as np
import onnx
from onnx_graph import GraphBuilder, linear, mlp

from . import Model

ROWS = 100_000
TABLES = 26
DENSE = 13


def i64(builder, stem, values):
    return builder.weight(stem, np.array(values, np.int64))


def embeddings(builder, random, ids, tables, width, stem="embeddings", rows=ROWS):
    """A row [batch, width] of each table, by its column of ids [batch, tables]."""
    vectors = []
    for table in range(tables):
        column = builder.node("Gather", [ids, i64(builder, f"column.{table}", table)], axis=1)
        weight = random.standard_normal((rows, width), np.float32) * np.float32(width**-0.5)
        vectors.append(builder.node("Gather", [builder.weight(f"{stem}.{table}.weight", weight), column], axis=0))
    return vectors


def click_inputs(builder, dense=DENSE, tables=TABLES):
    """What click models take: dense f32[batch, 13] and ids i64[batch, 26]."""
    builder.input("dense", "f32", ["batch", dense])
    builder.input("ids", "i64", ["batch", tables])


def click_data(batch):
    random = np.random.default_rng(3)
    dense = random.standard_normal((batch, DENSE), np.float32)
    return {"dense": dense, "ids": random.integers(0, ROWS, (batch, TABLES))}


def mlp_model():
    """512-1024-1024-512-1: x f32[batch, 512] to score f32[batch, 1]."""
    builder, random = GraphBuilder("mlp"), np.random.default_rng(11)
    builder.input("x", "f32", ["batch", 512])
    mlp(builder, random, "x", [512, 1024, 1024, 512, 1], "layers", final="Sigmoid", output="score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def dlrm(rows=ROWS, tables=TABLES, width=64, dense=(DENSE, 512, 256, 64), top=(512, 256, 1)):
    """DLRM (Naumov et al. 2019), bottom 13-512-256-64, top 415-512-256-1.

    The strict lower triangle of the pairwise dot products joins the bottom MLP's output before the top MLP.
    """
    builder, random = GraphBuilder("dlrm"), np.random.default_rng(12)
    click_inputs(builder, dense[0], tables)
    bottom = mlp(builder, random, "dense", list(dense), "bottom", final="Relu")
    vectors = [bottom] + embeddings(builder, random, "ids", tables, width, rows=rows)
    axis = i64(builder, "axis", [1])
    stacked = builder.node("Concat", [builder.node("Unsqueeze", [v, axis]) for v in vectors], axis=1)
    transposed = builder.node("Transpose", [stacked], perm=[0, 2, 1])
    products = builder.node("MatMul", [stacked, transposed])
    count = tables + 1
    flat = builder.node("Reshape", [products, i64(builder, "flat", [-1, count * count])])
    triangle = [i * count + j for i in range(count) for j in range(i)]
    pairs = builder.node("Gather", [flat, i64(builder, "triangle", triangle)], axis=1)
    joined = builder.node("Concat", [bottom, pairs], axis=1)
    mlp(builder, random, joined, [width + len(triangle), *top], "top", final="Sigmoid", output="score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def two_tower(width=64, history=20, dense=16, top=100):
    """A user tower over an id, the mean of up to 20 clicked items and 16 numbers; the 100 best of 100,000 items.

    Item 0 pads the history. The user's vector has length 1 and the items' do not: scores are inner products.
    """
    builder, random = GraphBuilder("two_tower"), np.random.default_rng(13)
    builder.input("user", "i64", ["batch"])
    builder.input("history", "i64", ["batch", history])
    builder.input("dense", "f32", ["batch", dense])

    def table(stem):
        return builder.weight(stem, random.standard_normal((ROWS, width), np.float32) * np.float32(width**-0.5))

    user = builder.node("Gather", [table("users.weight"), "user"], axis=0)
    mask = builder.node("Greater", ["history", i64(builder, "padding", 0)])
    mask = builder.node("Cast", [mask], to=onnx.TensorProto.FLOAT)
    mask = builder.node("Unsqueeze", [mask, i64(builder, "last", [-1])])
    clicked = builder.node("Mul", [builder.node("Gather", [table("clicked.weight"), "history"], axis=0), mask])
    along = i64(builder, "along", [1])
    total = builder.node("ReduceSum", [clicked, along], keepdims=0)
    count = builder.node("ReduceSum", [mask, along], keepdims=0)
    count = builder.node("Clip", [count, builder.weight("one", np.float32(1))])
    joined = builder.node("Concat", [user, builder.node("Div", [total, count]), "dense"], axis=1)
    vector = mlp(builder, random, joined, [2 * width + dense, 256, 128, width], "tower")
    norm = builder.node("ReduceL2", [vector], axes=[1], keepdims=1)
    vector = builder.node("Div", [vector, builder.node("Clip", [norm, builder.weight("tiny", np.float32(1e-12))])])
    items = builder.weight("items", np.ascontiguousarray(
        (random.standard_normal((ROWS, width), np.float32) * np.float32(width**-0.5)).T))
    scores = builder.node("MatMul", [vector, items])
    builder.node("TopK", [scores, i64(builder, "k", [top])], ["scores", "items_found"], axis=-1, largest=1, sorted=1)
    builder.output("scores", "f32", ["batch", top])
    builder.output("items_found", "i64", ["batch", top])
    return builder.model()


def two_tower_data(batch):
    random = np.random.default_rng(4)
    history = random.integers(1, ROWS, (batch, 20))
    lengths = random.integers(1, 21, (batch, 1))
    return {
        "user": random.integers(0, ROWS, batch),
        "history": np.where(np.arange(20) < lengths, history, 0),
        "dense": random.standard_normal((batch, 16), np.float32),
    }


def wide_deep(width=32):
    """Wide & deep (Cheng et al. 2016): 26 tables x 32 and 13 numbers into 845-1024-512-256-1, plus 26 weights an id."""
    builder, random = GraphBuilder("wide_deep"), np.random.default_rng(14)
    click_inputs(builder)
    deep = embeddings(builder, random, "ids", TABLES, width, "deep_embeddings")
    deep = builder.node("Concat", [*deep, "dense"], axis=1)
    deep = mlp(builder, random, deep, [TABLES * width + DENSE, 1024, 512, 256, 1], "deep", final=None)
    wide = builder.node("Concat", embeddings(builder, random, "ids", TABLES, 1, "wide_embeddings"), axis=1)
    wide = builder.node("ReduceSum", [wide, i64(builder, "along", [1])], keepdims=1)
    linear_part = builder.gemm("dense", *linear(random, DENSE, 1), "wide_dense")
    logit = builder.node("Add", [builder.node("Add", [deep, wide]), linear_part])
    builder.node("Sigmoid", [logit], "score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def dcn_v2(width=16, layers=3):
    """DCN-v2 (Wang et al. 2021), parallel: three full-rank cross layers of 429 beside 1024-512, then one output."""
    builder, random = GraphBuilder("dcn_v2"), np.random.default_rng(15)
    click_inputs(builder)
    size = TABLES * width + DENSE
    x0 = builder.node("Concat", [*embeddings(builder, random, "ids", TABLES, width), "dense"], axis=1)
    x = x0
    for layer in range(layers):
        weight, bias = linear(random, size, size)
        crossed = builder.gemm(x, weight * np.float32(0.5), bias, f"cross.{layer}")
        x = builder.node("Add", [builder.node("Mul", [x0, crossed]), x])
    deep = mlp(builder, random, x0, [size, 1024, 512], "deep", final="Relu")
    joined = builder.node("Concat", [x, deep], axis=1)
    logit = builder.gemm(joined, *linear(random, size + 512, 1), "head")
    builder.node("Sigmoid", [logit], "score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def saved(make):
    return lambda path: onnx.save(make(), path)


MODELS = (
    Model("mlp", "recommender", saved(mlp_model),
          lambda batch: {"x": np.random.default_rng(2).standard_normal((batch, 512), np.float32)}),
    Model("dlrm", "dlrm", saved(dlrm), click_data),
    Model("two_tower", "two-tower", saved(two_tower), two_tower_data),
    Model("wide_deep", "recommender", saved(wide_deep), click_data),
    Model("dcn_v2", "recommender", saved(dcn_v2), click_data),
)
