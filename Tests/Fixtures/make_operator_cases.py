"""Writes onnx-operators/CASE/: one operator each, in the versions that changed its meaning, with the outputs of
onnxruntime (of ONNX's reference evaluator where onnxruntime has no such kernel).

    python Tests/Fixtures/make_operator_cases.py
"""
import itertools
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

ROOT = pathlib.Path(__file__).parent / "onnx-operators"
F, D, H, I, L, B, U = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT32, TensorProto.INT64,
                       TensorProto.BOOL, TensorProto.UINT64)
f32, i64 = np.float32, np.int64


def ramp(*shape, scale=1.0, shift=0.0, dtype=f32):
    """Distinct values of both signs in an order that is not sorted."""
    count = int(np.prod(shape))
    values = (np.arange(count) * 7919 % max(count, 1) - count / 2 + 0.25) * scale + shift
    return values.astype(dtype).reshape(shape)


def run(model, inputs):
    session_options = onnxruntime.SessionOptions()
    session_options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), session_options)
        return session.run(None, inputs)
    except Exception:  # no kernel for this operator, version or element type
        return ReferenceEvaluator(model).run(None, inputs)


def write(name, model, inputs, outputs):
    folder = ROOT / name / "test_data_set_0"
    folder.mkdir(parents=True)
    onnx.save(model, ROOT / name / "model.onnx")
    for prefix, values in (("input", inputs), ("output", outputs)):
        for index, value in enumerate(values):
            data = numpy_helper.from_array(np.asarray(value)).SerializeToString()
            (folder / f"{prefix}_{index}.pb").write_bytes(data)


def case(name, op, opset, inputs, constants=(), outputs=1, domain="", ml=3, symbolic=True, **attributes):
    """A node over `inputs`, then `constants` (None leaves an operand out)."""
    names = [f"x{i}" for i in range(len(inputs))]
    initializers, operands = [], list(names)
    for index, constant in enumerate(constants):
        operands.append("" if constant is None else f"c{index}")
        if constant is not None:
            initializers.append(numpy_helper.from_array(np.asarray(constant), f"c{index}"))
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, operands, results, domain=domain, **attributes)
    ports = []
    for port, value in zip(names, inputs):
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        # The first dimension is symbolic, as in served models.
        shape = ["batch", *value.shape[1:]] if symbolic and value.ndim else list(value.shape)
        ports.append(helper.make_tensor_value_info(port, kind, shape))
    graph = helper.make_graph([node], name, ports,
                              [onnx.ValueInfoProto(name=r) for r in results], initializers)
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, ml)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    for output in model.graph.output:
        output.ClearField("type")
    inferred = onnx.shape_inference.infer_shapes(model)
    if domain or any(not o.type.tensor_type.elem_type for o in inferred.graph.output):
        kinds = attributes.get("classlabels_strings") and [TensorProto.STRING, F] or ([L, F] if outputs == 2 else [F])
        for output, kind in zip(model.graph.output, kinds):
            output.CopyFrom(helper.make_tensor_value_info(output.name, kind, None))
    else:
        model = inferred
    feeds = dict(zip(names, inputs))
    write(name, model, inputs, run(model, feeds))


