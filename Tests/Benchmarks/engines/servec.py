"""Our plans: built once from a .serve file, timed by `servec bench`, each round a process of its own."""

import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import onnx
from onnx import numpy_helper

from . import Refused

NAME = "servec"


def write_data(folder, feeds, outputs):
    """The folder that `servec bench` and `servec verify` read: inputs, and float outputs rounded from f64 to f32.

    Integer outputs stay out: ids at the tail of a top-k may change places within an f32's rounding.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for kind, tensors in (("input", feeds), ("output", outputs)):
        for index, (name, array) in enumerate(tensors.items()):
            if kind == "input" or array.dtype == np.float64:
                array = array.astype(np.float32) if array.dtype == np.float64 else array
                onnx.save_tensor(numpy_helper.from_array(array, name), folder / f"{kind}_{index}.pb")


class Servec:
    """Plans of the compiler at `command`, kept in `folder`."""

    def __init__(self, command, folder):
        self.command, self.folder, self.plans, self.drifts = command, folder, {}, {}

    def text(self, model, path, weights):
        """A .serve file that takes the model's largest batch, and open dimensions up to what the inputs have."""
        graph = onnx.load(path, load_external_data=False).graph
        feeds, dims = model.inputs(1), {}
        for port in graph.input:
            for axis, dim in enumerate(port.type.tensor_type.shape.dim):
                if dim.dim_param and dim.dim_param != "batch" and axis > 0 and port.name in feeds:
                    dims[dim.dim_param] = feeds[port.name].shape[axis]
        lines = [f"dim {name} = 1...{extent}" for name, extent in dims.items()]
        batching = f"batching {{ max_size = {max(model.batches)} }}"
        return "\n".join([
            "serve 1", *lines, f'model Measured {{ source = "{path.name}", weights = {weights} }}',
            "service measured {", "  model = Measured", f"  {batching}", "}", ""])

    def plan(self, model, path, weights="f32"):
        """The plan file with weights of that precision; built at the first call, which finds the drift too."""
        key = model.name, weights
        if key not in self.plans:
            folder = self.folder / (model.name if weights == "f32" else f"{model.name}-{weights}")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (folder / path.name).symlink_to(path.resolve())
            # The drift is measured here, not bounded.
            setting = weights if weights == "f32" else f"{weights} {{ max_drift = 1 }}"
            (folder / "measured.serve").write_text(self.text(model, path, setting))
            command = [self.command, "build", str(folder / "measured.serve"), "-o", str(folder / "dist")]
            done = subprocess.run(command, capture_output=True, text=True)
            found = list((folder / "dist/plans").glob("*.plan"))
            lines = (done.stdout + done.stderr).splitlines()
            self.plans[key] = found[0] if found else Refused(next((l for l in lines if "error" in l), lines[-1]))
            drift = re.search(r"move outputs by ([-+.e0-9]+)", done.stdout + done.stderr)
            self.drifts[key] = float(drift[1]) if drift else None
        if isinstance(self.plans[key], Refused):
            raise self.plans[key]
        return self.plans[key]

    def json(self, *arguments):
        done = subprocess.run([self.command, *map(str, arguments), "--format", "json"], capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise Refused(" ".join((done.stderr or done.stdout or f"exit {done.returncode}").split()))
        return lines

    def start(self, model, path, data, batch, threads, weights="f32"):
        return Runner(self, self.plan(model, path, weights), data, batch, threads)


class Runner:
    def __init__(self, servec, plan, data, batch, threads):
        self.servec, self.data = servec, data
        self.bench = ("bench", plan, "--batch", batch, "--threads", threads, "--data", data)
        (self.verdict,) = servec.json("verify", plan, "--data", data, "--rtol", 1e-3, "--atol", 1e-3)

    def error(self, truth):
        """The largest relative difference from the data's outputs, which are the truth's."""
        if self.verdict["max_rel"] is None or self.verdict["status"] == "refused":
            raise Refused(self.verdict["reason"])
        return self.verdict["max_rel"]

    def difference(self):
        """Where outputs of fewer requests or on two threads differ in bits; empty where they do not."""
        (row,) = self.servec.json(*self.bench, "--same-bits")
        return row["difference"]

    def times(self, seconds):
        (row,) = self.servec.json(*self.bench, "--seconds", seconds)
        return row["p50_us"], row["min_us"]

    def close(self):
        pass
