"""This machine measured: the rate of a matrix product and the bandwidth of memory.

Each measurement runs in a process of its own, so that its number of threads is certain.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from efficient_ai import cache
from efficient_ai.errors import EfficientAIError

DTYPES = ("float32", "float64")
MAX_SECONDS = 3.0
_PROBE = Path(__file__).with_name("_probe.py")
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_SMALLEST_BUFFER_BYTES = 256 * 2**20


class MeasurementFailed(EfficientAIError):
    """The process that measures ended with an error; the message holds its last line."""


@dataclass(frozen=True)
class ComputeRate:
    """Rate of an n × n matrix product in NumPy: 2 n³ operations a product, over `runs` products."""

    best_flop_per_s: float
    median_flop_per_s: float
    dtype: str
    n: int
    threads: int
    runs: int
    cpu: str


@dataclass(frozen=True)
class Bandwidth:
    """Bandwidth of memory: a buffer of `buffer_bytes` copied to another, bytes read and bytes written counted.

    The lines that a write first fetches into the cache, where the processor does so, are not counted.
    """

    best_bytes_per_s: float
    median_bytes_per_s: float
    buffer_bytes: int
    threads: int
    runs: int
    cpu: str


def gemm_rate(*, n: int = 1024, dtype: str = "float32", threads: int = 1, seconds: float = 1.0) -> ComputeRate:
    """Measure how fast this machine multiplies matrices.

    Args:
        n: Side of the square matrices.
        dtype: `"float32"` or `"float64"`; NumPy has no fast product of integers.
        threads: Threads of the BLAS library, at least 1.
        seconds: How long to measure, up to 3; at least five products are timed, after one that warms up.

    Returns:
        Best and median rate in operations a second.

    Raises:
        ValueError: If an argument is out of range.
        MeasurementFailed: If the measuring process fails.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    _at_least_one("n", n)
    times_ns = _run({"probe": "gemm", "n": n, "dtype": dtype}, threads, seconds)
    best, middle = _rates(2 * n**3, times_ns)
    return ComputeRate(best, middle, dtype, n, threads, len(times_ns), cache.machine().cpu)


def memory_bandwidth(*, buffer_bytes: int | None = None, threads: int = 1, seconds: float = 1.0) -> Bandwidth:
    """Measure the bandwidth of this machine's memory with a copy.

    Args:
        buffer_bytes: Size of the source (the target is as large), a multiple of 8 and at least four times the last
            level of cache where that is known; None for 256 MiB, or for that least size where it is more.
        threads: Threads that copy, each a slice of its own; at least 1.
        seconds: How long to measure, up to 3; at least five copies are timed, after one that warms up.

    Returns:
        Best and median bandwidth in bytes a second, reads and writes together.

    Raises:
        ValueError: If an argument is out of range, or the buffer would fit in the cache.
        MeasurementFailed: If the measuring process fails.
    """
    least = 4 * (last_level_cache_bytes() or 0)
    size = max(_SMALLEST_BUFFER_BYTES, least) if buffer_bytes is None else buffer_bytes
    if size < max(least, 8) or size % 8:
        raise ValueError(f"buffer_bytes must be a multiple of 8 and at least {max(least, 8)} here, got {size}")
    times_ns = _run({"probe": "copy", "buffer_bytes": size, "threads": threads}, threads, seconds)
    best, middle = _rates(2 * size, times_ns)
    return Bandwidth(best, middle, size, threads, len(times_ns), cache.machine().cpu)


def last_level_cache_bytes() -> int | None:
    """Size of the largest cache of the first core, from Linux's description of it; None where there is none."""
    sizes = []
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        unit = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:])
        if unit and text[:-1].isdigit():
            sizes.append(int(text[:-1]) * unit)
    return max(sizes, default=None)


def _rates(amount: float, times_ns: list[int]) -> tuple[float, float]:
    """Best and median amount a second."""
    return amount / (min(times_ns) * 1e-9), amount / (median(times_ns) * 1e-9)


def _run(request: dict[str, Any], threads: int, seconds: float) -> list[int]:
    _at_least_one("threads", threads)
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"seconds must be above 0 and at most {MAX_SECONDS:g}, got {seconds}")
    command = [sys.executable, "-P", str(_PROBE), json.dumps({**request, "seconds": seconds})]
    environment = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MeasurementFailed(f"measuring {request['probe']} failed with exit code {done.returncode}: {last}")
    return json.loads(done.stdout)


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
