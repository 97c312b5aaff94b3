#!/bin/bash
# run.sh TARGET SECONDS : builds the libFuzzer harness in Tests/Fuzz/<target>/ and runs it for that long.
#
# A target is a folder with
#   *.swift   the harness, which defines LLVMFuzzerTestOneInput
#   modules   the modules it needs, one a line, each after the ones it imports
#   seeds     the files to start from, one shell pattern a line, relative to the repository (optional)
#   options   more arguments for libFuzzer, such as -max_len=4096 (optional)
#
# What was found stays in .build/fuzz/<target>/: corpus/ has every input that reached new code, and an input that
# crashed, hung or took too much memory lies beside it. The exit status is not 0 if there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1 seconds=$2
here=Tests/Fuzz/$target
out=.build/fuzz/$target
[ -d "$here" ] || { echo "no such target: $target (there are: $(cd Tests/Fuzz && ls -d */ | tr -d /))" >&2; exit 2; }
mkdir -p "$out/corpus" "$out/seeds"

# Each module is compiled by itself, as in the package, with coverage for the fuzzer and optimised.
flags=(-O -swift-version 6 -package-name servec -I "$out" -sanitize=fuzzer,address -parse-as-library -use-ld=lld
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility)
objects=()
for module in $(cat "$here/modules"); do
  if [ -d "Sources/$module/include" ]; then
    # A C target: a module map over its headers, and its files with the same coverage and checks.
    { echo "module $module {"; printf '  header "%s"\n' "$PWD/Sources/$module"/include/*.h; echo "  export *"; echo "}"; } \
      >"$out/$module.modulemap"
    flags+=(-Xcc "-fmodule-map-file=$out/$module.modulemap")
    for file in "Sources/$module"/*.c; do
      object=$out/$module-$(basename "$file").o
      clang -O2 -fsanitize=fuzzer-no-link,address -I "Sources/$module/include" -c "$file" -o "$object"
      objects+=("$object")
    done
    continue
  fi
  swiftc "${flags[@]}" -wmo -emit-module -emit-module-path "$out/$module.swiftmodule" -module-name "$module" \
    -emit-object -o "$out/$module.o" $(find "Sources/$module" -name '*.swift' | sort)
  objects+=("$out/$module.o")
done
swiftc "${flags[@]}" -module-name Fuzz -o "$out/fuzz" "$here"/*.swift "${objects[@]}"

if [ -f "$here/seeds" ]; then
  while read -r pattern; do
    for file in $pattern; do cp "$file" "$out/seeds/$(echo "$file" | tr / _)"; done
  done <"$here/seeds"
fi
options=()
[ ! -f "$here/options" ] || read -r -a options <"$here/options"
exec "$out/fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$out/" ${options[@]+"${options[@]}"} "$out/corpus" "$out/seeds"