def operators():
    x = ramp(2, 3)
    for opset in (9, 13):
        case(f"softmax_{opset}", "Softmax", opset, [ramp(2, 3, 2)], axis=1)
        case(f"log_softmax_{opset}", "LogSoftmax", opset, [ramp(2, 3, 2)], axis=1)
        case(f"hardmax_{opset}", "Hardmax", opset, [ramp(2, 3, 2)], axis=1, symbolic=False)
    case("clip_6", "Clip", 10, [x], min=-1.0, max=1.5)
    case("clip_13_only_max", "Clip", 13, [x], [None, f32(0.5)])
    tokens, gates = [ramp(2, 3, 8, scale=0.05), ramp(2, 3, 4, scale=0.1), ramp(2, 3, 4, scale=0.2)], ramp(2, 3, 2, scale=0.1)
    case("linear_attention", "LinearAttention", 27, [*tokens, ramp(2, 2, 2, 2), -np.abs(gates), np.abs(gates)], outputs=2,
         q_num_heads=4, kv_num_heads=2)
    # Scores less the distance between query and key, as in ALiBi, and weights that are halved.
    score = helper.make_tensor_value_info("scores", F, ["b", "h", "s", "t"])
    mod = helper.make_graph(
        [helper.make_node("Sub", ["rows", "columns"], ["distance"]), helper.make_node("Abs", ["distance"], ["far"]),
         helper.make_node("Sub", ["scores", "far"], ["modified"])],
        "score_mod", [score], [helper.make_tensor_value_info("modified", F, ["b", "h", "s", "t"])],
        [numpy_helper.from_array(np.arange(3, dtype=f32).reshape(3, 1), "rows"),
         numpy_helper.from_array(np.arange(5, dtype=f32), "columns")])
    half = helper.make_graph(
        [helper.make_node("Mul", ["scores", "half"], ["halved"])], "prob_mod", [score],
        [helper.make_tensor_value_info("halved", F, ["b", "h", "s", "t"])], [numpy_helper.from_array(f32(0.5), "half")])
    case("flex_attention", "FlexAttention", 26,
         [ramp(2, 4, 3, 8, scale=0.02), ramp(2, 2, 5, 8, scale=0.03), ramp(2, 2, 5, 6, scale=0.1)],
         domain="ai.onnx.preview", ml=1, score_mod=mod, prob_mod=half, scale=0.4)
    case("dropout_7", "Dropout", 10, [x], ratio=0.5)
    case("slice_1", "Slice", 9, [ramp(4, 5)], axes=[1], starts=[-3], ends=[9223372036854775807])
    case("slice_13_back", "Slice", 13, [ramp(4, 5)], [i64([4]), i64([-6]), i64([1]), i64([-2])])
    case("slice_13_drop_last_row", "Slice", 13, [ramp(4, 5)], [i64([0]), i64([-1]), i64([0])])
    case("squeeze_1", "Squeeze", 11, [ramp(2, 1, 3, 1)], axes=[1, -1])
    case("squeeze_13_all", "Squeeze", 13, [ramp(2, 1, 3, 1)], symbolic=False)
    case("unsqueeze_1", "Unsqueeze", 11, [x], axes=[0, 3])
    case("unsqueeze_13", "Unsqueeze", 13, [x], [i64([-1, 0])])
    case("split_2", "Split", 11, [ramp(2, 6)], outputs=2, axis=1, split=[4, 2])
    case("split_18_uneven", "Split", 18, [ramp(2, 7)], outputs=3, axis=1, num_outputs=3)
    case("pad_2_negative", "Pad", 10, [ramp(2, 4)], mode="constant", pads=[0, -1, 0, 2], value=9.0)
    case("pad_18_axes", "Pad", 18, [ramp(2, 4)], [i64([1, 2]), f32(-1), i64([-1])], mode="constant")
    case("topk_1", "TopK", 9, [ramp(2, 5)], outputs=2, k=3)
    case("topk_11_smallest_ties", "TopK", 11, [f32([[3, 1, 1, 2]])], [i64([3])], outputs=2, axis=1, largest=0)
    case("reduce_sum_11", "ReduceSum", 11, [ramp(2, 3, 2)], axes=[-1, 1], keepdims=0)
    case("reduce_sum_13_none", "ReduceSum", 13, [x], [i64([])], noop_with_empty_axes=1)
    case("reduce_max_12", "ReduceMax", 12, [x], axes=[1])
    case("reduce_l2_18", "ReduceL2", 18, [x], [i64([1])])
    case("reduce_log_sum_exp_13", "ReduceLogSumExp", 13, [x * 100], axes=[1], keepdims=0)
    case("reduce_mean_int", "ReduceMean", 13, [ramp(2, 3, dtype=np.int32)], axes=[1])
    case("argmax_12_last", "ArgMax", 12, [f32([[1, 7, 7, 0]])], axis=1, keepdims=0, select_last_index=1)
    case("cumsum_14_reverse_exclusive", "CumSum", 14, [x], [i64(1)], reverse=1, exclusive=1)
    case("gather_1", "Gather", 8, [ramp(3, 4), i64([2, 0])], axis=1, symbolic=False)
    case("gather_elements_13", "GatherElements", 13, [ramp(2, 3), i64([[0, -1], [2, 1]])], axis=1, symbolic=False)
    case("gather_nd_12_batch", "GatherND", 12, [ramp(2, 3, 4), i64([[1], [2]])], batch_dims=1)
    case("one_hot_11", "OneHot", 11, [i64([1, -1, 5])], [i64(4), f32([0.5, 2])], axis=0)
    case("mod_fmod", "Mod", 13, [f32([-5.5, 5.5, 7]), f32([3, -3, 2.5])], fmod=1)
    case("mod_floor", "Mod", 13, [i64([-5, 5, 7]), i64([3, -3, 2])])
    case("div_int", "Div", 14, [np.int32([-7, 7, -8]), np.int32([2, -2, 3])])
    case("pow_mixed", "Pow", 15, [f32([2, -3]), i64([3, 2])])
    case("gemm_7", "Gemm", 7, [ramp(2, 3), ramp(4, 3)], [ramp(4)], alpha=0.5, beta=2.0, transB=1, symbolic=False)
    case("gemm_11_no_bias", "Gemm", 11, [ramp(3, 2)], [ramp(3, 4)], transA=1, symbolic=False)
    case("matmul_vector", "MatMul", 13, [ramp(2, 3, 4)], [ramp(4)])
    case("batch_norm_9", "BatchNormalization", 9, [ramp(2, 3, 2)],
         [f32([1, 2, -1]), f32([0, 1, 2]), f32([0.5, 0, -1]), f32([1, 4, 0.25])], epsilon=1e-3)
    case("layer_norm_17", "LayerNormalization", 17, [ramp(2, 3, 4)], [ramp(3, 4), ramp(3, 4)], axis=-2)
    case("layer_norm_17_statistics", "LayerNormalization", 17, [ramp(2, 6)], [ramp(6)], outputs=3)
    case("prelu_9", "PRelu", 9, [ramp(2, 3, 2)], [f32([[0.1], [0.2], [-1]])])
    case("expand_8", "Expand", 8, [ramp(3, 1)], [i64([2, 1, 4])], symbolic=False)
    case("tile_6", "Tile", 11, [x], [i64([2, 3])])
    case("flatten_9_negative", "Flatten", 11, [ramp(2, 3, 4)], axis=-1)
    case("reshape_5", "Reshape", 9, [ramp(2, 3, 4)], [i64([0, -1])])
    case("transpose_default", "Transpose", 13, [ramp(2, 3, 4)])
    case("where_9", "Where", 9, [np.array([[True], [False]]), ramp(2, 3), ramp(1, 3)], symbolic=False)
    case("cast_to_int", "Cast", 13, [f32([-1.9, 1.9, 0])], to=L)
    case("cast_to_bool", "Cast", 13, [f32([-0.5, 0, 2])], to=B)
    case("max_variadic", "Max", 13, [x, ramp(1, 3), f32(0)], symbolic=False)
    case("mean_variadic", "Mean", 13, [x, ramp(1, 3), f32(1)], symbolic=False)
    case("einsum_attention", "Einsum", 12, [ramp(2, 3, 2, 4), ramp(2, 5, 2, 4)], equation="bqhd,bkhd->bhqk", symbolic=False)
    case("einsum_outer", "Einsum", 12, [ramp(2, 3), ramp(2, 4)], equation="bi,bj->bij")
    case("einsum_implicit", "Einsum", 12, [ramp(2, 3), ramp(3, 2)], equation="ij,jk", symbolic=False)
    case("einsum_ellipsis", "Einsum", 12, [ramp(2, 3, 4)], [ramp(4, 5)], equation="...i,ij->...j")
    case("einsum_three", "Einsum", 12, [ramp(2, 3), ramp(3, 4), ramp(4, 2)], equation="ij,jk,kl->il", symbolic=False)
    case("trilu_14", "Trilu", 14, [ramp(2, 3, 4)], [i64(1)], upper=0)
    for kind in ("Erf", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "HardSigmoid", "Elu", "Selu", "LeakyRelu",
                 "ThresholdedRelu", "Celu", "Round", "Reciprocal", "Sign", "Floor", "Ceil", "Cos"):
        case(kind.lower(), kind, 13, [ramp(2, 4, scale=1.3)])
    for kind in ("HardSwish", "Mish", "Gelu"):
        case(kind.lower(), kind, 20, [ramp(2, 4, scale=1.3)])
    case("gelu_tanh", "Gelu", 20, [ramp(2, 4, scale=1.3)], approximate="tanh")
    case("log_sqrt", "Log", 13, [f32([[0, 1, 2.5]])])
    case("depth_to_space_crd", "DepthToSpace", 13, [ramp(1, 8, 2, 2)], blocksize=2, mode="CRD")
    case("space_to_depth", "SpaceToDepth", 13, [ramp(1, 2, 4, 4)], blocksize=2)


