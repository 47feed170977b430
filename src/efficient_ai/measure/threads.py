"""What a second thread is worth: the same files with other numbers of threads, timed in turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from efficient_ai.engines import require
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, check, in_turn, stats_of
from efficient_ai.measure.stable import Stable
from efficient_ai.records import LatencyStats, Variant


def compare_threads(
    variants: Sequence[Variant],
    *,
    threads: Sequence[int] = (1, 2),
    engine: str = "litert",
    runs: int = 2 * FEWEST_RUNS,
    warmup: int = 10,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> tuple[tuple[LatencyStats, ...], ...]:
    """Time each file with each number of threads; each number is a process of its own, and all have their turns.

    Args:
        variants: What to time.
        threads: Numbers of threads.
        engine: One that runs .tflite files with threads.
        runs: Timed inferences of each, at least 50 and a multiple of `rounds`.
        warmup: Untimed inferences before the first.
        rounds: How often everything has its turn.
        seed: Decides the order of the turns.

    Returns:
        For each variant a row for each number of threads.

    Raises:
        ValueError: If there are too few runs, or a number of threads isn't positive.
        BadModel: If the engine refuses a file.
        EngineMissing: If it isn't installed.
    """
    check(runs, rounds, warmup)
    require(engine)
    with ExitStack() as stack:
        timers, held = {}, {}
        for column, count in enumerate(threads):
            stable = stack.enter_context(Stable(engine, threads=count))
            for line, variant in enumerate(variants):
                loaded, _ = stable.load(variant.content, delegate=None)
                timers[line, column] = stable.timer(loaded.model)
                held[line, column] = stable, loaded.delegate
        samples = in_turn(timers, runs=runs, warmup=warmup, rounds=rounds, seed=seed)
    return tuple(
        tuple(
            stats_of(variant.name, *held[line, column], samples[line, column], warmup=warmup, rounds=rounds)
            for column in range(len(threads))
        )
        for line, variant in enumerate(variants)
    )
