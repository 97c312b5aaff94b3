#!/bin/sh
# venv.sh FOLDER REQUIREMENTS : makes a Python virtual environment with pinned packages, or brings one up to date.
set -eu
[ -x "$1/bin/python" ] || python3 -m venv "$1"
if ! cmp -s "$2" "$1/installed.txt"; then
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2" >&2
  cp "$2" "$1/installed.txt"
fi