def regions():
    """Operators that resize, sample, scatter and transform."""
    grid = (ramp(1, 2, 3, 2) * f32(0.2)).astype(f32)
    still = {"symbolic": False}
    case("resize_19_linear_antialias", "Resize", 19, [ramp(1, 1, 6, 5)], [None, f32([1, 1, 0.5, 0.6])], mode="linear",
         antialias=1, **still)
    case("resize_13_cubic", "Resize", 13, [ramp(1, 1, 3, 4)], [None, f32([1, 1, 2, 1.5])], mode="cubic",
         exclude_outside=1, **still)
    case("resize_13_linear_sizes", "Resize", 13, [ramp(1, 1, 3, 4)], [None, None, i64([1, 1, 5, 3])], mode="linear",
         coordinate_transformation_mode="align_corners", **still)
    case("resize_13_nearest", "Resize", 13, [ramp(2, 1, 3, 2)], [None, f32([1, 1, 1.7, 2])], mode="nearest")
    case("resize_11_crop", "Resize", 11, [ramp(1, 1, 4, 4)], [f32([0, 0, 0.4, 0.6, 1, 1, 0.6, 1.4]), f32([]),
         i64([1, 1, 3, 3])], mode="linear", coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=9.0,
         **still)
    case("upsample_9", "Upsample", 9, [ramp(1, 1, 2, 2)], [f32([1, 1, 2, 3])], mode="nearest", **still)
    for mode, padding in (("cubic", "reflection"), ("linear", "zeros"), ("nearest", "border")):
        case(f"grid_sample_20_{mode}", "GridSample", 20, [ramp(1, 2, 3, 4), grid], mode=mode, padding_mode=padding, **still)
    case("affine_grid_20", "AffineGrid", 20, [ramp(1, 2, 3)], [i64([1, 1, 2, 3])], align_corners=1)
    case("roi_align_16", "RoiAlign", 16, [ramp(1, 2, 5, 5), f32([[0, 0, 4, 3], [1, 1, 9, 9]]), i64([0, 0])],
         output_height=2, output_width=2, sampling_ratio=2, **still)
    case("pad_19_wrap", "Pad", 19, [ramp(2, 4)], [i64([0, 5, 0, 2])], mode="wrap", **still)
    case("pad_13_reflect", "Pad", 13, [ramp(2, 4)], [i64([0, 3, 0, 2])], mode="reflect")
    case("center_crop_pad_18", "CenterCropPad", 18, [ramp(3, 5)], [i64([4, 2])], **still)
    case("scatter_elements_18_add", "ScatterElements", 18, [ramp(3, 3), i64([[0, 0], [2, -1]]), ramp(2, 2)], axis=1,
         reduction="add", **still)
    case("scatter_nd_18_max", "ScatterND", 18, [ramp(4, 2), i64([[1], [-1], [1]]), ramp(3, 2)], reduction="max", **still)
    case("compress_11_found", "Compress", 11, [ramp(4, 3), np.array([True, False, False, True])], axis=0, symbolic=False)
    case("nonzero_13_found", "NonZero", 13, [np.maximum(ramp(3, 4), 0)])
    case("nonzero_13_none", "NonZero", 13, [np.zeros((2, 3), i64)], symbolic=False)
    corners = np.sort(np.abs(ramp(2, 9, 2, 2, scale=0.1)), axis=2).reshape(2, 9, 4)
    case("non_max_suppression_11", "NonMaxSuppression", 11, [corners, np.abs(ramp(2, 3, 9, scale=0.03))],
         [i64(4), f32(0.3), f32(0.1)], symbolic=False)
    case("compress_11", "Compress", 11, [ramp(2, 3)], [np.array([True, False, True])], axis=1)
    case("nonzero_13", "NonZero", 13, [], [f32([[0, 1], [2, 0]])])
    case("reverse_sequence_10", "ReverseSequence", 10, [ramp(4, 2), i64([3, 2])], **still)
    case("max_unpool_11", "MaxUnpool", 11, [f32([[[[5, 7]]]]), i64([[[[1, 7]]]])], kernel_shape=[2, 2], strides=[2, 2],
         **still)
    case("dft_20", "DFT", 20, [ramp(1, 6, 1)], onesided=1, **still)
    case("dft_17_inverse", "DFT", 17, [ramp(1, 5, 2)], inverse=1, **still)
    case("stft_17", "STFT", 17, [ramp(1, 12, 1)], [i64(3), f32([0.5, 1, 1, 0.5])], **still)
    case("hann_window_17", "HannWindow", 17, [], [i64(5)])
    case("mel_weight_matrix_17", "MelWeightMatrix", 17, [], [i64(4), i64(16), i64(8000), f32(0), f32(4000)])
    case("det_11", "Det", 11, [ramp(2, 3, 3) ** 2])
    case("lrn_13", "LRN", 13, [ramp(1, 4, 2, 1)], size=3, alpha=0.5, **still)
    case("nll_13_ignored", "NegativeLogLikelihoodLoss", 13, [ramp(3, 5), i64([1, 4, 2])], [f32([1, 2, 3, 4, 5])],
         ignore_index=4, **still)
    case("cross_entropy_13", "SoftmaxCrossEntropyLoss", 13, [ramp(2, 3, 2), i64([[0, 2], [1, 1]])], outputs=2,
         reduction="sum", **still)
    case("batch_norm_15_training", "BatchNormalization", 15, [ramp(2, 3, 2)],
         [f32([1, 2, -1]), f32([0, 1, 2]), f32([0.5, 0, -1]), f32([1, 4, 0.25])], outputs=3, training_mode=1, **still)
    case("einsum_diagonal", "Einsum", 12, [ramp(3, 2, 3)], equation="iji->ij", **still)
    case("tfidf_9", "TfIdfVectorizer", 9, [i64([[1, 3, 3, 7], [8, 6, 7, 1]])], mode="TFIDF", min_gram_length=1,
         max_gram_length=2, max_skip_count=1, ngram_counts=[0, 2], ngram_indexes=[1, 0, 3], pool_int64s=[3, 7, 3, 7],
         weights=[1.0, 2.0, 3.0, 4.0], **still)
    for kind in ("Acos", "Asin", "Atan", "Atanh", "Asinh", "Sinh", "Cosh"):
        case(kind.lower(), kind, 9, [ramp(2, 4, scale=0.2)])
    case("acosh", "Acosh", 9, [np.abs(ramp(2, 4)) + 1])


