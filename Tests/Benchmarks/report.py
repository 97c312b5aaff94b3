"""The measurements as Markdown, and the ratios as a picture."""

from engines import servec
from precision import PRECISIONS
from targets import ALL_ROWS, APART, FLOOR, TREES, geometric_mean, target

import machine

SMALL_MIB, LOAD_FASTER = 10, (20, 5)
"""Models below that size on disk, trees among them, get to their first answer so many times faster; others so many."""


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def duration(microseconds):
    """Three digits: 4.12 us, 41.2 us, 412 us, 4.12 ms."""
    value, unit = (microseconds, "us") if microseconds < 1000 else (microseconds / 1000, "ms")
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f} {unit}"


def reason(refused):
    """The end of a diagnostic in one cell."""
    text = refused.split("cannot be compiled: ")[-1].replace("|", "\\|")
    return text if len(text) <= 100 else text[:99] + "…"


def verdict(row):
    """What the row is to reach, and whether it does."""
    goal = target(row.kind, row.batch)
    if row.ratio is None:
        return f"{goal:.2f}x", "refused"
    return f"{goal:.2f}x", "yes" if row.ratio >= goal else "**no**"


def measured_rows(rows):
    peers = sorted({name for row in rows for name in row.engines} - {servec.NAME})
    lines = []
    for row in rows:
        ours = row.engines.get(servec.NAME)
        cells = [f"{duration(ours.median)} ({duration(ours.minimum)})" if ours else reason(row.refused)]
        for peer in peers:
            m = row.engines.get(peer)
            cells.append(f"{duration(m.median)} ({duration(m.minimum)})" if m else "")
        ratios = [f"{row.ratio:.2f}x", f"{row.ratio_of_minima:.2f}x"] if row.ratio else ["", ""]
        errors = [f"{m.error:.0e}" if m else "" for m in (ours, row.engines.get("onnxruntime"))]
        bits = row.difference or "yes" if ours else ""
        lines.append([
            row.model, row.batch, row.threads, *cells, row.fastest_peer or "", *ratios, *verdict(row), *errors, bits])
    return table(["model", "batch", "threads", servec.NAME, *peers, "fastest peer", "ratio", "of minima", "to reach",
                  "reached", "error", "onnxruntime's error", "same bits"], lines)


def summary(rows):
    """Geometric means by class and over all rows, and how many rows miss what they are to reach."""
    compared = [row for row in rows if row.ratio]
    lines = []
    for kind in dict.fromkeys(row.kind for row in rows):
        group = [row for row in compared if row.kind == kind]
        missed = sum(row.ratio < target(row.kind, row.batch) for row in group)
        lowest = f"{min(row.ratio for row in group):.2f}x" if group else ""
        goal = f" (to reach: {TREES}x)" if kind == "trees" else ""
        mean = f"{geometric_mean([row.ratio for row in group]):.2f}x{goal}" if group else ""
        lines.append([kind, len(group), mean, lowest, missed, sum(row.kind == kind and not row.ratio for row in rows)])
    compared = [row for row in compared if row.kind not in APART]
    everything = [row.ratio for row in compared]
    lines.append([
        "all", len(compared), f"{geometric_mean(everything):.2f}x (to reach: {ALL_ROWS}x)",
        f"{min(everything, default=float('nan')):.2f}x (to reach: {FLOOR}x)",
        sum(row.ratio < target(row.kind, row.batch) for row in compared), sum(not row.ratio for row in rows)])
    return table(["class", "rows", "geometric mean", "lowest", "missed", "refused"], lines)


def mixed_rows(rows):
    """A line a row whose requests differ in length: the peers on the padded batch, and on one request after the other."""
    lines = []
    for row in rows:
        ours = row.engines.get(servec.NAME)
        for name, single in row.one_by_one.items() if ours else ():
            padded = row.engines[name]
            lines.append([
                row.model, row.batch, row.threads, duration(ours.median), name, duration(padded.median),
                f"{padded.median / ours.median:.2f}x", duration(single.median), f"{single.median / ours.median:.2f}x"])
    return table(["model", "requests", "threads", f"{servec.NAME}, each at its length", "peer", "one padded batch", "ratio",
                  "one by one, unpadded", "ratio"], lines)


def peak_rows(peaks):
    lines = []
    for threads, found in peaks.items():
        lines.append([threads, found["fma_gflops"], *found["read_gbs"].values()])
    sizes = [f"read {int(size)} KiB, GB/s" for size in next(iter(peaks.values()))["read_gbs"]]
    return table(["threads", "FMA f32, GFLOP/s", *sizes], lines)


def step_rows(steps):
    return table(
        ["model", "batch", "step", "share of time", "rate", "peak", "of peak"],
        [[s.model, s.batch, f"`{s.kernel}`", f"{s.share:.0%}", f"{s.rate:.0f} {s.unit}", f"{s.peak:.0f}", f"{s.rate / s.peak:.0%}"]
         for s in steps])


