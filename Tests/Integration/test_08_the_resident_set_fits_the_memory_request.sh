. "$HERE/lib.sh"
# A service whose arena and bodies are large beside the program, so that most of the request is memory that can be filled:
# both event loops compute with the largest dimensions, and then read two bodies of the largest size at a time.
cp "$HERE/../Fixtures/onnx/mlp_matmul_opset8/model.onnx" .
cat >rank.serve <<'END'
serve 1

dim cand = 1...400_000

model Classifier {
  signature {
    in  x             : f32[rows, 9]
    out probabilities : f32[rows, 3]
  }
  source = "model.onnx"
}

record Request {
  x    : f32[9]
  gain : f32[cand]
}
record Response { best : f32 }

pipeline Rank(req: Request) -> Response using classifier: Classifier {
  out = classifier(x: expand(req.x, cand) * reshape(req.gain, [cand, 1]))
  top = top_k(max(out.probabilities, axis: 1), k: 1, pad: 0)
  return Response { best = sum(top.value, axis: 0) }
}

pool node { machine = "e2-standard-4" }
cluster here {
  provider  = gke
  image     = "served@sha256:0d1c9a4e2b7f5a6388c1f0e4d2b39a7c5e6f8091a2b3c4d5e6f708192a3b4c5d"
  artifacts = "/plans"
}

service rank {
  pipeline = Rank
  batching { queue = 4 }
  placement { only node { cpu = 2 } }
}
env test { cluster = here }
END
"$SERVEC" build rank.serve -o dist >build.log 2>&1 || fail "$(cat build.log)"
requested=$(sed -nE 's/.*memory: "([0-9]+)Mi".*/\1/p' dist/test/rank-deployment.yaml | head -1)

# 32 bytes an element is what the largest body is computed with.
awk 'BEGIN {
  number = "1.00000000000000000000000000000"
  printf "{\"x\":[1,1,1,1,1,1,1,1,1],\"gain\":[%s", number
  for (i = 1; i < 400000; i++) printf ",%s", number
  printf "]}"
}' >body
length=$(stat -c %s body)
"$SERVED" --plan dist/plans/*.plan --host 127.0.0.1 --http-port 0 --threads 2 >served.log 2>&1 &
served_pid=$!
await_ready
idle=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$served_pid/status")
# ask COUNT : on so many new connections, which are dealt to the loops in turn, sends a body each, all but the last byte;
# when all wait, sends that and expects the answers.
ask() {
  local connections=() connection line
  for _ in $(seq "$1"); do
    exec {connection}<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /v1/rank HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n' "$length" >&"$connection"
    head -c $((length - 1)) body >&"$connection"
    connections+=("$connection")
  done
  for connection in "${connections[@]}"; do
    printf '}' >&"$connection"
    read -r line <&"$connection"
    expect "status" "${line%$'\r'}" "HTTP/1.1 200 OK"
  done
}
ask 2
ask 4
peak=$(awk '/^VmHWM/ { print int(($2 + 1023) / 1024) }' "/proc/$served_pid/status")
echo "resident: $idle MiB when ready, $peak MiB at most, of $requested MiB that the pod asks for"
[ "$peak" -le "$requested" ] || fail "more than was asked for"
[ $((10 * peak)) -ge $((9 * requested)) ] || fail "less than nine tenths of what was asked for"
