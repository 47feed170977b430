"""Latency, compared fairly: every variant is timed again and again in turn, so a slow minute falls on all of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import DELEGATES, EngineFailed, Loaded, Worker, available, missing_row
from efficient_ai.engines.registry import check_name
from efficient_ai.errors import BadModel
from efficient_ai.measure.stable import Stable
from efficient_ai.records import EngineMissingRow, FailedRow, Interval, LatencyStats, RefusedRow, Variant

ROUNDS = 10
FEWEST_RUNS = 50
RESAMPLES = 2_000
Row = LatencyStats | EngineMissingRow | RefusedRow | FailedRow


@dataclass(frozen=True)
class _Contender:
    variant: Variant
    stable: Stable
    loaded: Loaded


def check(runs: int, rounds: int, warmup: int) -> None:
    """Raise ValueError unless the numbers suit a comparison."""
    if runs < FEWEST_RUNS:
        raise ValueError(f"runs must be at least {FEWEST_RUNS}, got {runs}")
    if rounds < 1 or runs % rounds:
        raise ValueError(f"runs must be a multiple of rounds, got {runs} runs and {rounds} rounds")
    if warmup < 0:
        raise ValueError(f"warmup must not be negative, got {warmup}")


def in_turn(
    timers: Mapping[Any, Callable[[int, int], list[float]]],
    *,
    runs: int,
    warmup: int,
    rounds: int,
    seed: int,
    fallen: dict[Any, EngineFailed] | None = None,
) -> dict[Any, list[float]]:
    """Call timers round by round, in each round all of them in an order shuffled anew.

    Args:
        timers: By key; each takes a number of runs and of warm-ups and gives milliseconds.
        runs: Of each in all.
        warmup: Before the first; a fifth of it, at least one, before each later turn.
        rounds: How often each has its turn.
        seed: Decides the order of the turns.
        fallen: Where it is given, an engine that fails is entered in it by its key, and has no more turns.

    Returns:
        The samples of each, in the rounds' order.

    Raises:
        EngineFailed: If an engine fails and `fallen` is left out.
    """
    from tqdm import tqdm

    samples: dict[Any, list[float]] = {key: [] for key in timers}
    rng = random.Random(seed)
    with tqdm(total=rounds * len(timers), desc="timing", disable=None, leave=False) as bar:
        for number in range(rounds):
            turns = sorted(timers)
            rng.shuffle(turns)
            for key in turns:
                again = warmup if number == 0 else max(1, warmup // 5)
                if fallen is None:
                    samples[key] += timers[key](runs // rounds, again)
                elif key not in fallen:
                    try:
                        samples[key] += timers[key](runs // rounds, again)
                    except EngineFailed as error:
                        fallen[key] = error
                bar.update()
    return samples


def timer_of(call: Callable[[], object]) -> Callable[[int, int], list[float]]:
    """A timer, as `in_turn` takes it, of something that is called in this process."""

    def milliseconds() -> float:
        begin = time.perf_counter_ns()
        call()
        return (time.perf_counter_ns() - begin) / 1e6

    def run(runs: int, warmup: int) -> list[float]:
        for _ in range(warmup):
            call()
        return [milliseconds() for _ in range(runs)]

    return run


def stats_of(
    name: str, stable: Stable, delegate: str, samples_ms: Sequence[float], *, warmup: int, rounds: int
) -> LatencyStats:
    """The row of a model that had its turns on an engine's worker."""
    return LatencyStats(
        variant=name,
        engine=stable.engine,
        delegate=delegate,
        threads=stable.threads,
        cpu=cache.machine().cpu,
        warmup=warmup,
        rounds=rounds,
        samples_ms=tuple(samples_ms),
    )


def compare(
    variants: Sequence[Variant],
    *,
    engines: Sequence[str] = ("litert",),
    threads: int = 1,
    runs: int = FEWEST_RUNS,
    warmup: int = 10,
    rounds: int = ROUNDS,
    delegate: str | None = None,
    seed: int = 0,
) -> tuple[Row, ...]:
    """Time each variant on each engine, one inference at a time, at batch 1.

    Each engine is a process that holds all variants. The runs are divided among rounds; in each round every variant
    has its turn on every engine, in an order shuffled anew, and nothing else of ours runs meanwhile. A turn begins
    with a fifth of the warm-up again (at least one run), since the turns between have emptied the CPU's caches.

    Args:
        variants: What to time.
        engines: Names, as in `efficient_ai.engines.INSTALL`.
        threads: Threads that an inference may use; TensorFlow Lite Micro always has one.
        runs: Timed inferences of each variant on each engine, at least 50 and a multiple of `rounds`.
        warmup: Untimed inferences before the first.
        rounds: How often everything has its turn.
        delegate: As in `engines.Worker.load`, for the engines that have it; by default what an engine does itself.
        seed: Decides the order of the turns.

    Returns:
        A row for each variant on each engine, in the arguments' order, with the samples in the rounds' order. One row
        stands for an engine that isn't installed, and one for a variant that an engine refuses, or that ends its
        process.

    Raises:
        ValueError: If there are too few runs, or an engine's name or a delegate isn't known.
    """
    check(runs, rounds, warmup)
    rows: dict[tuple[int, int], Row] = {}
    contenders: dict[tuple[int, int], _Contender] = {}
    installed = available()
    with ExitStack() as stack:
        for column, name in enumerate(engines):
            check_name(name)
            if installed[name] is None:
                rows[-1, column] = missing_row(name)
                continue
            stable = stack.enter_context(Stable(name, threads=1 if name == "tflm" else threads))
            chosen = None if DELEGATES[name] == ("none",) else delegate
            for line, variant in enumerate(variants):
                try:
                    loaded, _ = stable.load(variant.content, delegate=chosen)
                    contenders[line, column] = _Contender(variant, stable, loaded)
                except BadModel as error:
                    rows[line, column] = RefusedRow(variant.name, name, str(error))
                except EngineFailed as error:
                    rows[line, column] = FailedRow(variant.name, name, str(error))
        timers = {key: one.stable.timer(one.loaded.model) for key, one in contenders.items()}
        fallen: dict[tuple[int, int], EngineFailed] = {}
        samples = in_turn(timers, runs=runs, warmup=warmup, rounds=rounds, seed=seed, fallen=fallen)
    for key, contender in contenders.items():
        name, delegate = contender.variant.name, contender.loaded.delegate
        if key in fallen:
            rows[key] = FailedRow(name, contender.stable.engine, str(fallen[key]))
            continue
        rows[key] = stats_of(name, contender.stable, delegate, samples[key], warmup=warmup, rounds=rounds)
    return tuple(rows[key] for key in sorted(rows))


