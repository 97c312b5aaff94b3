. "$HERE/lib.sh"
size=$(wc -c <"$PLAN")
cp "$PLAN" damaged.plan
printf '\x5a\x5a' | dd of=damaged.plan bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
head -c $((size - 1)) "$PLAN" >short.plan
: >empty.plan
for plan in damaged.plan short.plan empty.plan missing.plan; do
  code=0
  "$SERVED" --plan $plan --store "$STORE" --host 127.0.0.1 --http-port 0 >log 2>error || code=$?
  expect "exit code for $plan" $code 1
  expect "lines on standard error for $plan" "$(wc -l <error)" 1
  grep -q '^served: ' error || fail "$(cat error)"
done
