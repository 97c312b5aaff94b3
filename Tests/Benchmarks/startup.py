"""From exec of served to its first correct answer, beside creating an onnxruntime session of the same models.

    python Tests/Benchmarks/startup.py --served '.build/release/served --plan P --http-port {port} --store shop=S'
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import servers
import serving

EXAMPLE = serving.ROOT / "examples/recommender"
SESSION = """
import sys, time
start = time.perf_counter()
import onnxruntime
imported = time.perf_counter()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
for path in sys.argv[1:]:
    onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
print((time.perf_counter() - imported) * 1e3, (time.perf_counter() - start) * 1e3)
"""


def first_answer(command, body, expected):
    """Milliseconds until a request gets the expected answer."""
    server = servers.Server.served(command)
    try:
        while time.perf_counter() - server.started < 30:
            if server.process.poll() is not None:
                raise SystemExit(f"served ended with {server.process.returncode}")
            try:
                status, answer = server.request("POST", serving.PATH, body)
                if status == 200:
                    elapsed = (time.perf_counter() - server.started) * 1e3
                    problem = serving.disagreement(json.loads(answer), expected)
                    if problem:
                        raise SystemExit(f"served answers wrongly: {problem}")
                    return elapsed
            except OSError:
                pass
            time.sleep(0.0005)
        raise SystemExit("served gives no answer in 30 s")
    finally:
        server.stop()


def row(name, times):
    print(f"| {name} | {statistics.median(times):.1f} | {min(times):.1f} | {max(times):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--served", help="command line with {port}")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    body = (EXAMPLE / "golden/request.json").read_text()
    expected = json.loads((EXAMPLE / "golden/response.json").read_text())
    models = [str(EXAMPLE / "models" / name) for name in ("v1_trees.onnx", "v2_neural.onnx")]
    ours, sessions, processes = [], [], []
    for _ in range(options.runs):
        if options.served:
            ours.append(first_answer(options.served, body, expected))
        output = subprocess.run([sys.executable, "-c", SESSION, *models], capture_output=True, text=True, check=True)
        session, process = map(float, output.stdout.split())
        sessions.append(session)
        processes.append(process)
    print(f"{options.runs} runs in turn, files in the page cache\n")
    print("| what | median ms | min | max |\n|---|---|---|---|")
    if ours:
        row("served: exec to first correct answer, both arms loaded", ours)
    row("onnxruntime: sessions of both models", sessions)
    row("onnxruntime: import and sessions", processes)


if __name__ == "__main__":
    main()
