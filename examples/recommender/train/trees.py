"""Version 1: gradient-boosted trees by LightGBM, written as ai.onnx.ml TreeEnsembleRegressor."""

import lightgbm
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

PARAMETERS = {
    "objective": "rank_xendcg",
    "num_leaves": 31,
    "learning_rate": 0.08,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbosity": -1,
}


def columns(dense, ids):
    """The trees see every column but the product's row number, whose order means nothing."""
    return np.concatenate([dense, np.zeros((len(ids), 1), np.float32), ids[:, 1:].astype(np.float32)], axis=1)


def train(dense, ids, labels, groups, rounds=150):
    data = lightgbm.Dataset(columns(dense, ids), labels, group=groups, params=PARAMETERS)
    return lightgbm.train(PARAMETERS, data, rounds)


def not_above(threshold):
    """The greatest f32 that is not above an f64: `x <= t` means the same for every f32 x."""
    rounded = np.float32(threshold)
    return float(rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf)))


def flatten(booster):
    """LightGBM's trees in preorder as the parallel lists of TreeEnsembleRegressor."""
    of_nodes = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
    nodes = {name: [] for name in of_nodes}
    leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}

    def add(tree, node, next_index):
        """Appends the subtree of `node`, numbered from `next_index`; returns the first number after it."""
        index, leaf = next_index, "leaf_value" in node
        row = [tree, index, 0, 0.0, "LEAF", 0, 0]
        if not leaf:
            assert node["decision_type"] == "<=" and node["missing_type"] == "None", node
            row[2:5] = node["split_feature"], not_above(node["threshold"]), "BRANCH_LEQ"
        position = len(nodes["modes"])
        for name, value in zip(nodes, row):
            nodes[name].append(value)
        if leaf:
            for name, value in zip(leaves, [tree, index, 0, node["leaf_value"]]):
                leaves[name].append(value)
            return index + 1
        nodes["truenodeids"][position] = index + 1
        nodes["falsenodeids"][position] = after_left = add(tree, node["left_child"], index + 1)
        return add(tree, node["right_child"], after_left)

    for tree, info in enumerate(booster.dump_model()["tree_info"]):
        add(tree, info["tree_structure"], 0)
    return nodes, leaves


def export(booster, dense_width, ids_width):
    nodes, leaves = flatten(booster)
    attributes = {f"nodes_{name}": values for name, values in nodes.items()}
    attributes |= {f"target_{name}": values for name, values in leaves.items()}
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["ids"], ["ids_f32"], to=TensorProto.FLOAT),
            helper.make_node("Concat", ["dense", "ids_f32"], ["features"], axis=1),
            helper.make_node(
                "TreeEnsembleRegressor", ["features"], ["raw"], domain="ai.onnx.ml", n_targets=1,
                post_transform="NONE", aggregate_function="SUM", **attributes,
            ),
            helper.make_node("Reshape", ["raw", "rows"], ["column"]),
            helper.make_node("Sigmoid", ["column"], ["score"]),
        ],
        "trees",
        [
            helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["rows", dense_width]),
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", ids_width]),
        ],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(np.array([-1], np.int64), "rows")],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="servec-example")
    model.ir_version = 7
    checker.check_model(model)
    return model