def features():
    ml = {"domain": "ai.onnx.ml"}
    x = ramp(3, 2)
    case("scaler", "Scaler", 15, [x], offset=[1.0, -1.0], scale=[0.5], **ml)
    for norm in ("MAX", "L1", "L2"):
        case(f"normalizer_{norm.lower()}", "Normalizer", 15, [np.abs(x)], norm=norm, **ml)
    case("array_feature_extractor", "ArrayFeatureExtractor", 15, [x], [i64([1, 0, 1])], **ml)
    case("imputer_nan", "Imputer", 15, [f32([[np.nan, 1], [2, np.nan]])], imputed_value_floats=[7.0, 8.0],
         replaced_value_float=np.nan, **ml)
    case("linear_regressor", "LinearRegressor", 15, [x], coefficients=[1.0, 2.0, 3.0, -4.0], intercepts=[0.5, -1.0],
         targets=2, **ml)
    for transform in ("LOGISTIC", "SOFTMAX"):
        case(f"linear_classifier_{transform.lower()}", "LinearClassifier", 15, [x], outputs=2, coefficients=[1.0, 2, -1, -2],
             intercepts=[0.5, -0.5], classlabels_ints=[7, 3], multi_class=0, post_transform=transform, **ml)
    case("linear_classifier_strings", "LinearClassifier", 15, [x], outputs=2, coefficients=[1.0, 2, -1, -2, 0, 0.5],
         intercepts=[0.5, -0.5, 0], classlabels_strings=["a", "b", "c"], post_transform="NONE", **ml)
    case("label_encoder", "LabelEncoder", 15, [i64([3, 9, 4])], keys_int64s=[4, 3], values_floats=[0.5, 1.5],
         default_float=-2.0, **ml)
    case("one_hot_encoder", "OneHotEncoder", 15, [i64([3, 9, 4])], cats_int64s=[4, 3], zeros=1, **ml)
    case("binarizer", "Binarizer", 15, [x], threshold=0.5, **ml)


