"""Random tree ensembles written the three ways that exporters write them."""

import numpy as np
from onnx import numpy_helper

MODE_NUMBER = {"BRANCH_LEQ": 0, "BRANCH_LT": 1, "BRANCH_GTE": 2, "BRANCH_GT": 3, "BRANCH_EQ": 4, "BRANCH_NEQ": 5}


class Tree:
    """One tree in preorder: parallel lists, a leaf has mode LEAF and weights {target: value}."""

    def __init__(self, random, features, depth, modes, targets, thresholds, missing):
        self.feature, self.threshold, self.mode, self.left, self.right = [], [], [], [], []
        self.missing, self.weights = [], []
        self.random, self.features, self.modes = random, features, modes
        self.targets, self.thresholds, self.allow_missing = targets, thresholds, missing
        self.grow(depth)

    def grow(self, depth):
        index, random = len(self.mode), self.random
        leaf = depth == 0 or (index > 0 and random.random() < 0.2)
        self.mode.append("LEAF" if leaf else self.modes[random.integers(len(self.modes))])
        self.feature.append(0 if leaf else int(random.integers(self.features)))
        self.threshold.append(0.0 if leaf else float(self.thresholds[random.integers(len(self.thresholds))]))
        self.missing.append(0 if leaf or not self.allow_missing else int(random.integers(2)))
        self.weights.append({t: float(np.float32(random.normal() * 0.3)) for t in self.targets} if leaf else {})
        self.left.append(0)
        self.right.append(0)
        if not leaf:
            self.left[index] = self.grow(depth - 1)
            self.right[index] = self.grow(depth - 1)
        return index


def forest(seed, trees, features, depth, modes=("BRANCH_LEQ",), targets=lambda tree: [0], missing=False,
           thresholds=None):
    random = np.random.default_rng(seed)
    thresholds = np.linspace(-1.5, 1.5, 13, dtype=np.float32) if thresholds is None else thresholds
    return [Tree(random, features, depth, modes, targets(t), thresholds, missing) for t in range(trees)]


def node_attributes(forest_, missing):
    """The `nodes_*` attributes that TreeEnsembleRegressor and TreeEnsembleClassifier share."""
    rows = [(t, n, tree) for t, tree in enumerate(forest_) for n in range(len(tree.mode))]
    attributes = {
        "nodes_treeids": [t for t, _, _ in rows],
        "nodes_nodeids": [n for _, n, _ in rows],
        "nodes_featureids": [tree.feature[n] for _, n, tree in rows],
        "nodes_values": [tree.threshold[n] for _, n, tree in rows],
        "nodes_modes": [tree.mode[n] for _, n, tree in rows],
        "nodes_truenodeids": [tree.left[n] for _, n, tree in rows],
        "nodes_falsenodeids": [tree.right[n] for _, n, tree in rows],
        "nodes_hitrates": [1.0] * len(rows),
    }
    if missing:
        attributes["nodes_missing_value_tracks_true"] = [tree.missing[n] for _, n, tree in rows]
    return attributes


def leaf_attributes(forest_, prefix):
    """`target_*` of a regressor or `class_*` of a classifier."""
    rows = [
        (t, n, target, weight)
        for t, tree in enumerate(forest_)
        for n, weights in enumerate(tree.weights)
        for target, weight in weights.items()
    ]
    return {
        f"{prefix}_treeids": [r[0] for r in rows],
        f"{prefix}_nodeids": [r[1] for r in rows],
        f"{prefix}_ids": [r[2] for r in rows],
        f"{prefix}_weights": [r[3] for r in rows],
    }


def ensemble_v5_attributes(forest_, membership=()):
    """ai.onnx.ml 5 TreeEnsemble: interior nodes and leaves in separate lists, types in tensors.

    `membership` gives sets of f32: the first len(membership) interior nodes become BRANCH_MEMBER.
    """
    features, splits, modes, trues, falses, true_leafs, false_leafs = [], [], [], [], [], [], []
    tracks, roots, leaf_targets, leaf_weights = [], [], [], []

    def leaf(tree, n):
        ((target, weight),) = tree.weights[n].items()
        leaf_targets.append(target)
        leaf_weights.append(weight)
        return len(leaf_weights) - 1

    def interior(tree, n):
        index = len(features)
        features.append(tree.feature[n])
        splits.append(tree.threshold[n])
        modes.append(MODE_NUMBER[tree.mode[n]])
        tracks.append(tree.missing[n])
        for ids, leafs in ((trues, true_leafs), (falses, false_leafs)):
            ids.append(0)
            leafs.append(0)
        for child, ids, leafs in ((tree.left[n], trues, true_leafs), (tree.right[n], falses, false_leafs)):
            is_leaf = tree.mode[child] == "LEAF"
            leafs[index] = int(is_leaf)
            ids[index] = leaf(tree, child) if is_leaf else interior(tree, child)
        return index

    for tree in forest_:
        roots.append(interior(tree, 0))
    members = []
    for index, values in enumerate(membership):
        modes[index] = 6
        members += [*values, float("nan")]
    attributes = {
        "tree_roots": roots,
        "nodes_featureids": features,
        "nodes_splits": numpy_helper.from_array(np.array(splits, np.float32), "nodes_splits"),
        "nodes_modes": numpy_helper.from_array(np.array(modes, np.uint8), "nodes_modes"),
        "nodes_truenodeids": trues,
        "nodes_falsenodeids": falses,
        "nodes_trueleafs": true_leafs,
        "nodes_falseleafs": false_leafs,
        "nodes_missing_value_tracks_true": tracks,
        "leaf_targetids": leaf_targets,
        "leaf_weights": numpy_helper.from_array(np.array(leaf_weights, np.float32), "leaf_weights"),
    }
    if members:
        attributes["membership_values"] = numpy_helper.from_array(np.array(members, np.float32), "membership_values")
    return attributes
