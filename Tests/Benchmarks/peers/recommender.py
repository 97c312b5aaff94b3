"""The work of examples/recommender/recommender.serve as a careful Python service does it: SQLite, numpy, onnxruntime.

One connection, one query for the candidates, no copies that can be spared; both arms by the same sticky hash. It is
independent of the pipeline that training uses, and serving.py checks that its answers agree with served's.
"""

import hashlib
import json
import os
import pathlib
import sqlite3
import struct

import numpy as np
import onnxruntime

FOLDER = pathlib.Path(
    os.environ.get("RECOMMENDER", pathlib.Path(__file__).resolve().parents[3] / "examples/recommender")
)
K = 10
SALT = b"2026-11-ranker\0"
CONTROL = 9 * 2**64 // 10

CUSTOMER = np.dtype(
    [("activity", "<f4", 6), ("shares", "<f4", 12), ("taste", "<f4", 12), ("recent", "<i4", 20),
     ("recent_subclass", "<i4", 20), ("ids", "<i4", 2)]
)
PRODUCT = np.dtype(
    [("activity", "<f4", 7), ("taste", "<f4", 12), ("row", "<i4"), ("subclass", "<i4"), ("department", "<i4"),
     ("category", "<i4"), ("price", "<f4")]
)
UNKNOWN = bytes(PRODUCT.itemsize)
CUSTOMER_QUERY = (
    "SELECT activity, shares, taste, recent, recent_subclass, age, region FROM customers WHERE customer_id = ?"
)
PRODUCT_QUERY = (
    "SELECT product_id, activity, taste, row, subclass, department, category, price FROM products"
    " WHERE product_id IN ({})"
)
SCALARS = struct.Struct("<iiiif")


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def statistics(name):
    content = json.loads((FOLDER / f"models/{name}_stats.json").read_text())
    return np.array(content["mean"], np.float32), np.array(content["std"], np.float32)


class Recommender:
    def __init__(self):
        uri = f"file:{FOLDER}/shop.sqlite?mode=ro&immutable=1"
        self.connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.connection.execute("PRAGMA mmap_size = 268435456")
        self.customer_stats, self.product_stats = statistics("customer"), statistics("product")
        self.models = {
            "v1": session(FOLDER / "models/v1_trees.onnx"),
            "v2": session(FOLDER / "models/v2_neural.onnx"),
        }
        self.queries = [PRODUCT_QUERY.format(", ".join("?" * count)) for count in range(101)]

    def customer(self, key):
        row = self.connection.execute(CUSTOMER_QUERY, (key,)).fetchone()
        if row is None:
            return np.zeros((), CUSTOMER)
        return np.frombuffer(b"".join(row[:5]) + struct.pack("<ii", *row[5:]), CUSTOMER)[0]

    def products(self, keys):
        rows = {
            key: activity + taste + SCALARS.pack(*scalars)
            for key, activity, taste, *scalars in self.connection.execute(self.queries[len(keys)], keys)
        }
        return np.frombuffer(b"".join([rows.get(key, UNKNOWN) for key in keys]), PRODUCT)

    @staticmethod
    def standardise(activity, stats):
        return np.clip((np.log1p(activity) - stats[0]) / stats[1], -4, 4)

    def inputs(self, customer, product):
        count = len(product)
        dense, ids = np.empty((count, 29), np.float32), np.empty((count, 4), np.int64)
        row, subclass = product["row"], product["subclass"]
        known = row > 0
        dense[:, 0:6] = self.standardise(customer["activity"], self.customer_stats)
        dense[:, 6:18] = customer["shares"]
        dense[:, 18:25] = self.standardise(product["activity"], self.product_stats)
        dense[:, 25] = np.log1p((row[:, None] == customer["recent"]).sum(axis=1) * known)
        dense[:, 26] = np.log1p((subclass[:, None] == customer["recent_subclass"]).sum(axis=1) * known)
        dense[:, 27] = customer["shares"][product["department"]]
        dense[:, 28] = product["taste"] @ customer["taste"]
        ids[:, 0], ids[:, 1], ids[:, 2:] = row, subclass, customer["ids"]
        return dense, ids

    def rank(self, customer_id, candidates):
        digest = hashlib.sha256(SALT + str(customer_id).encode()).digest()
        version = "v1" if int.from_bytes(digest[:8], "big") < CONTROL else "v2"
        product = self.products(candidates)
        dense, ids = self.inputs(self.customer(customer_id), product)
        (score,) = self.models[version].run(None, {"dense": dense, "ids": ids})
        top = np.argsort(-score, kind="stable")[:K]
        pad = [0] * (K - len(top))
        return {
            "items": [candidates[index] for index in top.tolist()] + pad,
            "scores": score[top].tolist() + pad,
            "categories": product["category"][top].tolist() + pad,
            "prices": product["price"][top].tolist() + pad,
            "model": version,
        }
