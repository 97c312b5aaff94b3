. "$HERE/lib.sh"
. "$HERE/memory.sh"
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

service rank {
  pipeline = Rank
  batching { queue = 4 }
  placement { only node { cpu = 2 } }
}
END
# 32 bytes an element is what the largest body is computed with.
awk 'BEGIN {
  number = "1.00000000000000000000000000000"
  printf "{\"x\":[1,1,1,1,1,1,1,1,1],\"gain\":[%s", number
  for (i = 1; i < 400000; i++) printf ",%s", number
  printf "]}"
}' >body
length=$(stat -c %s body)
deploy
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
expect_filled
