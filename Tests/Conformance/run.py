"""Runs ONNX's backend tests through compiled plans; records them in results.tsv and in the table of specs/onnx.md.

    python Tests/Conformance/run.py --servec .build/release/servec [--only PATTERN] [--peer] [--accept]

Each case is a process of its own (`servec verify`: the compiled plan against the files, and against the interpreter),
two at a time, so a crash or a hang is one case's result. It ends with 1 when a case computes wrongly, or when one that
is recorded as passing does not pass; then the record stays as it is, except with --accept.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import onnx

import make_cases
import record
import table
from record import PASS, REFUSED, WRONG, Case

CASES = record.ROOT / ".build/conformance"


def operator(folder):
    """The operator under test; `*_expanded*` cases test the function body of the case that they are named after."""
    base = folder.with_name(folder.name.split("_expanded")[0])
    nodes = onnx.load((base if base.exists() else folder) / "model.onnx", load_external_data=False).graph.node
    if folder.parent.name != "node" or len(nodes) != 1:
        return "model"
    return nodes[0].op_type if nodes[0].domain in ("", "ai.onnx") else f"{nodes[0].domain}.{nodes[0].op_type}"


def verify(servec, folder, limit):
    """(result, reason) of all data sets of a case; of a pass the inputs that were made constants."""
    data = sorted(map(str, folder.glob("test_data_set_*")))
    command = [servec, "verify", str(folder / "model.onnx"), "--format", "json"]
    for option, value in json.loads((folder / "data.json").read_text()).items() if (folder / "data.json").exists() else ():
        if option in ("rtol", "atol"):
            command += [f"--{option}", str(value)]
    try:
        done = subprocess.run([*command, "--data", *data], capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return WRONG, f"no end within {limit} s"
    if done.returncode < 0:
        return WRONG, f"ended by {signal.Signals(-done.returncode).name}"
    sets = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(sets) != len(data):
        return WRONG, f"{len(sets)} of {len(data)} data sets reported: {done.stderr}"
    for status, result in (("fail", WRONG), ("refused", REFUSED)):
        for one in sets:
            if one["status"] == status:
                return result, one["reason"]
    bound = sorted({name for one in sets for name in one.get("bound", [])})
    return PASS, f"{record.BOUND}{', '.join(bound)}" if bound else ""


def run(servec, folders, limit, known):
    """Cases in the order in which they end, with a line of progress every few seconds."""
    counts, start, said = Counter(), time.monotonic(), time.monotonic()

    def case(folder):
        result, reason = verify(servec, folder, limit)
        before = known.get((folder.parent.name, folder.name))
        return Case(folder.parent.name, folder.name, operator(folder), result,
                    before.onnxruntime if before else "", record.brief(reason, folder))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for future in concurrent.futures.as_completed([pool.submit(case, folder) for folder in folders]):
            done = future.result()
            counts[done.result] += 1
            if done.result == WRONG:
                print(f"wrong: {done.kind}/{done.name}: {done.reason}", file=sys.stderr)
            if time.monotonic() - said > 5 or counts.total() == len(folders):
                said = time.monotonic()
                print(f"{counts.total()}/{len(folders)} in {said - start:.0f} s: {dict(counts)}", file=sys.stderr)
            yield done


def with_peer(cases, folder):
    """The same cases with onnxruntime's results, from a process that is started again after a case that ends it."""
    left, results = {f"{case.kind}/{case.name}": case for case in cases}, []
    while left:
        command = [sys.executable, str(Path(__file__).with_name("peer.py")), str(folder), *left]
        done = subprocess.run(command, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            name, result = line.split("\t")
            results.append(replace(left.pop(name), onnxruntime=result))
        if done.returncode and left:
            culprit = next(iter(left))
            results.append(replace(left.pop(culprit), onnxruntime=WRONG))
        elif left:
            raise SystemExit(f"{len(left)} cases were not run:\n{done.stderr}")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servec", default=str(record.ROOT / ".build/release/servec"))
    parser.add_argument("--cases", type=Path, default=CASES, help="written there when missing")
    parser.add_argument("--only", default="*", help="pattern of case names; such a run records nothing")
    parser.add_argument("--peer", action="store_true", help="run onnxruntime over the cases too")
    parser.add_argument("--accept", action="store_true", help="record even though passes were lost")
    parser.add_argument("--limit", type=int, default=120, help="seconds for a case")
    options = parser.parse_args()
    if not (options.cases / "complete").exists():
        make_cases.main(options.cases)
        (options.cases / "complete").touch()

    known = record.read()
    folders = [folder for kind in make_cases.KINDS for folder in sorted((options.cases / kind).iterdir())]
    folders = [folder for folder in folders if fnmatch.fnmatch(folder.name, options.only)]
    cases = sorted(run(options.servec, folders, options.limit, known))
    if options.peer:
        cases = with_peer(cases, options.cases)
    print(table.summary(cases))

    lost = [case for case in cases if case.result != PASS and known.get(case.key, case).result == PASS]
    wrong = [case for case in cases if case.result == WRONG]
    for case in lost:
        print(f"passed before: {case.kind}/{case.name}: {case.result}, {case.reason}", file=sys.stderr)
    if options.only == "*" and (options.accept or not lost):
        record.write(cases)
        table.write(cases)
    return 1 if lost or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
