"""How near single steps come to the machine's peaks: products to the FMA rate, weight readers to the bandwidth."""

import re
from dataclasses import dataclass

import machine
from engines import Refused
from models import all_models

# (model, batch, rows of one item): rows 0 asks for bandwidth, others for multiply-adds.
CASES = (
    ("mlp", 1, 0), ("two_tower", 1, 0), ("wide_deep", 1, 0), ("gpt_step", 1, 0),
    ("mlp", 128, 1), ("wide_deep", 128, 1), ("minilm_128", 1, 128), ("bert_base_128", 1, 128),
)
SMALLEST_SHARE = 0.05
"""Steps below this share of the program's time are left out."""


@dataclass
class Step:
    model: str
    batch: int
    kernel: str
    share: float
    """Of the program's time."""
    rate: float
    peak: float
    unit: str


def rows(ours, options, peaks):
    """The heavy steps of the cases, equal kernels once (the fastest), on one thread by their minima."""
    found = {}
    for name, batch, tokens in CASES:
        model = all_models()[name]
        data = options.work / f"{name}-{batch}"
        if (options.only and name not in options.only) or not data.exists():
            continue
        try:
            plan = ours.plan(model, model.path(options.models))
            steps = ours.json("bench", plan, "--steps", "--batch", batch, "--data", data, "--seconds", 5 * options.seconds)
        except Refused:
            continue
        total = sum(step["min_us"] for step in steps)
        peak = peaks["fma_gflops"]
        if tokens == 0:
            # Tables of which a few rows are looked up are not read: their bytes would need more than the first cache gives.
            fastest = max(peaks["read_gbs"].values())
            steps = [step for step in steps if step["weight_bytes"] <= step["min_us"] * 1e3 * fastest]
            peak = machine.bandwidth(options.work, sum(step["weight_bytes"] for step in steps))
        shares = {}
        for step in steps:
            shares[step["kernel"]] = shares.get(step["kernel"], 0) + step["min_us"] / total
        for step in steps:
            row = judged(name, batch, tokens, step, shares[step["kernel"]], peak)
            key = name, batch, step["kernel"]
            if row and row.share >= SMALLEST_SHARE and (key not in found or row.rate > found[key].rate):
                found[key] = row
    return list(found.values())


def judged(name, batch, tokens, step, share, peak):
    """A step as a row: GB/s of its weights, or GFLOP/s where its kernel's name tells the product's size."""
    seconds = step["min_us"] * 1e-6
    size = re.search(r"(\d+)x(\d+)", step["kernel"])
    if not step["weight_bytes"] or seconds <= 0:
        return None
    if tokens == 0:
        return Step(name, batch, step["kernel"], share, step["weight_bytes"] / seconds / 1e9, peak, "GB/s")
    if not size:
        return None
    flops = 2 * batch * tokens * int(size[1]) * int(size[2])
    return Step(name, batch, step["kernel"], share, flops / seconds / 1e9, peak, "GFLOP/s")
