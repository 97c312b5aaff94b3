#!/bin/bash
# golden.sh BIN [--record] : compares what each stage of the compiler makes of each case with the files recorded here.
#
# A case is a folder with `main.serve`, or with `source`, a file that holds the path of a .serve file from the root of
# the repository. Per case are recorded
#   check.txt             what `servec check` says; a case named Invalid… must fail, any other must pass
#   tokens.txt … c.txt    the stages of `servec dump` that `stages` lists, one a line; all when there is no such file
#   manifests/<env>/*     what `servec build` writes; digests of plans are left out, which follow from the kernels
# A recorded file that nothing makes any more fails. Recording fails once, so that no CI run can pass by recording.
set -euo pipefail
bin=$(cd "$1" && pwd)
record=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# make CASE SOURCE INTO : everything that is recorded of a case.
make_case() {
  local case=$1 source=$2 into=$3 stage status=0
  mkdir -p "$into"
  "$bin/servec" check "$source" >"$into/check.txt" 2>&1 || status=$?
  case "$(basename "$case")" in
    Invalid*)
      [ $status -eq 1 ] || { echo "$case: check should fail with 1, not $status" >&2; failed=1; }
      return
      ;;
  esac
  if [ $status -ne 0 ]; then
    echo "$case: check fails" >&2
    failed=1
    return
  fi
  for stage in $(cat "$case/stages" 2>/dev/null || echo tokens tree types ir lowered plan c manifests); do
    if [ "$stage" = manifests ]; then
      "$bin/servec" build "$source" -o "$work/dist" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; failed=1; }
      for env in "$work"/dist/*/kustomization.yaml; do
        [ -e "$env" ] || continue
        mkdir -p "$into/manifests"
        cp -r "$(dirname "$env")" "$into/manifests/"
      done
      rm -rf "$work/dist"
    else
      "$bin/servec" dump "$source" --stage "$stage" >"$into/$stage.txt" 2>"$work/err" \
        || { cat "$work/err" >&2; failed=1; }
    fi
  done
  # A plan's digest changes with every kernel.
  find "$into" -type f -exec sed -i -E 's/sha256-[0-9a-f]{64}/sha256-ROOT/g' {} +
}

for case in "$here"/*/; do
  case=${case%/}
  name=$(basename "$case")
  source="Tests/Golden/$name/main.serve"
  [ ! -f "$case/source" ] || source=$(cat "$case/source")
  into=$work/new/$name
  make_case "$case" "$source" "$into"
  if [ "$record" = --record ]; then
    find "$case" -mindepth 1 -maxdepth 1 \( -name '*.txt' -o -name manifests \) -exec rm -r {} +
    cp -r "$into/." "$case/"
    continue
  fi
  # The case's own inputs are not recorded.
  if ! diff -ru --exclude=main.serve --exclude=source --exclude=stages --exclude=models "$case" "$into" >"$work/diff"; then
    head -60 "$work/diff" >&2
    echo "$name: differs from what is recorded; if that is meant, make record" >&2
    failed=1
  fi
done

if [ "$record" = --record ]; then
  git -C "$root" status --short -- "$here"
  echo "recorded; look at the differences, then run again without --record" >&2
  exit 1
fi
[ $failed -ne 0 ] || echo "$(find "$here" -mindepth 1 -maxdepth 1 -type d | wc -l) cases are as recorded"
exit $failed
