"""Answers a request as recommender.serve says, with SQLite, numpy and onnxruntime: the golden files' source."""

import hashlib
import json
import pathlib

import numpy as np
import onnxruntime

import features
import pipeline
import shop

SALT = "2026-11-ranker"
CONTROL = 0.9
K = 10
SCHEMA = {
    "customers": {
        "activity": ("<f4", (6,)), "shares": ("<f4", (12,)), "taste": ("<f4", (features.TASTE,)),
        "recent": ("<i4", (features.RECENT,)), "recent_subclass": ("<i4", (features.RECENT,)),
        "age": ("<i4", ()), "region": ("<i4", ()),
    },
    "products": {
        "row": ("<i4", ()), "activity": ("<f4", (7,)), "taste": ("<f4", (features.TASTE,)),
        "subclass": ("<i4", ()), "department": ("<i4", ()), "category": ("<i4", ()), "price": ("<f4", ()),
    },
}


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def stats(path):
    content = json.loads(pathlib.Path(path).read_text())
    return np.array(content["mean"], np.float32), np.array(content["std"], np.float32)


def version(customer_id):
    """The sticky arm: the first 8 bytes of SHA-256(salt, 0, key) as a fraction of 2^64."""
    digest = hashlib.sha256(f"{SALT}\0{customer_id}".encode()).digest()
    return "v1" if int.from_bytes(digest[:8], "big") < CONTROL * 2**64 else "v2"


class Recommender:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.shop = shop.Shop(folder / "shop.sqlite", SCHEMA)
        self.stats = [stats(folder / f"models/{name}_stats.json") for name in ("customer", "product")]
        names = {"v1": "v1_trees.onnx", "v2": "v2_neural.onnx"}
        self.models = {name: session(folder / "models" / file) for name, file in names.items()}

    def inputs(self, request):
        candidates = request["candidates"]
        customer = self.shop.rows("customers", [request["customer_id"]])
        product = self.shop.rows("products", candidates)
        batched = {name: array[None] for name, array in product.items()}
        return product, pipeline.model_inputs(customer, batched, *self.stats)

    def answer(self, request, model=None):
        product, (dense, ids) = self.inputs(request)
        model = model or version(request["customer_id"])
        (score,) = self.models[model].run(None, {"dense": dense, "ids": ids})
        top = np.argsort(-score, kind="stable")[:K]
        # Where there are fewer than K candidates the rest is 0.
        pad = lambda values: (values.tolist() + [0] * K)[:K]
        return {
            "items": pad(np.array(request["candidates"], np.uint64)[top]),
            "scores": pad(score[top]),
            "categories": pad(product["category"][top]),
            "prices": pad(product["price"][top]),
            "model": model,
        }
