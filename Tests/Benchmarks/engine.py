"""Times compiled plans beside onnxruntime and compares their outputs: one thread, interleaved rounds, medians.

    python Tests/Benchmarks/engine.py --servec .build/release/servec [--models DIRECTORY]

DIRECTORY holds mlp.onnx and dlrm.onnx (Tests/Fixtures/make_benchmark_models.py); they are written when missing. Both
sides get the same inputs, bound once; onnxruntime is timed through its IO binding, without Python's wrapper.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Benchmarks/peers"))


def example_inputs(batch):
    """Rows of the example's own store: what its rankers see when a request has `batch` candidates."""
    from recommender import Recommender

    shop = Recommender()
    random = np.random.default_rng(1)
    customers = [row[0] for row in shop.connection.execute("SELECT customer_id FROM customers")]
    products = [row[0] for row in shop.connection.execute("SELECT product_id FROM products")]
    chosen = random.choice(products, batch, replace=False).tolist()
    dense, ids = shop.inputs(shop.customer(int(random.choice(customers))), shop.products(chosen))
    return {"dense": dense, "ids": ids}


def mlp_inputs(batch):
    return {"x": np.random.default_rng(2).standard_normal((batch, 512), np.float32)}


def dlrm_inputs(batch):
    random = np.random.default_rng(3)
    return {"dense": random.standard_normal((batch, 13), np.float32), "ids": random.integers(0, 100_000, (batch, 26))}


class Peer:
    """An onnxruntime session with its inputs and outputs bound."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])

    def outputs(self, feeds):
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feeds)))

    def p50(self, feeds, outputs, seconds):
        """Median microseconds of a run from bound inputs to bound outputs."""
        binding = self.session.io_binding()
        for name, array in feeds.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        for name, array in outputs.items():
            binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        run, bound, clock = self.session._sess.run_with_iobinding, binding._iobinding, time.perf_counter_ns
        for _ in range(20):
            run(bound, None)
        times, end = [], clock() + int(seconds * 1e9)
        while clock() < end:
            start = clock()
            run(bound, None)
            times.append(clock() - start)
        return statistics.median(times) / 1e3


def write_data(folder, feeds, outputs):
    folder.mkdir(parents=True)
    for kind, tensors in (("input", feeds), ("output", outputs)):
        for index, (name, array) in enumerate(tensors.items()):
            onnx.save_tensor(numpy_helper.from_array(array, name), folder / f"{kind}_{index}.pb")


def servec(command, *arguments):
    """The last line of servec's JSON output."""
    result = subprocess.run([command, *map(str, arguments), "--format", "json"], capture_output=True, text=True)
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"servec {' '.join(map(str, arguments))} failed:\n{result.stdout}{result.stderr}")
    return json.loads(lines[-1])


def build(command, path, folder):
    """The plan of a model file alone: compiled once, as onnxruntime's session is created once."""
    subprocess.run([command, "build", str(path), "-o", str(folder)], check=True, capture_output=True)
    (plan,) = (folder / "plans").glob("*.plan")
    return plan


def compare(command, name, path, inputs, batches, rounds, seconds, folder):
    peer = Peer(path)
    plan = build(command, path, folder / name / "dist")
    for batch in batches:
        feeds = inputs(batch)
        outputs = peer.outputs(feeds)
        data = folder / name / str(batch)
        write_data(data, feeds, outputs)
        verdict = servec(command, "verify", path, "--data", data)
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(peer.p50(feeds, outputs, seconds))
            arguments = ("--batch", batch, "--threads", 1, "--seconds", seconds, "--data", data)
            ours.append(servec(command, "bench", plan, *arguments)["p50_us"])
        ratio = statistics.median(t / o for t, o in zip(theirs, ours))
        yield [
            name, batch, f"{statistics.median(theirs):.1f}", f"{statistics.median(ours):.1f}", f"{ratio:.2f}x",
            f"{verdict['max_rel']:.1e}", verdict["status"],
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servec", default=str(ROOT / ".build/release/servec"))
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / ".build/benchmark-models")
    parser.add_argument("--only", nargs="*", default=["v1_trees", "v2_neural", "mlp", "dlrm"])
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each side in each round")
    options = parser.parse_args()
    missing = [n for n in ("mlp", "dlrm") if n in options.only and not (options.models / f"{n}.onnx").exists()]
    if missing:
        script = ROOT / "Tests/Fixtures/make_benchmark_models.py"
        subprocess.run([sys.executable, script, options.models], check=True)
    example = ROOT / "examples/recommender/models"
    models = {
        "v1_trees": (example / "v1_trees.onnx", example_inputs),
        "v2_neural": (example / "v2_neural.onnx", example_inputs),
        "mlp": (options.models / "mlp.onnx", mlp_inputs),
        "dlrm": (options.models / "dlrm.onnx", dlrm_inputs),
    }
    print("| model | batch | onnxruntime p50 us | servec p50 us | ratio | max relative error | verify |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only:
            path, inputs = models[name]
            run = (options.servec, name, path, inputs, options.batch, options.rounds, options.seconds)
            for row in compare(*run, pathlib.Path(folder)):
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
