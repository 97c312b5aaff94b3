"""From exec of served to its first correct answer, beside creating a session; resident memory and bytes on disk."""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np

import servers
from engines import Refused
from models import all_models
from reference import relative_error

DATATYPES = {"float32": "FP32", "float64": "FP64", "int64": "INT64", "int32": "INT32", "bool": "BOOL"}
SESSION = """
import re, sys, time
import numpy, onnxruntime
resident = lambda: int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 4
before, start = resident(), time.perf_counter()
session = onnxruntime.InferenceSession(sys.argv[1], options, ["CPUExecutionProvider"])
created = time.perf_counter() - start
session.run(None, dict(numpy.load(sys.argv[2])))
print(created * 1e3, (time.perf_counter() - start) * 1e3, resident() - before)
"""


@dataclass
class Load:
    """Milliseconds and mebibytes, medians of the runs."""

    model: str
    kind: str
    ours_ms: float
    """From exec to the first answer over HTTP."""
    load_ms: float
    """Of it, from opening the plan to ready: every byte verified, every program run once with the right outputs."""
    session_ms: float
    session_and_run_ms: float
    ours_resident: float
    ours_anonymous: float
    session_resident: float
    plan_mib: float
    model_mib: float
    refused: str = ""


def request(feeds):
    """A call of the Open Inference Protocol."""
    tensors = [
        {"name": name, "datatype": DATATYPES[array.dtype.name], "shape": list(array.shape), "data": array.ravel().tolist()}
        for name, array in feeds.items()
    ]
    return json.dumps({"inputs": tensors})


def resident(pid):
    """MiB of all resident pages, and of those that no file backs."""
    lines = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    return tuple(int(lines[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon"))


def first_answer(served, plan, body, truth):
    """(milliseconds from exec to the answer, of these in loading, resident memory)."""
    server = servers.Server.served(f"{served} --plan {plan} --http-port {{port}} --host 127.0.0.1", subprocess.PIPE)
    try:
        # The log tells at once what asking again and again would tell late.
        ready = next((line for line in map(json.loads, server.process.stdout) if "loadSeconds" in line), None)
        if not ready:
            raise Refused("served does not get ready")
        status, answer = server.request("POST", "/v2/models/measured/infer", body)
        elapsed = (time.perf_counter() - server.started) * 1e3
        if status != 200:
            raise Refused(f"served answers {status}: {answer[:200]!r}")
        outputs = {o["name"]: np.array(o["data"]).reshape(o["shape"]) for o in json.loads(answer)["outputs"]}
        if relative_error(outputs, truth) > 1e-3:
            raise Refused("served answers wrongly")
        return elapsed, ready["loadSeconds"] * 1e3, *resident(server.process.pid)
    finally:
        server.stop()


def session(path, feeds_file):
    command = [sys.executable, "-c", SESSION, str(path), str(feeds_file)]
    return tuple(map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()))


def rows(ours, options, truth_of):
    """A row for each model file, batch 1."""
    seen = set()
    for model in all_models().values():
        if model.stem in seen or (options.only and model.name not in options.only):
            continue
        seen.add(model.stem)
        path = model.path(options.models)
        feeds, truth = model.inputs(1), truth_of(model, path, 1, options.models)
        feeds_file = options.work / "feeds.npz"
        np.savez(feeds_file, **feeds)
        served, sessions, refused, size = [], [], "", float("nan")
        for _ in range(options.rounds):
            sessions.append(session(path, feeds_file))
            try:
                plan = ours.plan(model, path)
                size = plan.stat().st_size / 2**20
                served.append(first_answer(options.served, plan, request(feeds), truth))
            except Refused as reason:
                refused = str(reason)
        middle = lambda runs, column: statistics.median(run[column] for run in runs) if runs else float("nan")
        print(f"loading {model.name}: {middle(served, 0):.1f} ms, of it loading {middle(served, 1):.1f}, "
              f"session {middle(sessions, 0):.1f} ms", file=sys.stderr)
        yield Load(
            model.name, model.kind, middle(served, 0), middle(served, 1), middle(sessions, 0), middle(sessions, 1),
            middle(served, 2), middle(served, 3), middle(sessions, 2), size, path.stat().st_size / 2**20, refused)
