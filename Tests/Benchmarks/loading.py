"""From opening a model to its first answer, ours and onnxruntime's, each in a process that has started; the same from exec of
served over HTTP; resident memory and bytes on disk."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np

import servers
from engines import Refused, servec
from models import all_models
from reference import relative_error

DATATYPES = {"float32": "FP32", "float64": "FP64", "int64": "INT64", "int32": "INT32", "bool": "BOOL"}
SESSION = """
import re, sys, time
import numpy, onnxruntime
resident = lambda: int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
feeds = dict(numpy.load(sys.argv[2]))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = int(sys.argv[3]), 1
options.log_severity_level = 4
before, start = resident(), time.perf_counter()
session = onnxruntime.InferenceSession(sys.argv[1], options, ["CPUExecutionProvider"])
created = time.perf_counter() - start
session.run(None, feeds)
print(created * 1e3, (time.perf_counter() - start) * 1e3, resident() - before)
"""


@dataclass
class Load:
    """Milliseconds and mebibytes, medians of the runs."""

    model: str
    kind: str
    ready_ms: float
    """From opening the plan to ready: every byte verified, every program run on its golden vectors with the right outputs."""
    answer_ms: float
    """The same and the first run: what creating a session and its first run are to the peer."""
    exec_ms: float
    """From exec of `served` to the first answer over HTTP."""
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
    """(milliseconds from exec to the answer, resident memory)."""
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
        return elapsed, *resident(server.process.pid)
    finally:
        server.stop()


def cached(path):
    """Reads a file, so that it is in the page cache whoever ran before."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
    return path


def loaded(ours, plan, data, threads):
    """Milliseconds of loading, and of it and the first run, in a process of its own."""
    (row,) = ours.json("bench", plan, "--load", "--data", data, "--threads", threads)
    return row["ready_ms"], row["answer_ms"]


def session(path, feeds_file, threads):
    command = [sys.executable, "-c", SESSION, str(path), str(feeds_file), str(threads)]
    return tuple(map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()))


def rows(ours, options, truth_of):
    """A row for each model file, batch 1."""
    seen, threads = set(), len(os.sched_getaffinity(0))
    for model in all_models().values():
        if model.stem in seen or (options.only and model.name not in options.only):
            continue
        seen.add(model.stem)
        path = model.path(options.models)
        feeds, truth = model.inputs(1), truth_of(model, path, 1, options.models)
        feeds_file = options.work / "feeds.npz"
        np.savez(feeds_file, **feeds)
        data = options.work / f"{model.name}-loading"
        servec.write_data(data, feeds, truth)
        inside, served, sessions, refused, size = [], [], [], "", float("nan")
        for _ in range(options.rounds):
            sessions.append(session(cached(path), feeds_file, threads))
            try:
                plan = ours.plan(model, path)
                size = plan.stat().st_size / 2**20
                inside.append(loaded(ours, cached(plan), data, threads))
                served.append(first_answer(options.served, plan, request(feeds), truth))
            except Refused as reason:
                refused = str(reason)
        middle = lambda runs, column: statistics.median(run[column] for run in runs) if runs else float("nan")
        print(f"loading {model.name}: first answer {middle(inside, 1):.1f} ms, from exec {middle(served, 0):.1f}, "
              f"session and run {middle(sessions, 1):.1f} ms", file=sys.stderr)
        yield Load(
            model.name, model.kind, middle(inside, 0), middle(inside, 1), middle(served, 0), middle(sessions, 0),
            middle(sessions, 1), middle(served, 1), middle(served, 2), middle(sessions, 2), size,
            path.stat().st_size / 2**20, refused)
