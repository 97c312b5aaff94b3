# The answers in golden/ were made by an independent reference: SQLite, numpy and onnxruntime.
. "$HERE/lib.sh"
golden=$(dirname "$REQUEST")
start
for request in "$golden"/request*.json; do
  name=$(basename "$request")
  code=$(status POST /v1/recommender --data-binary "@$request")
  expect "status of $name" "$code" 200
  python3 - "$golden/${name/request/response}" body <<'PYTHON'
import json
import math
import sys

expected, answer = (json.load(open(path)) for path in sys.argv[1:3])
close = lambda a, b: math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6)
problems = [f"fields {sorted(answer)}"] if answer.keys() != expected.keys() else []
for name, values in expected.items():
    if not isinstance(values, list):
        problems += [] if answer[name] == values else [f"{name}: {answer[name]}, expected {values}"]
        continue
    for at, (got, want) in enumerate(zip(answer[name], values, strict=True)):
        same = close(got, want) if isinstance(want, float) else got == want
        if not same:
            problems.append(f"{name}[{at}]: {got}, expected {want}")
if problems:
    sys.exit(sys.argv[1] + ": " + "; ".join(problems[:5]))
PYTHON
done
echo "$(ls "$golden"/request*.json | wc -l) requests"
