"""Requests per second and latency of served beside FastAPI servers that do the same work.

    python Tests/Benchmarks/serving.py --served '.build/release/served --plan P --http-port {port} --store shop=S'

All servers run at once; rounds visit them in turn with the same load (wrk, else serve-load) and the same varied
requests. Their answers are compared first. Without --served only the peers are measured.
"""

import argparse
import json
import pathlib
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile

import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples/recommender/shop.sqlite"
PATH = "/v1/recommender"
SCRIPT = """
local bodies, index = {}, 0
for line in io.lines("%s") do
  bodies[#bodies + 1] = wrk.format("POST", "%s", {["Content-Type"]="application/json"}, line)
end
request = function() index = index %% #bodies + 1; return bodies[index] end
done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('RESULT {"rps": %%f, "p50": %%f, "p99": %%f, "bad": %%d}\\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99), bad))
end
"""


def requests(count, candidates, seed=4):
    """Bodies for known customers and, one in ten, unknown ones: products of the whole catalog."""
    connection = sqlite3.connect(f"file:{SHOP}?mode=ro&immutable=1", uri=True)
    customers = [row[0] for row in connection.execute("SELECT customer_id FROM customers")]
    products = [row[0] for row in connection.execute("SELECT product_id FROM products")]
    chance = random.Random(seed)
    for _ in range(count):
        customer = chance.choice(customers) if chance.random() < 0.9 else chance.randrange(90_000_000, 99_000_000)
        yield json.dumps({"customer_id": customer, "candidates": chance.sample(products, candidates)})


def disagreement(ours, theirs):
    """Why two answers to one request differ beyond rounding, or None."""
    if ours["model"] != theirs["model"]:
        return f"arms {ours['model']} and {theirs['model']}"
    close = lambda a, b: abs(a - b) <= 1e-6 + 1e-5 * abs(b)
    if len(ours["scores"]) != 10 or not all(map(close, ours["scores"], theirs["scores"])):
        return f"scores {ours['scores']} and {theirs['scores']}"
    details = lambda answer: {
        item: rest for item, *rest in zip(answer["items"], answer["scores"], answer["categories"], answer["prices"])
    }
    left, right = details(ours), details(theirs)
    for item in left.keys() | right.keys():
        if item not in left or item not in right:  # only equal scores may change places at the end of the list
            if not close((left.get(item) or right[item])[0], theirs["scores"][-1]):
                return f"item {item} is in one answer only"
        elif left[item][1] != right[item][1] or not close(left[item][2], right[item][2]):
            return f"item {item}: {left[item]} and {right[item]}"
    return None


def check_agreement(running, bodies):
    reference = running[0]
    for body in bodies:
        expected = json.loads(reference.request("POST", PATH, body)[1])
        for server in running[1:]:
            problem = disagreement(json.loads(server.request("POST", PATH, body)[1]), expected)
            if problem:
                raise SystemExit(f"{server.name} and {reference.name} disagree on {body}:\n{problem}")


def load(server, bodies, script, connections, seconds, generator):
    """{rps, p50, p99 in us, bad} of one run of the load generator."""
    address = f"http://127.0.0.1:{server.port}"
    if generator:
        command = [generator, "--url", address + PATH, "--bodies", bodies]
        command += ["--connections", connections, "--seconds", seconds, "--format", "json"]
    else:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script, address]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    found = re.search(r"(\{.*\})", result.stdout)
    if not found:
        raise SystemExit(f"no result from {command}:\n{result.stdout}{result.stderr}")
    return json.loads(found.group(1))


def table(samples, served):
    print("| server | requests/s | p50 ms | p99 ms |" + (" served / it |" if served else ""))
    print("|---|---|---|---|" + ("---|" if served else ""))
    for name, rounds in samples.items():
        median = {key: statistics.median(r[key] for r in rounds) for key in ("rps", "p50", "p99")}
        row = f"| {name} | {median['rps']:,.0f} | {median['p50'] / 1e3:.2f} | {median['p99'] / 1e3:.2f} |"
        if served:
            ratio = statistics.median(a["rps"] / b["rps"] for a, b in zip(samples["served"], rounds))
            row += f" {ratio:.1f}x |"
        bad = sum(r["bad"] for r in rounds)
        print(row + (f" {bad} failed requests" if bad else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--served", help="command line with {port}")
    parser.add_argument("--serve-load", help="our own load generator, where wrk is missing")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not shutil.which("wrk") and not options.serve_load:
        raise SystemExit("neither wrk nor --serve-load PATH")
    generator = None if shutil.which("wrk") else options.serve_load

    running = [servers.Server.served(options.served)] if options.served else []
    try:
        running += [servers.Server.peer(name) for name in servers.PEERS]
        with tempfile.TemporaryDirectory() as folder:
            bodies, script = pathlib.Path(folder) / "bodies.jsonl", pathlib.Path(folder) / "load.lua"
            texts = list(requests(512, options.candidates))
            bodies.write_text("\n".join(texts) + "\n")
            script.write_text(SCRIPT % (bodies, PATH))
            for server in running:
                server.wait()
            check_agreement(running, texts[:64])
            run = lambda server, seconds: load(server, bodies, script, options.connections, seconds, generator)
            for server in running:
                run(server, 1)
            samples = {server.name: [] for server in running}
            for _ in range(options.rounds):
                for server in running:
                    samples[server.name].append(run(server, options.seconds))
        print(f"{options.candidates} candidates a request, {options.connections} connections,"
              f" {options.rounds} rounds of {options.seconds} s, medians; 64 answers compared\n")
        table(samples, bool(options.served))
    finally:
        for server in running:
            server.stop()


if __name__ == "__main__":
    main()
