#!/bin/bash
# demo.sh BIN : builds this example with the programs in BIN, serves it on loopback, asks it to rank products, measures
# it, and stops. Needs bash and nothing else. `make demo` runs it.
set -euo pipefail
example=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
cd "$example/../.."
source="examples/recommender/recommender.serve"
golden="$example/golden"
service="recommender"
dist="dist"

work=$(mktemp -d)
served_pid=""
cleanup() {
  [ -z "$served_pid" ] || kill -KILL "$served_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() {
  echo "demo: $*" >&2
  [ ! -s "$work/served.log" ] || tail -5 "$work/served.log" >&2
  exit 1
}

# ask BODY_FILE : POSTs the file to the service; leaves the answer in $head and $body.
ask() {
  local length line
  length=$(wc -c <"$1")
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  {
    printf 'POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n' "$service"
    printf 'Content-Type: application/json\r\nContent-Length: %s\r\n\r\n' "$length"
    cat "$1"
  } >&3
  head=""
  while IFS= read -r line <&3 && line=${line%$'\r'} && [ -n "$line" ]; do head+="$line"$'\n'; done
  body=$(cat <&3)
  exec 3<&-
  case "$head" in "HTTP/1.1 200"*) ;; *) die "${head%%$'\n'*}: $body" ;; esac
}

# header NAME : a header of the last answer.
header() { sed -n "s/^$1: //Ip" <<<"$head"; }

# values NAME : the numbers of a list in the last answer, one a line.
values() { sed -E "s/.*\"$1\" *: *\[([^]]*)\].*/\1/" <<<"$body" | tr -d ' ' | tr ',' '\n'; }

# rank TITLE BODY_FILE : prints the ranked products and the arm, and sees to it that the customer stays on the arm.
rank() {
  local arm again
  ask "$2"
  arm=$(header serve-arm)
  say "$1: arm ${arm#*=} of experiment ${arm%%=*}"
  printf '  %4s  %-14s %9s %9s %8s\n' rank product category "price NT\$" score
  paste <(values items) <(values categories) <(values prices) <(values scores) \
    | awk '$1 != 0 { printf "  %4d  %-14s %9s %9.2f %8.4f\n", NR, $1, $2, $3, $4 }'
  for _ in 1 2 3 4 5 6 7 8 9; do
    ask "$2"
    again=$(header serve-arm)
    [ "$again" = "$arm" ] || die "the customer moved from $arm to $again"
  done
  echo "  the customer stayed on this arm in 10 of 10 requests"
}

say "Checking $source"
"$bin/servec" check "$source"

say "Building it: a plan, and manifests for each environment"
"$bin/servec" build "$source" -o "$dist"
deployment="$dist/dev/$service-deployment.yaml"
plan="$dist/plans/$(sed -n 's/.*servec\/plan: \(sha256-[0-9a-f]*\).*/\1/p' "$deployment" | head -1).plan"
[ -f "$plan" ] || die "no plan $plan"

say "Serving it"
"$bin/served" --plan "$plan" --http-port 0 --store "shop=$example/shop.sqlite" >"$work/served.log" 2>&1 &
served_pid=$!
port=""
for _ in $(seq 200); do
  # It says its port when it listens, and how long it took when it is ready.
  port=$(sed -nE 's/.*"port" ?: ?"?([0-9]+).*/\1/p' "$work/served.log" | head -1)
  ready=$(sed -nE 's/.*"readySeconds" ?: ?([0-9.e-]+).*/\1/p' "$work/served.log" | head -1)
  # The line may have come between the two reads.
  [ -z "$port" ] || [ -z "$ready" ] || break
  kill -0 "$served_pid" 2>/dev/null || die "served ended before it was ready"
  sleep 0.05
done
[ -n "$port" ] && [ -n "$ready" ] || die "served did not become ready"
url="http://127.0.0.1:$port/v1/$service"
printf '  %s, ready %.0f ms after its start\n' "$url" "$(awk "BEGIN { print $ready * 1000 }")"

rank "A known customer" "$golden/request.json"
rank "Another known customer" "$golden/request_treatment.json"
rank "An unknown customer" "$golden/request_unknown.json"

say "A short burst: 16 connections, 50 candidates a request"
"$bin/serve-load" --url "$url" --connections 16 --seconds 3 --body-file "$golden/request.json"

kill -TERM "$served_pid"
wait "$served_pid" || die "served ended with exit code $?"
served_pid=""

say "What was built"
echo "  plan       $plan ($(($(wc -c <"$plan") / 1024)) KiB)"
for env in "$dist"/*/kustomization.yaml; do
  env=$(dirname "$env")
  echo "  manifests  $env ($(find "$env" -name '*.yaml' ! -name kustomization.yaml | wc -l) objects; kubectl apply -k $env)"
done
