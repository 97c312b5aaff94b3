"""Writes the large models that the benchmarks time: mlp.onnx (9 MB) and dlrm.onnx (670 MB), never committed.

    python Tests/Fixtures/make_benchmark_models.py DIRECTORY [--rows 100000]
"""

import argparse
import pathlib

import numpy as np
import onnx

from onnx_graph import GraphBuilder, mlp


def mlp_model():
    """512-1024-1024-512-1: x f32[batch, 512] to score f32[batch, 1]."""
    builder, random = GraphBuilder("mlp"), np.random.default_rng(11)
    builder.input("x", "f32", ["batch", 512])
    mlp(builder, random, "x", [512, 1024, 1024, 512, 1], "layers", final="Sigmoid", output="score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def dlrm_model(rows=100_000, tables=26, width=64, dense=(13, 512, 256, 64), top=(512, 256, 1)):
    """DLRM (Naumov et al. 2019) as PyTorch exports it: dense f32[batch, 13], ids i64[batch, tables].

    The strict lower triangle of the pairwise dot products joins the bottom MLP's output before the top MLP.
    """
    builder, random = GraphBuilder("dlrm"), np.random.default_rng(12)
    builder.input("dense", "f32", ["batch", dense[0]])
    builder.input("ids", "i64", ["batch", tables])
    bottom = mlp(builder, random, "dense", list(dense), "bottom", final="Relu")
    vectors = [bottom]
    for table in range(tables):
        index = builder.weight(f"column.{table}", np.array(table, np.int64))
        column = builder.node("Gather", ["ids", index], axis=1)
        rows_f32 = random.standard_normal((rows, width), np.float32) * np.float32(width**-0.5)
        embedding = builder.weight(f"embeddings.{table}.weight", rows_f32)
        vectors.append(builder.node("Gather", [embedding, column], axis=0))
    axis = builder.weight("axis", np.array([1], np.int64))
    stacked = builder.node("Concat", [builder.node("Unsqueeze", [v, axis]) for v in vectors], axis=1)
    transposed = builder.node("Transpose", [stacked], perm=[0, 2, 1])
    products = builder.node("MatMul", [stacked, transposed])
    count = tables + 1
    flat = builder.node("Reshape", [products, builder.weight("flat", np.array([-1, count * count], np.int64))])
    triangle = np.array([i * count + j for i in range(count) for j in range(i)], np.int64)
    pairs = builder.node("Gather", [flat, builder.weight("triangle", triangle)], axis=1)
    joined = builder.node("Concat", [bottom, pairs], axis=1)
    widths = [width + len(triangle), *top]
    mlp(builder, random, joined, widths, "top", final="Sigmoid", output="score")
    builder.output("score", "f32", ["batch", 1])
    return builder.model()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each of DLRM's 26 tables")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    onnx.save(mlp_model(), arguments.directory / "mlp.onnx")
    onnx.save(dlrm_model(rows=arguments.rows), arguments.directory / "dlrm.onnx")


if __name__ == "__main__":
    main()
