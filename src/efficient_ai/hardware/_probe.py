"""Runs in a process of its own, started by `local` with its threads set; reads JSON from argv, writes JSON.

It must not import the package: the number of BLAS threads is decided when NumPy loads.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter_ns

import numpy as np

MIN_RUNS, MAX_RUNS = 5, 1000


def timed(call, seconds):
    """Times of single calls in ns, after one that warms up, until the time is over."""
    call()
    end = perf_counter_ns() + int(seconds * 1e9)
    times = []
    while len(times) < MIN_RUNS or (perf_counter_ns() < end and len(times) < MAX_RUNS):
        start = perf_counter_ns()
        call()
        times.append(perf_counter_ns() - start)
    return times


def gemm(n, dtype, seconds):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((n, n)).astype(dtype) for _ in range(2))
    out = np.empty((n, n), dtype)
    return timed(lambda: np.matmul(a, b, out=out), seconds)


def copy(buffer_bytes, threads, seconds):
    """A copy from one buffer to another, a slice a thread; NumPy releases the interpreter lock while it copies."""
    source = np.ones(buffer_bytes // 8, np.float64)
    target = np.zeros_like(source)
    slices = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        return timed(lambda: list(pool.map(lambda pair: np.copyto(*pair), slices)), seconds)


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    json.dump({"gemm": gemm, "copy": copy}[request.pop("probe")](**request), sys.stdout)
