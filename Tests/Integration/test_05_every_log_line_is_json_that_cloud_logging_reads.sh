. "$HERE/lib.sh"
echo '{"logging": {"successEvery": 1}}' >served.json
start --config served.json
trace=4bf92f3577b34da6a3ce929d0e0e4736
expect "a good request" "$(status POST /v1/recommender -d @"$REQUEST" -H "traceparent: 00-$trace-00f067aa0ba902b7-01")" 200
expect "a bad request" "$(status POST /v1/recommender -d '{"customer_id":1}')" 400
stop INT
expect "exit code" $code 0
python3 - $trace <<'PYTHON'
import json, sys
lines = [json.loads(line) for line in open("served.log")]
for line in lines:
    assert {"severity", "time", "message"} <= line.keys(), line
good, bad = [line for line in lines if "httpRequest" in line]
assert good["severity"] == "INFO" and good["httpRequest"]["status"] == 200, good
assert good["logging.googleapis.com/trace"] == sys.argv[1], good
assert good["logging.googleapis.com/labels"]["arm"], good
assert bad["severity"] == "WARNING" and "candidates: the field is missing" in bad["message"], bad
PYTHON