def forest(columns, low, high):
    """Two trees a column: stumps and deeper ones, in every comparison mode, with missing values."""
    random = np.random.default_rng(3)
    nodes = {k: [] for k in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
                             "missing_value_tracks_true")}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    modes = itertools.cycle(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"])
    for tree in range(2 * len(columns)):
        for node in range(7):
            inner = node < 3
            row = (tree, node, node % 2, next(modes) if inner else "LEAF", float(random.integers(-2, 3)) / 2,
                   2 * node + 1 if inner else 0, 2 * node + 2 if inner else 0, int(random.integers(2)))
            for key, value in zip(nodes, row):
                nodes[key].append(value)
            if not inner:
                for key, value in zip(leaves, (tree, node, columns[tree % len(columns)], float(random.uniform(low, high)))):
                    leaves[key].append(value)
    return {f"nodes_{k}": v for k, v in nodes.items()}, leaves


def trees():
    ml = {"domain": "ai.onnx.ml"}
    grid = np.array(list(itertools.product([-1, -0.5, 0, 0.25, np.nan], repeat=2)), f32)
    for count, transform, aggregate in (
            (1, "NONE", "SUM"), (1, "NONE", "AVERAGE"), (1, "NONE", "MIN"), (1, "NONE", "MAX"), (1, "PROBIT", "AVERAGE"),
            (3, "SOFTMAX", "SUM"), (3, "LOGISTIC", "SUM"), (2, "SOFTMAX_ZERO", "SUM"), (2, "NONE", "MAX")):
        low, high = (0.1, 0.4) if transform == "PROBIT" else (-1, 1)
        nodes, leaves = forest(list(range(count)), low, high)
        case(f"tree_regressor_{count}_{transform}_{aggregate}".lower(), "TreeEnsembleRegressor", 15, [grid],
             n_targets=count, post_transform=transform, aggregate_function=aggregate,
             **({"base_values": [0.25] * count} if aggregate == "SUM" else {}),
             **nodes, **{f"target_{k}": v for k, v in leaves.items()}, **ml)
    # Nodes that test membership have no split.
    def tensor(values, dtype):
        return numpy_helper.from_array(np.array(values, dtype))
    case("tree_ensemble_5_membership", "TreeEnsemble", 21, [np.array([[1.2, 3], [0.5, 7], [4, 4], [9, 0]], f32)], ml=5,
         nodes_splits=tensor([3.5, np.nan, np.nan], f32), nodes_modes=tensor([0, 6, 6], np.uint8),
         nodes_featureids=[0, 0, 1], nodes_truenodeids=[1, 0, 2], nodes_falsenodeids=[2, 1, 3],
         nodes_trueleafs=[0, 1, 1], nodes_falseleafs=[0, 1, 1], leaf_targetids=[0, 1, 0, 1],
         leaf_weights=tensor([5.23, 12.12, -12.23, 7.21], f32), membership_values=tensor([1.2, 9, np.nan, 4, np.nan], f32),
         tree_roots=[0], n_targets=2, aggregate_function=1, post_transform=0, **ml)
    for columns, sign, transform, base in (
            ([0], "mixed", "NONE", 0), ([0], "mixed", "LOGISTIC", 1), ([0], "mixed", "SOFTMAX", 0),
            ([0], "positive", "NONE", 0), ([0], "positive", "LOGISTIC", 1), ([0], "positive", "SOFTMAX", 1),
            ([1], "mixed", "NONE", 0), ([1], "positive", "SOFTMAX", 0), ([0, 1, 2], "mixed", "SOFTMAX", 3),
            ([0, 1, 2], "positive", "NONE", 0), ([0, 1, 2, 3], "mixed", "LOGISTIC", 0)):
        nodes, leaves = forest(columns, *((-1, 1) if sign == "mixed" else (0.05, 0.45)))
        count = max(2, len(columns))
        labels = ({"classlabels_strings": [f"class {i}" for i in range(count)]} if transform == "SOFTMAX"
                  else {"classlabels_int64s": [10 + i for i in range(count)]})
        name = f"tree_classifier_{''.join(map(str, columns))}_{sign}_{transform}_{base}".lower()
        case(name, "TreeEnsembleClassifier", 15, [grid], outputs=2, post_transform=transform, **labels,
             **({"base_values": [0.125] * base} if base else {}),
             **nodes, **{f"class_{k}": v for k, v in leaves.items()}, **ml)


if __name__ == "__main__":
    shutil.rmtree(ROOT, ignore_errors=True)
    operators()
    regions()
    features()
    trees()
    files = [p for p in ROOT.rglob("*") if p.is_file()]
    print(len(list(ROOT.iterdir())), "cases,", sum(p.stat().st_size for p in files), "bytes")
