"""Starts the servers that are compared, waits until they are ready, asks them and ends them."""

import http.client
import os
import pathlib
import shlex
import socket
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
PEERS = {
    "FastAPI, pydantic, 1 worker": ("fastapi_pydantic", 1),
    "FastAPI, pydantic, 2 workers": ("fastapi_pydantic", 2),
    "FastAPI, orjson, 1 worker": ("fastapi_orjson", 1),
    "FastAPI, orjson, 2 workers": ("fastapi_orjson", 2),
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A child process listening on `port`; the command's `{port}` is replaced by it."""

    def __init__(self, name, command, ready, folder=None, output=subprocess.DEVNULL):
        self.name, self.ready, self.port = name, ready, free_port()
        # One thread each for numpy's BLAS and OpenMP: the workers are the parallelism.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        words = [word.replace("{port}", str(self.port)) for word in command]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            words, env=environment, stdout=output, stderr=subprocess.DEVNULL, cwd=folder
        )

    @staticmethod
    def peer(name):
        module, workers = PEERS[name]
        command = [
            sys.executable, "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1", "--port", "{port}", "--workers",
            str(workers), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error",
        ]
        return Server(name, command, "/ready", FOLDER / "peers")

    @staticmethod
    def served(command, output=subprocess.DEVNULL):
        return Server("served", shlex.split(command), "/v2/health/ready", output=output)

    def wait(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode} before it was ready")
            try:
                if self.request("GET", self.ready)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise SystemExit(f"{self.name} is not ready after {seconds} s")

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
