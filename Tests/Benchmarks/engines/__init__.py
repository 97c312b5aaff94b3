"""The engines that are compared: each makes a *runner* of a model, a batch and a number of threads.

A runner tells its `error(truth)`, is timed by `times(seconds)` (the median and the least of the runs, at least one, in
microseconds, from bound inputs to bound outputs) and is closed. An engine that does not take a model raises `Refused` with the reason.
"""

import statistics
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
        found = timed(self.run, seconds)
        return statistics.median(found), min(found)

    def close(self):
        self.run = self.read = self.keep = None


class Turns:
    """Several runners as one: its times are those of a run of each, one after the other."""

    def __init__(self, runners):
        self.runners = runners

    def error(self, truth):
        return max(runner.error(truth) for runner in self.runners)

    def difference(self):
        return next(filter(None, (runner.difference() for runner in self.runners)), "")

    def times(self, seconds):
        medians, minima = zip(*[runner.times(seconds / len(self.runners)) for runner in self.runners])
        return sum(medians), sum(minima)

    def close(self):
        for runner in self.runners:
            runner.close()
