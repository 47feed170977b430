"""Latency, compared fairly: every variant is timed again and again in turn, so a slow minute falls on all of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import DELEGATES, Loaded, Worker, available, missing_row
from efficient_ai.errors import BadModel
from efficient_ai.records import EngineMissingRow, Interval, LatencyStats, RefusedRow, Variant

ROUNDS = 10
FEWEST_RUNS = 50
RESAMPLES = 2_000


@dataclass(frozen=True)
class _Contender:
    variant: Variant
    worker: Worker
    loaded: Loaded

    def time(self, runs: int, warmup: int) -> list[float]:
        return self.worker.time(runs, warmup=warmup, model=self.loaded.model)


def _check(runs: int, rounds: int, warmup: int) -> None:
    if runs < FEWEST_RUNS:
        raise ValueError(f"runs must be at least {FEWEST_RUNS}, got {runs}")
    if rounds < 1 or runs % rounds:
        raise ValueError(f"runs must be a multiple of rounds, got {runs} runs and {rounds} rounds")
    if warmup < 0:
        raise ValueError(f"warmup must not be negative, got {warmup}")


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
) -> tuple[LatencyStats | EngineMissingRow | RefusedRow, ...]:
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
        stands for an engine that isn't installed, and one for a variant that an engine refuses.

    Raises:
        ValueError: If there are too few runs, or an engine's name or a delegate isn't known.
        EngineFailed: If an engine's process ends.
    """
    from tqdm import tqdm

    _check(runs, rounds, warmup)
    rows: dict[tuple[int, int], LatencyStats | EngineMissingRow | RefusedRow] = {}
    contenders: dict[tuple[int, int], _Contender] = {}
    installed = available()
    with ExitStack() as stack:
        for column, name in enumerate(engines):
            if installed.get(name, "unknown") is None:
                rows[-1, column] = missing_row(name)
                continue
            worker = stack.enter_context(Worker(name, threads=1 if name == "tflm" else threads))
            chosen = None if DELEGATES[name] == ("none",) else delegate
            for line, variant in enumerate(variants):
                try:
                    contenders[line, column] = _Contender(
                        variant, worker, worker.load(variant.content, delegate=chosen)
                    )
                except BadModel as error:
                    rows[line, column] = RefusedRow(variant.name, name, str(error))
        samples: dict[tuple[int, int], list[float]] = {key: [] for key in contenders}
        rng = random.Random(seed)
        bar = tqdm(total=rounds * len(contenders), desc="timing", disable=None, leave=False)
        with bar:
            for number in range(rounds):
                turns = sorted(contenders)
                rng.shuffle(turns)
                for key in turns:
                    again = warmup if number == 0 else max(1, warmup // 5)
                    samples[key] += contenders[key].time(runs // rounds, again)
                    bar.update()
    for key, contender in contenders.items():
        rows[key] = LatencyStats(
            variant=contender.variant.name,
            engine=contender.worker.engine,
            delegate=contender.loaded.delegate,
            threads=contender.worker.threads,
            cpu=cache.machine().cpu,
            warmup=warmup,
            rounds=rounds,
            samples_ms=tuple(samples[key]),
        )
    return tuple(rows[key] for key in sorted(rows))


def _ratio_of_medians(first: np.ndarray, second: np.ndarray, *, seed: int) -> Interval:
    """Bootstrap the ratio of medians of samples shaped (rounds, runs a round).

    The rounds are drawn once for both sides, since a slow round is slow for both, and the runs within each round
    independently.
    """
    rng = np.random.default_rng(seed)
    rounds = len(first)
    drawn = rng.integers(rounds, size=(RESAMPLES, rounds, 1))

    def medians(samples: np.ndarray) -> np.ndarray:
        runs = rng.integers(samples.shape[1], size=(RESAMPLES, rounds, samples.shape[1]))
        return np.median(samples[drawn, runs].reshape(RESAMPLES, -1), axis=1)

    low, high = np.percentile(medians(first) / medians(second), [2.5, 97.5])
    return Interval(float(np.median(first) / np.median(second)), float(low), float(high))


def ratio(first: LatencyStats, second: LatencyStats, *, seed: int = 0) -> Interval:
    """How many times as long `first` takes as `second`: the ratio of their medians.

    Args:
        first: Of one call of `compare`.
        second: Of the same call.
        seed: Of the bootstrap.

    Returns:
        The ratio with its 95 % bootstrap interval, paired by round.

    Raises:
        ValueError: If the two don't come from one comparison: other runs or other rounds.
    """
    if (first.runs, first.rounds) != (second.runs, second.rounds):
        raise ValueError(
            f"expected two rows of one comparison, got {first.runs} runs in {first.rounds} rounds "
            f"and {second.runs} in {second.rounds}"
        )
    shape = (first.rounds, -1)
    return _ratio_of_medians(np.reshape(first.samples_ms, shape), np.reshape(second.samples_ms, shape), seed=seed)


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
        Our median as a multiple of the bare loop's, with its 95 % bootstrap interval; 1 says that measuring is free.

    Raises:
        BadModel: If the engine refuses the model.
        EngineMissing: If it isn't installed.
    """
    with Worker(engine) as worker:
        worker.load(content)
        worker.time(runs)
        found = worker.overhead(runs, rounds)
    return _ratio_of_medians(np.array(found["ours_ms"]), np.array(found["bare_ms"]), seed=seed)
