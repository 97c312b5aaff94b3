. "$HERE/lib.sh"
. "$HERE/memory.sh"
# Of a small model most of the request is room for clients: as many connections as requests may wait, each of which has
# asked, and on each event loop two bodies of the largest size that are still being read.
cp "$HERE/../Fixtures/onnx/mlp_matmul_opset8/model.onnx" .
cat >rank.serve <<'END'
serve 1
model Classifier { source = "model.onnx" }
service rank {
  model = Classifier
  batching { queue = 512 }
  placement { only node { cpu = 2 } }
}
END
deploy
# body LENGTH : a request with so many bytes, most of them spaces.
body() {
  local text='{"inputs":[{"name":"x","datatype":"FP32","shape":[1,9],"data":[1,2,3,4,5,6,7,8,9]}]'
  printf '%s%*s}' "$text" $(($1 - ${#text} - 1)) ''
}
# post CONNECTION LENGTH : sends the head of a request.
post() { printf 'POST /v2/models/rank/infer HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n' "$2" >&"$1"; }
connections=()
body 8192 >small
for _ in $(seq 512); do
  exec {connection}<>"/dev/tcp/127.0.0.1/$port"
  post "$connection" 8192
  cat small >&"$connection"
  connections+=("$connection")
done
for connection in "${connections[@]}"; do
  read -r line <&"$connection"
  expect "status" "${line%$'\r'}" "HTTP/1.1 200 OK"
done
bodies=()
body $((4 << 20)) >large
for _ in $(seq 4); do
  exec {connection}<>"/dev/tcp/127.0.0.1/$port"
  post "$connection" $((4 << 20))
  head -c $(((4 << 20) - 1)) large >&"$connection"
  bodies+=("$connection")
done
sleep 0.5
for connection in "${bodies[@]}"; do
  printf '}' >&"$connection"
  read -r line <&"$connection"
  expect "status" "${line%$'\r'}" "HTTP/1.1 200 OK"
done
expect_filled
