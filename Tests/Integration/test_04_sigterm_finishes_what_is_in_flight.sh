. "$HERE/lib.sh"
echo '{"drainMilliseconds": 4000, "logging": {"successEvery": 1}}' >served.json
start --config served.json
# A request whose body comes slowly is in flight when the signal comes.
size=$(wc -c <"$REQUEST")
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /v1/recommender HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n' "$size" >&3
sleep 0.2
kill -TERM "$served_pid"
sleep 0.3
expect "readiness while draining" "$(status GET /readyz)" 503
expect "a request while endpoints forget the pod" "$(status POST /v1/recommender -d @"$REQUEST")" 200
cat "$REQUEST" >&3
read -r -t 5 line <&3
expect "the answer in flight" "${line%$'\r'}" "HTTP/1.1 200 OK"
cat <&3 | grep -qi '^connection: close' || fail "the connection is not closed"
code=0
wait "$served_pid" || code=$?
served_pid=""
expect "exit code" $code 0
grep -q '"message":"draining"' served.log || fail "no line says that it drains"
grep -q '"message":"stopped"' served.log || fail "no line says that it stopped"
