#!/bin/bash
# binaries.sh DIR : what the release binaries link and hold.
#
# `served` must run in an image that has nothing but the C library, and must hold nothing of the compiler: the plan
# file is all that the two share.
set -euo pipefail
bin=$1
failed=0
fail() {
  echo "binaries: $*" >&2
  failed=1
}

compiler='ServeDiagnostics|ServeSyntax|ServeSema|KubernetesManifests|InferenceIR|ModelImport|PipelineLowering'
compiler+='|InferenceCompiler|CompilerDriver'

# A module's name in a mangled Swift symbol comes after its length: $s9ServeSema….
mangled=$(tr '|' '\n' <<<"$compiler" | while read -r name; do printf '%s%s|' "${#name}" "$name"; done)
symbols() { nm "$bin/$1" | grep -cE " \\\$s($2)" || true; }
for program in served serve-load; do
  found=$(symbols "$program" "${mangled%|}")
  [ "$found" -eq 0 ] || fail "$program holds $found symbols of the compiler"
done
for expected in served:10PlanFormat servec:9ServeSema; do
  [ "$(symbols "${expected%:*}" "${expected#*:}")" -gt 0 ] || fail "no symbol of $expected: this check sees nothing"
done

allowed='linux-vdso|libc\.so|libm\.so|libdl\.so|libpthread\.so|librt\.so|libgcc_s|libstdc\+\+|ld-linux|libz\.so'
for program in served servec serve-load; do
  [ -x "$bin/$program" ] || { fail "$program was not built"; continue; }
  extra=$(ldd "$bin/$program" | grep -vE "$allowed" | awk '{ print $1 }' | tr '\n' ' ' || true)
  case "$program:$extra" in
    *:) ;;
    servec:*) echo "note: servec needs $extra" ;;
    *) fail "$program needs $extra" ;;
  esac
done
exit $failed
