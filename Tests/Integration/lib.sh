# What the tests share. A server that a test starts ends with the test.
served_pid=""
trap '[ -z "$served_pid" ] || kill -KILL "$served_pid" 2>/dev/null || true' EXIT

# start [ARGUMENT...] : starts served on a free port and waits until it is ready; sets served_pid, port and url.
start() {
  # An old log would say an old port.
  rm -f served.log
  "$SERVED" --plan "$PLAN" --store "$STORE" --host 127.0.0.1 --http-port 0 "$@" >served.log 2>&1 &
  served_pid=$!
  await_ready
}

# await_ready : waits until the served that was just started is ready; sets port and url.
await_ready() {
  for _ in $(seq 500); do
    port=$(sed -nE 's/.*"port":([0-9]+).*/\1/p' served.log 2>/dev/null || true)
    if [ -n "$port" ]; then
      url=http://127.0.0.1:$port
      return
    fi
    kill -0 "$served_pid" 2>/dev/null || fail "served ended: $(cat served.log)"
    sleep 0.02
  done
  fail "served is not ready: $(cat served.log)"
}

# stop SIGNAL : ends the server; sets code to its exit code.
stop() {
  kill "-$1" "$served_pid"
  code=0
  wait "$served_pid" || code=$?
  served_pid=""
}

# status METHOD PATH [CURL ARGUMENT...] : prints the status of an answer.
status() { curl -sS -o body -w '%{http_code}' -X "$1" "$url$2" "${@:3}"; }

fail() {
  echo "$*" >&2
  exit 1
}

# expect WHAT ACTUAL EXPECTED
expect() { [ "$2" = "$3" ] || fail "$1: expected $3, got $2"; }
