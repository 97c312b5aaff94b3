#!/bin/sh
# Makes .venv-bench at the repository's root with the pinned peers, and says whether wrk is there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${1:-$root/.venv-bench}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/Tests/Benchmarks/requirements.txt"
command -v wrk >/dev/null || echo "wrk is missing: apt-get install wrk (serve-load is used instead)" >&2
echo "$venv/bin/python"