def _resampled_medians(first: np.ndarray, second: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap the medians of samples shaped (rounds, runs a round).

    The rounds are drawn once for both sides, since a slow round is slow for both, and the runs within each round
    independently.
    """
    rng = np.random.default_rng(seed)
    rounds = len(first)
    drawn = rng.integers(rounds, size=(RESAMPLES, rounds, 1))

    def medians(samples: np.ndarray) -> np.ndarray:
        runs = rng.integers(samples.shape[1], size=(RESAMPLES, rounds, samples.shape[1]))
        return np.median(samples[drawn, runs].reshape(RESAMPLES, -1), axis=1)

    return medians(first), medians(second)


def _ratio_of_medians(first: np.ndarray, second: np.ndarray, *, seed: int) -> Interval:
    above, below = _resampled_medians(first, second, seed=seed)
    low, high = np.percentile(above / below, [2.5, 97.5])
    return Interval(float(np.median(first) / np.median(second)), float(low), float(high))


def interval_of_median(stats: LatencyStats, *, seed: int) -> Interval:
    """The median of a row in milliseconds, with its 95% bootstrap interval over rounds and runs."""
    samples = np.reshape(stats.samples_ms, (stats.rounds, -1))
    low, high = np.percentile(_resampled_medians(samples, samples, seed=seed)[0], [2.5, 97.5])
    return Interval(stats.p50_ms, float(low), float(high))


def _rounds_of(first: LatencyStats, second: LatencyStats) -> tuple[np.ndarray, np.ndarray]:
    """The samples of two rows of one comparison, shaped (rounds, runs a round)."""
    if (first.runs, first.rounds) != (second.runs, second.rounds):
        raise ValueError(
            f"expected two rows of one comparison, got {first.runs} runs in {first.rounds} rounds "
            f"and {second.runs} in {second.rounds}"
        )
    shape = (first.rounds, -1)
    return np.reshape(first.samples_ms, shape), np.reshape(second.samples_ms, shape)


def ratio(first: LatencyStats, second: LatencyStats, *, seed: int = 0) -> Interval:
    """How many times as long `first` takes as `second`: the ratio of their medians.

    Args:
        first: Of one call of `compare`.
        second: Of the same call.
        seed: Of the bootstrap.

    Returns:
        The ratio with its 95% bootstrap interval, paired by round.

    Raises:
        ValueError: If the two don't come from one comparison: other runs or other rounds.
    """
    return _ratio_of_medians(*_rounds_of(first, second), seed=seed)


def difference(first: LatencyStats, second: LatencyStats, *, seed: int = 0) -> Interval:
    """How many milliseconds longer `first` takes than `second`: the difference of their medians.

    Args:
        first: Of one call of `compare`.
        second: Of the same call.
        seed: Of the bootstrap.

    Returns:
        Milliseconds with their 95% bootstrap interval, paired by round.

    Raises:
        ValueError: If the two don't come from one comparison: other runs or other rounds.
    """
    longer, shorter = _rounds_of(first, second)
    above, below = _resampled_medians(longer, shorter, seed=seed)
    low, high = np.percentile(above - below, [2.5, 97.5])
    return Interval(float(np.median(longer) - np.median(shorter)), float(low), float(high))


def overhead(
    content: bytes, *, engine: str = "litert", runs: int = FEWEST_RUNS, rounds: int = 20, seed: int = 0
) -> Interval:
    """Check our clock: the median that we report against a bare timed loop on the same interpreter, in turn.

    Args:
        content: A .tflite file.
        engine: The engine to check on.
        runs: Timed inferences a round and side.
        rounds: How often both have their turn.
        seed: Of the bootstrap.

    Returns:
        Our median as a multiple of the bare loop's, with its 95% bootstrap interval; 1 says that measuring is free.

    Raises:
        BadModel: If the engine refuses the model.
        EngineMissing: If it isn't installed.
    """
    with Worker(engine) as worker:
        worker.load(content)
        worker.time(runs)
        found = worker.overhead(runs, rounds)
    return _ratio_of_medians(np.array(found["ours_ms"]), np.array(found["bare_ms"]), seed=seed)
