. "$HERE/lib.sh"
# run CODE WORDS ARGUMENT... : served must end with this code and say this.
run() {
  code=0
  timeout 10 "$SERVED" --host 127.0.0.1 --http-port 0 "${@:3}" >log 2>error || code=$?
  expect "exit code of ${*:3}" $code "$1"
  grep -q -- "$2" error || fail "'$2' is not in: $(cat error)"
}
run 2 "--plan is missing" --threads 2
run 2 "there is no option '--thread'" --plan "$PLAN" --thread 2
run 2 "--threads takes a value" --plan "$PLAN" --threads
run 2 "--http-port is a number from 0 to 65535" --plan "$PLAN" --http-port 70000
run 2 "--store takes NAME=PATH" --plan "$PLAN" --store shop
run 1 "the plan has no store 'other'" --plan "$PLAN" --store other=x
run 1 "cannot open /nowhere.sqlite" --plan "$PLAN" --store shop=/nowhere.sqlite
echo '{"httpPort": 1, "colour": "red"}' >served.json
run 1 "there is no key 'colour'" --plan "$PLAN" --config served.json
start
run 5 "cannot listen on 127.0.0.1:$port" --plan "$PLAN" --http-port "$port"
