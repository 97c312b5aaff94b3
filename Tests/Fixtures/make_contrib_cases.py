"""Writes onnx-contrib/CASE/: one operator of com.microsoft each, as exporters and onnxruntime's optimiser emit them,
with onnxruntime's outputs.

    python Tests/Fixtures/make_contrib_cases.py
"""
import shutil

import make_operator_cases as cases
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = cases.ROOT.with_name("onnx-contrib")
F, L = TensorProto.FLOAT, TensorProto.INT64
f32, i32, i64, u8, i8 = np.float32, np.int32, np.int64, np.uint8, np.int8
random = np.random.default_rng(7)


def normal(*shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype(f32)


def case(name, op, operands, constant=(), outputs=("f",), dims=None, **attributes):
    """A node over `operands`, where None leaves one out; those at the places `constant` are initializers.

    `outputs` are element types ("f", "u8", "" for an output that is not asked for); `dims` names dimensions by operand.
    """
    names = ["" if value is None else f"x{place}" for place, value in enumerate(operands)]
    ports, initializers, feeds = [], [], {}
    for place, (port, value) in enumerate(zip(names, operands)):
        if value is None:
            continue
        if place in constant:
            initializers.append(numpy_helper.from_array(value, port))
            continue
        shape = list(value.shape)
        for axis, dim in (dims or {}).get(place, {0: "batch"} if value.ndim else {}).items():
            shape[axis] = dim
        ports.append(helper.make_tensor_value_info(port, helper.np_dtype_to_tensor_dtype(value.dtype), shape))
        feeds[port] = value
    types = {"f": F, "u8": TensorProto.UINT8, "i8": TensorProto.INT8}
    results = [f"y{place}" if kind else "" for place, kind in enumerate(outputs)]
    node = helper.make_node(op, names, results, domain="com.microsoft", **attributes)
    values = [helper.make_tensor_value_info(result, types[kind], None) for result, kind in zip(results, outputs) if kind]
    graph = helper.make_graph([node], name, ports, values, initializers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    answers = session.run(None, feeds)
    for value, answer in zip(model.graph.output, answers):
        kind = value.type.tensor_type.elem_type
        shape = [None] * answer.ndim
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, shape))
    cases.ROOT = ROOT
    cases.write(name, model, list(feeds.values()), answers)


def norms():
    x, skip, gamma, beta, bias = normal(2, 3, 8), normal(2, 3, 8), normal(8), normal(8), normal(8)
    case("skip_layer_norm", "SkipLayerNormalization", [x, skip, gamma, beta, bias], {2, 3, 4}, epsilon=1e-5)
    case("skip_layer_norm_sum", "SkipLayerNormalization", [x, skip, gamma, beta], {2, 3}, ("f", "", "", "f"))
    case("skip_simplified_layer_norm", "SkipSimplifiedLayerNormalization", [x, skip, gamma], {2}, ("f", "", "", "f"))
    ids, segments = random.integers(0, 11, (2, 3), i32), random.integers(0, 2, (2, 3), i32)
    tables = [normal(11, 8), normal(5, 8), normal(2, 8)]
    case("embed_layer_norm", "EmbedLayerNormalization", [ids, segments, *tables, gamma, beta], {2, 3, 4, 5, 6},
         ("f", ""), epsilon=1e-5)


def activations():
    x, bias = normal(2, 5, scale=2), normal(5)
    case("bias_gelu", "BiasGelu", [x, bias], {1})
    case("fast_gelu", "FastGelu", [x, bias], {1})
    case("gelu", "Gelu", [x])
    case("quick_gelu", "QuickGelu", [x], alpha=1.702)


