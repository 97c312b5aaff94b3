#!/bin/sh
# venv.sh FOLDER REQUIREMENTS [ALONE] : makes a Python virtual environment with pinned packages, or brings it up to
# date. Those listed in the file ALONE are installed without what they depend on.
set -eu
folder=$1
shift
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
if ! cat "$@" | cmp -s - "$folder/installed.txt"; then
  pip="$folder/bin/pip install --quiet --disable-pip-version-check"
  $pip -r "$1" >&2
  [ $# -lt 2 ] || $pip --no-deps -r "$2" >&2
  cat "$@" >"$folder/installed.txt"
fi
