"""Times compiled plans beside other engines and judges the ratios: results.md and ratios.png.

    python Tests/Benchmarks/engine.py --servec .build/release/servec --served .build/release/served [--only NAME...] [--quick]

A row is a model, a batch and a number of threads. Its engines run in turn, round by round, on the same inputs; each
reports its median and minimum; errors are relative to f64. The models are written once into --models.
"""

import argparse
import os
import pathlib
import statistics
import sys
import time
from dataclasses import dataclass, field

import numpy as np

import loading
import machine
import precision
import report
import roofline
from engines import (Refused, Turns, lightgbm_engine, onnxruntime_engine, openvino_engine, servec, tl2cgen_engine,
                     torch_engine, xgboost_engine)
from models import all_models
from reference import reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = (onnxruntime_engine, openvino_engine, torch_engine, xgboost_engine, lightgbm_engine, tl2cgen_engine)
PAUSE = 0.02
"""Seconds between engines: thread pools spin for a while after a run."""


@dataclass
class Measurement:
    """Times of one engine over the rounds, microseconds: each round's median and minimum."""

    medians: list = field(default_factory=list)
    minima: list = field(default_factory=list)
    error: float = float("nan")

    @property
    def median(self):
        return statistics.median(self.medians)

    @property
    def minimum(self):
        return min(self.minima)


@dataclass
class Row:
    model: str
    kind: str
    batch: int
    threads: int
    engines: dict
    """Measurements by engine."""
    refused: str = ""
    """Why servec does not take the model, when it does not."""
    difference: str = ""
    """Where our outputs change their bits with the batch or the number of threads, when they do."""
    one_by_one: dict = field(default_factory=dict)
    """By engine, the batch's requests one after the other without padding, where the model has such."""

    @property
    def fastest_peer(self):
        peers = [name for name in self.engines if name != servec.NAME]
        return min(peers, key=lambda name: self.engines[name].median, default=None)

    @property
    def ratio(self):
        """The fastest peer's median over ours, round by round; None where there is nothing to compare."""
        peer, ours = self.engines.get(self.fastest_peer), self.engines.get(servec.NAME)
        return statistics.median(p / o for p, o in zip(peer.medians, ours.medians)) if peer and ours else None

    @property
    def ratio_of_minima(self):
        peer, ours = self.engines.get(self.fastest_peer), self.engines.get(servec.NAME)
        return peer.minimum / ours.minimum if peer and ours else None


def truth_of(model, path, batch, folder):
    """The f64 outputs, kept beside the model: they take seconds."""
    kept = folder / f"{model.name}.{batch}.reference.npz"
    if not kept.exists() or kept.stat().st_mtime < path.stat().st_mtime:
        np.savez(kept, **reference(path, model.inputs(batch)))
    with np.load(kept) as arrays:
        return {name: arrays[name] for name in arrays.files}


def runners(ours, model, path, batch, threads, folder, truth):
    """A runner of each engine that takes the model, and why ours does not."""
    feeds, found, refused = model.inputs(batch), {}, ""
    data = folder / f"{model.name}-{batch}"
    try:
        parts = single_requests(model, feeds, truth) if model.requests else [(feeds, truth)]
        size, turns = 1 if model.requests else batch, []
        for at, part in enumerate(parts):
            place = folder / f"{data.name}-{at}" if model.requests else data
            servec.write_data(place, *part)
            turns.append(ours.start(model, path, place, size, threads))
        found[servec.NAME] = Turns(turns)
    except Refused as reason:
        refused = str(reason)
    for peer in PEERS:
        try:
            found[peer.NAME] = peer.start(model, path, feeds, threads)
        except Refused:
            pass  # The row has an empty cell.
    return found, refused


def single_requests(model, feeds, truth):
    """Inputs and outputs of a padded batch's requests, each without its padding."""
    return [
        (part, {name: array[at:at + 1] for name, array in truth.items()})
        for at, part in enumerate(model.requests(feeds))]


def one_by_one(model, path, feeds, threads):
    """The peers' runners for a padded batch's requests without their padding."""
    found = {}
    for peer in PEERS if model.requests else ():
        try:
            found[peer.NAME] = Turns([peer.start(model, path, part, threads) for part in model.requests(feeds)])
        except Refused:
            pass
    return found


def measure(ours, model, path, batch, threads, options, truth):
    running, refused = runners(ours, model, path, batch, threads, options.work, truth)
    singles = one_by_one(model, path, model.inputs(batch), threads)
    row = Row(model.name, model.kind, batch, threads, {name: Measurement() for name in running}, refused)
    try:
        if servec.NAME in running:
            row.difference = running[servec.NAME].difference()
        for name, runner in running.items():
            row.engines[name].error = runner.error(truth)
        turns = [(runner, row.engines[name]) for name, runner in running.items()]
        row.one_by_one = {name: Measurement() for name in singles}
        turns += [(runner, row.one_by_one[name]) for name, runner in singles.items()]
        for turn in range(options.rounds):
            for runner, found in turns[turn % len(turns):] + turns[: turn % len(turns)]:
                median, minimum = runner.times(options.seconds)
                found.medians.append(median)
                found.minima.append(minimum)
                time.sleep(PAUSE)
    except Refused as failure:  # Only our own processes end that way.
        row.refused = f"failed: {failure}"
        row.engines = {name: found for name, found in row.engines.items() if name != servec.NAME and found.medians}
    finally:
        for runner in [*running.values(), *singles.values()]:
            runner.close()
    return row


def suite(options, ours):
    """All rows, with progress."""
    models = {name: model for name, model in all_models().items() if not options.only or name in options.only}
    started = time.monotonic()
    for name, model in models.items():
        path = model.path(options.models)
        for batch in model.batches[:: max(1, len(model.batches) - 1)] if options.quick else model.batches:
            truth = truth_of(model, path, batch, options.models)
            for threads in options.threads:
                row = measure(ours, model, path, batch, threads, options, truth)
                ratio = f"{row.ratio:.2f}x" if row.ratio else row.refused
                print(f"{time.monotonic() - started:4.0f} s  {name} batch {batch}, {threads} threads: {ratio}", file=sys.stderr)
                yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servec", default=str(ROOT / ".build/release/servec"))
    parser.add_argument("--served", default=str(ROOT / ".build/release/served"), help="for the times of loading")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / ".build/benchmark-models")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / ".build/benchmark-work")
    parser.add_argument("--output", type=pathlib.Path, help="folder of results.md and ratios.png, else the table is printed")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="models")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each engine in each round, and at least one run")
    parser.add_argument("--quick", action="store_true", help="two short rounds of the smallest and largest batch")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 2, 0.05
    options.threads = [count for count in options.threads if count <= len(os.sched_getaffinity(0))]

    load = os.getloadavg()[0]
    peaks = {count: machine.peaks(options.work, count) for count in options.threads}
    ours = servec.Servec(options.servec, options.work)
    rows = list(suite(options, ours))
    steps = roofline.rows(ours, options, peaks[min(peaks)])
    narrow = list(precision.rows(ours, options))
    loads = list(loading.rows(ours, options, truth_of))
    report.write(options.output, rows, steps, narrow, loads, peaks, load, PEERS)


if __name__ == "__main__":
    main()
