"""One file, timed in the ways in which people time: what each of them would report, against a warm median."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import Worker
from efficient_ai.measure.background import background_load
from efficient_ai.measure.latency import RESAMPLES
from efficient_ai.measure.memory import once
from efficient_ai.records import Interval, Variant

WAYS = ("warm", "again", "first", "load and first", "program", "busy", "busy, all threads", "all threads")
STATISTICS: Mapping[str, Callable[..., np.ndarray]] = {
    "median": np.median,
    "mean": np.mean,
    "p99": lambda values, axis: np.percentile(values, 99, axis=axis),
}


@dataclass(frozen=True)
class TimedWays:
    """Milliseconds by way, each shaped (rounds, runs a round); the ways had their turns round by round.

    "warm" is the book's own way and "again" the same once more; "first" is the first inference of a new interpreter,
    "load and first" with loading the file, "program" a process that starts, loads, runs once and ends. "busy" is warm
    beside a program of ours on each core; "all threads" gives an inference as many threads as there are cores.
    """

    engine: str
    cpu: str
    cores: int
    samples_ms: Mapping[str, np.ndarray]

    def value_ms(self, way: str, statistic: str = "median") -> float:
        """What that way reports."""
        return float(STATISTICS[statistic](self.samples_ms[way], axis=None))

    def off(self, way: str, statistic: str = "median", *, than: str = "warm", seed: int = 0) -> Interval:
        """How many times the median of `than` a way's statistic is, with its 95% bootstrap interval.

        As in `measure.ratio`, the rounds are drawn once for both sides, and the runs within each round independently;
        here the two sides may have different numbers of runs.
        """
        rng = np.random.default_rng(seed)
        ours, theirs = self.samples_ms[way], self.samples_ms[than]
        drawn = rng.integers(len(ours), size=(RESAMPLES, len(ours), 1))

        def resampled(samples: np.ndarray) -> np.ndarray:
            runs = rng.integers(samples.shape[1], size=(RESAMPLES, len(samples), samples.shape[1]))
            return samples[drawn, runs].reshape(RESAMPLES, -1)

        found = STATISTICS[statistic](resampled(ours), axis=1) / np.median(resampled(theirs), axis=1)
        low, high = np.percentile(found, [2.5, 97.5])
        return Interval(self.value_ms(way, statistic) / self.value_ms(than), float(low), float(high))


def timed_ways(
    variant: Variant, *, rounds: int = 8, runs: int = 100, engine: str = "litert", seed: int = 0
) -> TimedWays:
    """Time a file in each of `WAYS`, in turn; for a fifth of the time the machine is kept busy on purpose.

    Args:
        variant: A .tflite file.
        rounds: How often every way has its turn, at least 2.
        runs: Timed inferences a round of the warm ways, at least 1; the cold ones have one a round.
        engine: One of the .tflite family.
        seed: Decides the order of the turns.

    Raises:
        ValueError: If a number is too small, or the engine is no interpreter of .tflite files.
        EngineMissing: If it isn't installed.
        BadModel: If it refuses the file.
    """
    if rounds < 2 or runs < 1:
        raise ValueError(f"rounds must be at least 2 and runs at least 1, got {rounds} and {runs}")
    machine = cache.machine()
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    order = random.Random(seed)
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="efficient-ai-ways-")), "model.tflite")
        path.write_bytes(variant.content)
        once(path, engine)  # from now on the system has the program's files in memory
        one = stack.enter_context(Worker(engine, threads=1))
        every = stack.enter_context(Worker(engine, threads=machine.cores))
        fresh = stack.enter_context(Worker(engine, threads=1))
        held = {worker: worker.load(variant.content).model for worker in (one, every)}

        def warm(worker: Worker) -> list[float]:
            return worker.time(runs, warmup=max(1, runs // 10), model=held[worker])

        def load_and_first() -> tuple[float, float]:
            began = time.perf_counter_ns()
            model = fresh.load(variant.content).model
            first = fresh.time(1, model=model)[0]
            return first, (time.perf_counter_ns() - began) / 1e6

        def program() -> list[float]:
            began = time.perf_counter_ns()
            once(path, engine)
            return [(time.perf_counter_ns() - began) / 1e6]

        turns = {"warm": lambda: warm(one), "again": lambda: warm(one), "all threads": lambda: warm(every)}
        turns["program"] = program
        warm(one)
        warm(every)
        for _ in range(rounds):
            for way in order.sample(sorted(turns), len(turns)):
                found[way].append(turns[way]())
            first, loaded = load_and_first()
            found["first"].append([first])
            found["load and first"].append([loaded])
            with background_load(processes=machine.cores):
                found["busy"].append(warm(one))
                found["busy, all threads"].append(warm(every))
    arrays = {way: np.array(samples) for way, samples in found.items()}
    return TimedWays(engine, machine.cpu, machine.cores, arrays)