def products():
    case("fused_matmul", "FusedMatMul", [normal(2, 4, 3), normal(4, 5)], {1}, alpha=0.5, transA=1)
    case("fused_matmul_both", "FusedMatMul", [normal(2, 3, 4), normal(2, 5, 4)], alpha=0.125, transB=1)
    case("fused_gemm", "FusedGemm", [normal(2, 4), normal(5, 4), normal(5)], {1, 2}, transB=1, activation="Relu")
    depth, columns = 64, 6
    for bits in (4, 8):
        for zeros in (False, True):
            blocks = depth // 32
            packed = random.integers(0, 256, (columns, blocks, 32 * bits // 8), u8)
            scales = (np.abs(normal(columns * blocks)) + 0.1).astype(f32) / 16
            points = random.integers(0, 256, columns * ((blocks * bits + 7) // 8), u8) if zeros else None
            operands = [normal(2, depth), packed, scales] + ([points] if zeros else [])
            name = f"matmul_nbits_{bits}" + ("_zero_points" if zeros else "")
            case(name, "MatMulNBits", operands, {1, 2, 3}, K=depth, N=columns, bits=bits, block_size=32)


def quantised():
    a, b = random.integers(0, 256, (2, 4), u8), random.integers(-128, 128, (4, 3), i8)
    scale, other = f32(0.02), f32(0.03)
    one = lambda value: np.array(value)
    case("qgemm", "QGemm", [a, one(scale), one(u8(128)), b, one(other), one(i8(3)), random.integers(-50, 50, 3, i32),
                            one(f32(0.05)), one(u8(120))], set(range(1, 9)), ("u8",), alpha=1.0)
    case("qgemm_float", "QGemm", [a, one(scale), one(u8(128)), b, one(other), one(i8(3)),
                                  random.integers(-50, 50, 3, i32)], set(range(1, 7)))
    # Of 7 bits: onnxruntime's kernel for AVX2 adds two products in 16 bits, which more would saturate.
    seven = random.integers(-64, 64, (4, 3), i8)
    case("dynamic_quantize_matmul", "DynamicQuantizeMatMul", [normal(2, 4), seven, one(other), one(i8(0)), normal(3)],
         {1, 2, 3, 4})
    case("matmul_integer_to_float", "MatMulIntegerToFloat", [a, b, one(scale), one(other), one(u8(128)), one(i8(2))],
         {1, 2, 3, 4, 5})
    c = random.integers(0, 256, (2, 4), u8)
    for name, op in (("qlinear_add", "QLinearAdd"), ("qlinear_mul", "QLinearMul")):
        # Scales that give no ties: onnxruntime adds the zero point before it rounds, ONNX's QuantizeLinear after.
        case(name, op, [a, one(scale), one(u8(128)), c, one(other), one(u8(100)), one(f32(0.07)), one(u8(127))],
             {1, 2, 4, 5, 6, 7}, ("u8",))
    case("qlinear_sigmoid", "QLinearSigmoid", [a, one(scale), one(u8(128)), one(f32(1 / 256)), one(u8(0))], {1, 2, 3, 4},
         ("u8",))
    case("qlinear_leaky_relu", "QLinearLeakyRelu", [a, one(scale), one(u8(128)), one(scale), one(u8(90))], {1, 2, 3, 4},
         ("u8",), alpha=0.1)
    case("qlinear_concat", "QLinearConcat", [one(f32(0.04)), one(u8(128)), a, one(scale), one(u8(128)), c, one(other),
                                             one(u8(100))], {0, 1, 3, 4, 6, 7}, ("u8",), axis=1)
    case("qlinear_global_average_pool", "QLinearGlobalAveragePool",
         [random.integers(0, 256, (2, 3, 4, 4), u8), one(scale), one(u8(128)), one(scale), one(u8(120))], {1, 2, 3, 4},
         ("u8",), channels_last=0)
    case("quantize", "QuantizeLinear", [normal(2, 4), one(scale), one(u8(128))], {1, 2}, ("u8",))
    case("dequantize", "DequantizeLinear", [a, one(scale), one(u8(128))], {1, 2})


def rotation_tables(length, width):
    angles = np.outer(np.arange(length), 10000.0 ** (-np.arange(width) / width))
    return np.cos(angles).astype(f32), np.sin(angles).astype(f32)


def attention():
    x, weights, bias = normal(2, 3, 8), normal(8, 24, scale=0.5), normal(24)
    mask = np.array([[1, 1, 1], [1, 1, 0]], i32)
    case("attention", "Attention", [x, weights, bias], {1, 2}, num_heads=2)
    case("attention_mask", "Attention", [x, weights, bias, mask], {1, 2}, num_heads=2)
    case("attention_causal", "Attention", [x, weights, bias], {1, 2}, num_heads=2, unidirectional=1)
    q, k, v = normal(2, 3, 8), normal(2, 5, 8), normal(2, 5, 8)
    case("multi_head_attention", "MultiHeadAttention", [q, k, v], num_heads=2)
    case("multi_head_attention_bias", "MultiHeadAttention", [q, k, v, normal(24)], {3}, num_heads=2, scale=0.3)
    allowed = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], i32)
    case("multi_head_attention_mask", "MultiHeadAttention", [q, k, v, None, allowed], num_heads=2)
    cos, sin = rotation_tables(16, 2)
    turned = normal(2, 3, 8)
    places = np.array([[0, 1, 2], [4, 5, 6]], i64)
    case("rotary_embedding", "RotaryEmbedding", [turned, places, cos, sin], {2, 3}, num_heads=2)
    case("rotary_embedding_interleaved", "RotaryEmbedding", [normal(2, 2, 3, 4), places, cos, sin], {2, 3}, interleaved=1)
    past, total = 4, 5  # One new token; heads of 16, onnxruntime's least.
    cos, sin = rotation_tables(16, 8)
    grouped = dict(num_heads=4, kv_num_heads=2)
    case("group_query_attention_step", "GroupQueryAttention",
         [normal(2, 1, 64), normal(2, 1, 32), normal(2, 1, 32), normal(2, 2, past, 16), normal(2, 2, past, 16),
          np.full((2,), total - 1, i32), np.array(total, i32), cos, sin], {6, 7, 8}, ("f", "f", "f"), do_rotary=1, **grouped)
    case("group_query_attention_prompt", "GroupQueryAttention",
         [normal(1, 5, 64), normal(1, 5, 32), normal(1, 5, 32), None, None, np.full((1,), 4, i32), np.array(5, i32)],
         {6}, ("f", "f", "f"), local_window_size=3, **grouped)


if __name__ == "__main__":
    shutil.rmtree(ROOT, ignore_errors=True)
    norms()
    activations()
    products()
    quantised()
    attention()
    files = [p for p in ROOT.rglob("*") if p.is_file()]
    print(len(list(ROOT.iterdir())), "cases,", sum(p.stat().st_size for p in files), "bytes")
