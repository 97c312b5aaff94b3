. "$HERE/lib.sh"
# The best of five: what else the machine does is not served's.
best=1000000
for _ in 1 2 3 4 5; do
  begin=$(date +%s%N)
  start
  until [ "$(status POST /v1/recommender -d @"$REQUEST")" = 200 ]; do :; done
  microseconds=$((($(date +%s%N) - begin) / 1000))
  stop INT
  [ "$microseconds" -ge "$best" ] || best=$microseconds
done
echo "from exec to the first answer: $best us, the polling of this script and a start of curl included"
[ "$best" -lt 100000 ] || fail "too slow"
