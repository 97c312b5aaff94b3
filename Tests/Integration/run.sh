#!/bin/bash
# run.sh BIN : tests the programs in BIN as a user runs them, over the example. Every test_*.sh is one sentence that
# must hold; it runs in a folder of its own. PLAN=FILE takes a plan that is there instead of building the example's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$(cd "$1" && pwd)
export SERVED=$bin/served SERVEC=$bin/servec SERVE_LOAD=$bin/serve-load HERE=$here
export STORE=shop=$root/examples/recommender/shop.sqlite REQUEST=$root/examples/recommender/golden/request.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${PLAN:-}" ]; then
  "$bin/servec" build "$root/examples/recommender/recommender.serve" -o "$work/dist" >"$work/build.log" 2>&1 \
    || { cat "$work/build.log" >&2; exit 1; }
  PLAN=$(ls "$work"/dist/plans/*.plan | head -1)
fi
export PLAN
failed=0
for test in "$here"/test_*.sh; do
  name=$(basename "$test" .sh)
  mkdir "$work/$name"
  if (cd "$work/$name" && timeout 120 bash -euo pipefail "$test" >output 2>&1); then
    echo "  ok      ${name//_/ }"
    sed "s/^/          /" "$work/$name/output"
  else
    echo "  FAILED  ${name//_/ }"
    sed 's/^/          /' "$work/$name/output"
    failed=1
  fi
done
exit $failed