def narrow_rows(narrow):
    """A line a model and batch: each precision's time, how much faster than f32 that is, and how far outputs move."""
    lines = []
    for row in narrow:
        cells = []
        for weights in row.narrow:
            m = row.narrow[weights]
            cells += [f"{duration(m.median)} ({row.faster(weights):.2f}x)", f"{m.drift:.0e}", f"{m.error:.0e}"] if m else [""] * 3
        goal, reached = (f"{row.target:.1f}x", "yes" if row.faster("f16") >= row.target else "**no**") if row.narrow["f16"] else ("", "")
        lines.append([row.model, row.batch, duration(row.wide.median), *cells, goal, reached])
    header = [cell for weights in PRECISIONS for cell in (weights, "drift", "error")]
    return table(["model", "batch", "f32", *header, "f16 to reach", "reached"], lines)


def load_rows(loads):
    lines = []
    for load in loads:
        if load.refused:
            lines.append([load.model, reason(load.refused), "", f"{load.session_ms:.1f}", f"{load.session_and_run_ms:.1f}", *[""] * 7])
            continue
        goal = LOAD_FASTER[0 if load.model_mib < SMALL_MIB else 1]
        faster = load.session_and_run_ms / load.answer_ms
        lines.append([
            load.model, f"{load.ready_ms:.2f}", f"{load.answer_ms:.2f}", f"{load.session_ms:.1f}",
            f"{load.session_and_run_ms:.1f}", f"{faster:.1f}x", f"{goal}x", "yes" if faster >= goal else "**no**",
            f"{load.exec_ms:.1f}", f"{load.ours_resident:.0f} ({load.ours_anonymous:.0f})",
            f"{load.session_resident:.0f}", f"{load.plan_mib:.1f} / {load.model_mib:.1f}"])
    return table(["model", "plan ready, ms", "and first run, ms", "onnxruntime: session, ms", "and first run, ms", "faster",
                  "to reach", "reached", "served: exec to answer over HTTP, ms", "served resident (anonymous), MiB",
                  "onnxruntime's growth, MiB", "plan / model on disk, MiB"], lines)


def text(rows, steps, narrow, loads, peaks, load, peers):
    versions = ", ".join(f"{peer.NAME} {peer.VERSION}" for peer in peers)
    return f"""# Results of `make bench`

Written by `Tests/Benchmarks/engine.py`; [README.md](README.md) says how to read them. Machine: {machine.description()};
load average at the start {load:.1f}. Peers: {versions}.

{summary(rows)}
![ratios](ratios.png)

## Rows

Medians over the rounds (and the least of all rounds). *ratio*: the fastest peer's median over ours, round by round.
Errors are relative to f64: the largest difference over the largest value. *same bits*: whether our outputs have the
same bits for single requests, for fewer requests, and on two threads.

{measured_rows(rows)}
## Mixed lengths

Requests of different lengths. `served` neither pads nor refuses them: those of one length share a run. So ours is the time
for the requests one after the other, each at its own length. In the table above the peers run the usual padded batch;
here they answer the same requests one by one without padding, too.

{mixed_rows(rows)}
## Peaks and steps

Measured in the same run. Steps that read weights are held to the bandwidth of one thread that reads a buffer as large as
all weights that the program reads in a run, over and over; products to the FMA rate.

{peak_rows(peaks)}
{step_rows(steps)}
## Narrow weights

`weights = f16`, `bf16` and `int8` beside our own f32, on one thread, in turn: medians, and how many times faster than f32.
*drift*: how far outputs move from those with f32 weights, as the build measured it; *error*: from f64, on the row's inputs.

{narrow_rows(narrow)}
## Loading

Files in the page cache, batch 1, as many threads as cores on both sides, each time in a new process that has started (and
imported onnxruntime). *Ready*: the plan opened, every byte verified, its programs run on their golden vectors with the right
outputs. *Faster* compares the first answers: ours ready and run once, a session created and run once. *From exec* has also
the start of the process and its server, and the request and the answer as JSON; no peer does that here.

{load_rows(loads)}"""


def draw(rows, path):
    """A bar a row, the fastest peer's time over ours on a log scale, what it is to reach as a mark."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in rows if row.ratio]
    if not rows:
        return
    kinds = list(dict.fromkeys(row.kind for row in rows))
    colours = pyplot.get_cmap("tab10")
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.19 * len(rows)))
    for place, row in enumerate(rows):
        axes.barh(place, row.ratio - 1, left=1, color=colours(kinds.index(row.kind) % 10), height=0.8)
        axes.plot([target(row.kind, row.batch)] * 2, [place - 0.45, place + 0.45], color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row.model}, batch {row.batch}, {row.threads} threads" for row in rows], fontsize=6)
    axes.invert_yaxis()
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("fastest peer's time over servec's; the marks are what each row is to reach")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.legend(
        [pyplot.Rectangle((0, 0), 1, 1, color=colours(i % 10)) for i in range(len(kinds))], kinds, fontsize=7, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def write(output, rows, steps, narrow, loads, peaks, load, peers):
    if not rows:
        raise SystemExit("no model has that name")
    result = text(rows, steps, narrow, loads, peaks, load, peers)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "results.md").write_text(result)
        draw(rows, output / "ratios.png")
    print(result)
