"""The engines that are compared: each makes a *runner* of a model, a batch and a number of threads.

A runner tells its `error(truth)`, is timed by `times(seconds)` (microseconds of each run, at least one, from bound
inputs to bound outputs) and is closed. An engine that does not take a model raises `Refused` with the reason.
"""

import time

from reference import relative_error


class Refused(Exception):
    pass


def timed(run, seconds):
    """Microseconds of each call of `run` within the time, at least one."""
    clock, times = time.perf_counter_ns, []
    end = clock() + int(seconds * 1e9)
    while True:
        start = clock()
        run()
        stop = clock()
        times.append((stop - start) / 1e3)
        if stop >= end:
            return times


class InProcess:
    """A runner of a library in this process: `run()` computes into bound memory, `read()` gives the outputs."""

    def __init__(self, run, read, keep=()):
        self.run, self.read, self.keep = run, read, keep
        self.run()

    def error(self, truth):
        self.run()
        return relative_error(self.read(), truth)

    def times(self, seconds):
        return timed(self.run, seconds)

    def close(self):
        self.run = self.read = self.keep = None
