. "$HERE/lib.sh"
# The limit is on processor time, which what else the machine does changes little; the wall time is printed too. The
# server says how long it took to be ready, and the request is timed from here. The best of ten starts.
best=1000000000 wall=1000000000
for _ in $(seq 10); do
  start
  ready=$(sed -nE 's/.*"readySeconds":([0-9.e-]+).*/\1/p' served.log)
  answer=$(curl -sS -o body -w '%{time_total} %{http_code}' -d @"$REQUEST" "$url/v1/recommender")
  expect "status" "${answer#* }" 200
  spent=$(awk '{ sum += $1 } END { printf "%d", sum / 1000 }' /proc/"$served_pid"/task/*/schedstat)
  passed=$(awk -v a="$ready" -v b="${answer% *}" 'BEGIN { printf "%d", (a + b) * 1e6 }')
  stop INT
  [ "$spent" -ge "$best" ] || best=$spent
  [ "$passed" -ge "$wall" ] || wall=$passed
done
echo "from the start of the process to the first answer: $wall us, $best us of processor time"
[ "$best" -lt 100000 ] || fail "too dear"
