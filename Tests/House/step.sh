#!/bin/bash
# step.sh NAME COMMAND... : runs a step of `make test`, saying what it is and how long it took.
name=$1
shift
echo "==> $name"
start=$SECONDS
"$@"
status=$?
if [ $status -eq 0 ]; then
  echo "    $name: passed in $((SECONDS - start)) s"
else
  echo "    $name: FAILED (exit $status) after $((SECONDS - start)) s" >&2
fi
exit $status
