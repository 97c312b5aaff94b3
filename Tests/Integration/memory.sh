# What the tests of the pod's memory request share: a service on a node of its own, and how much of its request it fills.

# deploy : gives the service of rank.serve a cluster, builds it and starts it as its pod would; sets requested, in MiB.
deploy() {
  cat >>rank.serve <<'END'
pool node { machine = "e2-standard-4" }
cluster here {
  provider  = gke
  image     = "served@sha256:0d1c9a4e2b7f5a6388c1f0e4d2b39a7c5e6f8091a2b3c4d5e6f708192a3b4c5d"
  artifacts = "/plans"
}
env test { cluster = here }
END
  "$SERVEC" build rank.serve -o dist >build.log 2>&1 || fail "$(cat build.log)"
  requested=$(sed -nE 's/.*memory: "([0-9]+)Mi".*/\1/p' dist/test/rank-deployment.yaml | head -1)
  "$SERVED" --plan dist/plans/*.plan --host 127.0.0.1 --http-port 0 --threads 2 >served.log 2>&1 &
  served_pid=$!
  await_ready
}

# expect_filled : the resident set was at most what the pod asks for, and at least nine tenths of it.
expect_filled() {
  peak=$(awk '/^VmHWM/ { print int(($2 + 1023) / 1024) }' "/proc/$served_pid/status")
  echo "resident: $peak MiB at most, of $requested MiB that the pod asks for"
  [ "$peak" -le "$requested" ] || fail "more than was asked for"
  [ $((10 * peak)) -ge $((9 * requested)) ] || fail "less than nine tenths of what was asked for"
}
