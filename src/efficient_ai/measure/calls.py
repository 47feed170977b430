"""How long functions take in this process, several of them in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from efficient_ai import cache
from efficient_ai.errors import EngineMissing
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, check, in_turn, timer_of
from efficient_ai.records import LatencyStats


def compare_calls(
    calls: Mapping[str, Callable[[], object]],
    *,
    engine: str = "NumPy",
    threads: int = 1,
    runs: int = FEWEST_RUNS,
    warmup: int = 2,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[str, LatencyStats]:
    """Time functions without arguments, one after the other, round by round.

    Args:
        calls: By name.
        engine: What computes in them, for the record.
        threads: That matrix products of NumPy's library may use; TensorFlow isn't told, and has its own.
        runs: Timed calls of each, at least 50 and a multiple of `rounds`.
        warmup: Untimed calls before the first.
        rounds: How often each has its turn.
        seed: Decides the order of the turns.

    Returns:
        A row for each, in the mapping's order. `ratio` takes them.

    Raises:
        ValueError: If a number doesn't suit.
        EngineMissing: If threadpoolctl isn't installed, which holds a library to so many threads.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise EngineMissing("timing calls on so many threads needs threadpoolctl: pip install threadpoolctl") from error
    check(runs, rounds, warmup)
    timers = {name: timer_of(call) for name, call in calls.items()}
    with threadpool_limits(threads):
        samples = in_turn(timers, runs=runs, warmup=warmup, rounds=rounds, seed=seed)
    cpu = cache.machine().cpu
    return {
        name: LatencyStats(name, engine, "none", threads, cpu, warmup, rounds, tuple(samples[name])) for name in calls
    }
