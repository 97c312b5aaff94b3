"""The committed record of a conformance run: one line a case, in results.tsv."""

from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results.tsv"
PASS, REFUSED, WRONG = "pass", "refused", "wrong"
BOUND = "with "
"""How the reason of a pass starts when inputs were made constants of the plan."""


@dataclass(frozen=True, order=True)
class Case:
    """What became of a case.

    `operator` is the operator under test; `model` for whole models. `result` is pass, refused (the compiler says why
    it does not take the model) or wrong (another answer, a crash, no end). `onnxruntime` likewise, or empty.
    """

    kind: str
    name: str
    operator: str
    result: str
    onnxruntime: str
    reason: str

    @property
    def key(self):
        return self.kind, self.name


HEADER = [field.name for field in fields(Case)]


def read(path=RESULTS):
    """The recorded cases by kind and name; none where there is no record yet."""
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    if lines[0].split("\t") != HEADER:
        raise SystemExit(f"{path} does not start with the columns {HEADER}")
    cases = [Case(*line.split("\t")) for line in lines[1:]]
    return {case.key: case for case in cases}


def write(cases, path=RESULTS):
    rows = [HEADER] + [[getattr(case, name) for name in HEADER] for case in sorted(cases)]
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def brief(reason, folder):
    """A reason in one line without the place of the cases, cut at 160 characters."""
    line = " ".join(reason.replace(f"{folder}/", "").split())
    return line if len(line) <= 160 else line[:159] + "…"
