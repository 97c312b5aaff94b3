"""The record of conformance as Markdown, and the part of specs/onnx.md that holds it.

    python3 Tests/Conformance/table.py [--check]    writes the table, or fails where it differs from the record
"""

import re
import sys
from collections import Counter, defaultdict

import record
from record import PASS, REFUSED, WRONG

SPEC = record.ROOT / "specs/onnx.md"
START, END = "<!-- conformance: written by `make conformance` -->\n", "<!-- end of conformance -->\n"


def counted(cases):
    counts = Counter(case.result for case in cases)
    return counts[PASS], counts[REFUSED], counts[WRONG], len(cases)


def by(cases, attribute):
    groups = defaultdict(list)
    for case in sorted(cases):
        groups[getattr(case, attribute)].append(case)
    return groups


def rows(header, lines):
    """A Markdown table; numbers to the right."""
    rule = ["---:" if isinstance(cell, int) else "---" for cell in lines[0]]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in [header, rule, *lines])


def summary(cases):
    """A row a kind: cases, and how many each engine passes."""
    lines = []
    for kind, group in by(cases, "kind").items():
        peer = sum(case.onnxruntime == PASS for case in group)
        lines.append([f"`{kind}`", *counted(group), peer])
    total = [sum(line[column] for line in lines) for column in range(1, 6)]
    return rows(["kind", "pass", "refused", "wrong", "of", "onnxruntime passes"], [*lines, ["all", *total]])


def general(reason):
    """A reason without the names and numbers of its model, so that equal ones group."""
    reason = re.sub(r"^(this model cannot be compiled: |model\.onnx: )", "", reason)
    reason = re.sub(r'"[^"]*"', "…", reason.replace('domain ""', "domain ai.onnx"))
    unknown = re.match(r"node … \((\w+)\) is not supported: operation of domain", reason)
    if unknown:
        return f"no `{unknown[1]}`"
    reason = re.sub(r"^(\w+ )?node … \((\w+)\)( is not supported)?: ", r"`\2`: ", reason)
    reason = re.sub(r"\[[^]]*\]|(?<![\w.])-?\d[\d.e+-]*\b", "#", reason)
    return reason.replace("|", "\\|")


def reasons(cases):
    groups = Counter(general(case.reason) for case in cases if case.result != PASS)
    return "; ".join(f"{text} ({count})" if count > 1 else text for text, count in groups.most_common(2))


def operators(cases):
    """A row for each operator with a case that does not pass; one sentence for all others."""
    groups = by([case for case in cases if case.kind == "node"], "operator")
    whole, lines = [], []
    for name, group in sorted(groups.items()):
        passed, refused, wrong, total = counted(group)
        if passed == total:
            whole.append(f"`{name}` {total}")
        else:
            lines.append([f"`{name}`", passed, refused, wrong, total, reasons(group)])
    if not lines:
        return f"Cases of every operator pass: {', '.join(whole)}.\n"
    header = ["operator", "pass", "refused", "wrong", "of", "because"]
    return f"Operators whose cases all pass, with their number: {', '.join(whole)}.\n\n" + rows(header, lines)


def bound(cases):
    count = sum(case.result == PASS and case.reason.startswith(record.BOUND) for case in cases)
    return (f"In {count} of the passes inputs that decide shapes (axes, sizes, paddings, ...) or open dimensions were made "
            "constants of the plan, with the case's values.\n")


def text(cases):
    cases = list(cases)
    return f"{START}\n{summary(cases)}\n{bound(cases)}\n{operators(cases)}\n{END}"


def replaced(spec, cases):
    before, rest = spec.split(START)
    return before + text(cases) + rest.split(END)[1]


def write(cases):
    SPEC.write_text(replaced(SPEC.read_text(), cases))


def main():
    cases, spec = record.read().values(), SPEC.read_text()
    if sys.argv[1:] == ["--check"]:
        if replaced(spec, cases) != spec:
            raise SystemExit("the table in specs/onnx.md is not what Tests/Conformance/results.tsv says: make conformance")
    else:
        write(cases)


if __name__ == "__main__":
    main()
