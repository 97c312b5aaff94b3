"""A GPT-style decoder, one step with its key-value cache: 6 layers of 384, 6 heads, 8,192 tokens, 128 of them past."""

import math

import numpy as np
import onnx
from onnx_graph import GraphBuilder

from . import Model

LAYERS, WIDTH, HEADS, VOCABULARY, POSITIONS, PAST = 6, 384, 6, 8192, 1024, 128
HEAD = WIDTH // HEADS


class Decoder:
    """GPT-2's blocks; caches are inputs and outputs past_key_values.N.key, present.N.key, ... as exporters name them."""

    def __init__(self):
        self.b, self.random = GraphBuilder("gpt"), np.random.default_rng(61)
        self.b.input("input_ids", "i64", ["batch", 1])
        for layer in range(LAYERS):
            for part in ("key", "value"):
                self.b.input(f"past_key_values.{layer}.{part}", "f32", ["batch", HEADS, "past", HEAD])

    def i64(self, *values):
        return self.b.weight("constant", np.array(values, np.int64))

    def f32(self, value):
        return self.b.weight("constant", np.float32(value))

    def normal(self, stem, *shape):
        return self.b.weight(stem, self.random.standard_normal(shape, np.float32) * np.float32(0.02))

    def conv1d(self, x, stem, inputs, outputs):
        """GPT-2's Conv1D: rows of tokens through a Gemm, weight stored [in, out]."""
        leading = self.b.node("Slice", [self.b.node("Shape", [x]), self.i64(0), self.i64(2), self.i64(0)])
        flat = self.b.node("Reshape", [x, self.i64(-1, inputs)])
        weight, bias = self.normal(f"{stem}.weight", inputs, outputs), self.normal(f"{stem}.bias", outputs)
        y = self.b.node("Gemm", [flat, weight, bias], alpha=1.0, beta=1.0)
        return self.b.node("Reshape", [y, self.b.node("Concat", [leading, self.i64(outputs)], axis=0)])

    def norm(self, x, stem):
        weight = self.b.weight(f"{stem}.weight", np.ones(WIDTH, np.float32))
        return self.b.node("LayerNormalization", [x, weight, self.normal(f"{stem}.bias", WIDTH)], axis=-1, epsilon=1e-5)

    def gelu(self, x):
        """GPT-2's tanh form, as its own code spells it."""
        cube = self.b.node("Mul", [self.b.node("Pow", [x, self.f32(3)]), self.f32(0.044715)])
        inner = self.b.node("Mul", [self.b.node("Add", [x, cube]), self.f32(math.sqrt(2 / math.pi))])
        gate = self.b.node("Add", [self.b.node("Tanh", [inner]), self.f32(1)])
        return self.b.node("Mul", [self.b.node("Mul", [x, self.f32(0.5)]), gate])

    def heads(self, x):
        shape = self.b.node("Shape", [x])
        leading = self.b.node("Slice", [shape, self.i64(0), self.i64(2), self.i64(0)])
        split = self.b.node("Reshape", [x, self.b.node("Concat", [leading, self.i64(HEADS, HEAD)], axis=0)])
        return self.b.node("Transpose", [split], perm=[0, 2, 1, 3])

    def extent(self, x, axis):
        return self.b.node("Gather", [self.b.node("Shape", [x]), self.b.weight("axis", np.int64(axis))], axis=0)

    def positions(self):
        """Of the new tokens and of all keys: past ... past + new, and 0 ... past + new."""
        past, new = self.extent("past_key_values.0.key", 2), self.extent("input_ids", 1)
        total, zero, one = self.b.node("Add", [past, new]), self.b.weight("zero", np.int64(0)), self.b.weight("one", np.int64(1))
        return self.b.node("Range", [past, total, one]), self.b.node("Range", [zero, total, one])

    def attention(self, x, hidden_keys, layer):
        stem = f"h.{layer}.attn"
        joined = self.conv1d(x, f"{stem}.c_attn", WIDTH, 3 * WIDTH)
        parts = [f"/{stem}/{name}" for name in ("query", "key", "value")]
        self.b.node("Split", [joined, self.i64(WIDTH, WIDTH, WIDTH)], parts, axis=2)
        query, key, value = map(self.heads, parts)
        past = f"past_key_values.{layer}"
        key = self.b.node("Concat", [f"{past}.key", key], f"present.{layer}.key", axis=2)
        value = self.b.node("Concat", [f"{past}.value", value], f"present.{layer}.value", axis=2)
        scores = self.b.node("MatMul", [query, self.b.node("Transpose", [key], perm=[0, 1, 3, 2])])
        scores = self.b.node("Div", [scores, self.f32(math.sqrt(HEAD))])
        scores = self.b.node("Where", [hidden_keys, self.f32(np.finfo(np.float32).min), scores])
        context = self.b.node("MatMul", [self.b.node("Softmax", [scores], axis=-1), value])
        context = self.b.node("Transpose", [context], perm=[0, 2, 1, 3])
        leading = self.b.node("Slice", [self.b.node("Shape", [context]), self.i64(0), self.i64(2), self.i64(0)])
        merged = self.b.node("Reshape", [context, self.b.node("Concat", [leading, self.i64(WIDTH)], axis=0)])
        return self.conv1d(merged, f"{stem}.c_proj", WIDTH, WIDTH)

    def model(self):
        new, all_keys = self.positions()
        late = self.b.node("Greater", [all_keys, self.b.node("Unsqueeze", [new, self.i64(1)])])
        tokens = self.normal("wte.weight", VOCABULARY, WIDTH)
        x = self.b.node("Gather", [tokens, "input_ids"])
        x = self.b.node("Add", [x, self.b.node("Gather", [self.normal("wpe.weight", POSITIONS, WIDTH), new])])
        for layer in range(LAYERS):
            x = self.b.node("Add", [self.attention(self.norm(x, f"h.{layer}.ln_1"), late, layer), x])
            y = self.gelu(self.conv1d(self.norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc", WIDTH, 4 * WIDTH))
            x = self.b.node("Add", [x, self.conv1d(y, f"h.{layer}.mlp.c_proj", 4 * WIDTH, WIDTH)])
        head = self.normal("lm_head.weight", WIDTH, VOCABULARY)
        self.b.node("MatMul", [self.norm(x, "ln_f"), head], "logits")
        self.b.output("logits", "f32", ["batch", 1, VOCABULARY])
        for layer in range(LAYERS):
            for part in ("key", "value"):
                self.b.output(f"present.{layer}.{part}", "f32", ["batch", HEADS, "past + 1", HEAD])
        return self.b.model()


def data(batch):
    random = np.random.default_rng(9)
    feeds = {"input_ids": random.integers(0, VOCABULARY, (batch, 1))}
    for layer in range(LAYERS):
        for part in ("key", "value"):
            feeds[f"past_key_values.{layer}.{part}"] = random.standard_normal((batch, HEADS, PAST, HEAD), np.float32)
    return feeds


MODELS = (Model("gpt_step", "decoder", lambda path: onnx.save(Decoder().model(), path), data, (1, 8), file="gpt"),)
