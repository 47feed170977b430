"""Latency of a model's variants on several engines, everything in turn, and within a time that one is ready to wait."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from efficient_ai.engines import EngineFailed, available, missing_row
from efficient_ai.engines.registry import form
from efficient_ai.errors import BadModel
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, Row, in_turn, stats_of
from efficient_ai.measure.stable import Stable
from efficient_ai.records import FailedRow, RefusedRow, Variant

ENGINES = ("litert", "tf.lite", "tflite-runtime", "onnxruntime")
WARMUP = 10
PROBES = 3
MOST_RUNS = 200


def latencies(
    variants: Sequence[Variant], *, engines: Sequence[str] = ENGINES, threads: int = 1, most_s: float = 45.0
) -> tuple[Row, ...]:
    """Time each variant on each engine that takes its form, as `measure.compare` does.

    After a variant is loaded its first inferences say how long `FEWEST_RUNS` would take. Those that no longer fit into
    `most_s` are left out, by name; where all of them need little, each gets more runs.

    Args:
        variants: With the more important ones first.
        engines: With the more important ones first.
        threads: Threads that an inference may use.
        most_s: Seconds that the timed inferences may take in all, about.

    Returns:
        A row for each variant on each engine that takes it, the engines' order first; one row for an engine that isn't
        installed.
    """
    rows: dict[tuple[int, int], Row] = {}
    contenders: dict[tuple[int, int], tuple[Variant, Stable, Any]] = {}
    spent_s, slowest_s, installed = 0.0, 0.0, available()
    with ExitStack() as stack:
        for column, name in enumerate(engines):
            if installed[name] is None:
                rows[column, -1] = missing_row(name)
                continue
            stable = stack.enter_context(Stable(name, threads=threads, limit_s=max(60.0, 2 * most_s)))
            for line, variant in enumerate(variants):
                if variant.form != form(name):
                    continue
                try:
                    loaded, _ = stable.load(variant.content)
                    took_s = sum(stable.timer(loaded.model)(PROBES, 1)) / PROBES / 1e3
                except BadModel as error:
                    rows[column, line] = RefusedRow(variant.name, name, str(error))
                    continue
                except EngineFailed as error:
                    rows[column, line] = FailedRow(variant.name, name, str(error))
                    continue
                needs_s = took_s * (FEWEST_RUNS + WARMUP + 2 * ROUNDS)
                if spent_s + needs_s > most_s:
                    why = f"left out: {FEWEST_RUNS} runs of {1e3 * took_s:.0f} ms no longer fit into {most_s:.0f} s"
                    rows[column, line] = RefusedRow(variant.name, name, why)
                    continue
                spent_s += needs_s
                slowest_s += took_s
                contenders[column, line] = (variant, stable, loaded)
        runs = _runs(slowest_s, most_s)
        timers = {key: stable.timer(loaded.model) for key, (_, stable, loaded) in contenders.items()}
        fallen: dict[Any, EngineFailed] = {}
        samples = in_turn(timers, runs=runs, warmup=WARMUP, rounds=ROUNDS, seed=0, fallen=fallen)
    for key, (variant, stable, loaded) in contenders.items():
        if key in fallen:
            rows[key] = FailedRow(variant.name, stable.engine, str(fallen[key]))
            continue
        rows[key] = stats_of(variant.name, stable, loaded.delegate, samples[key], warmup=WARMUP, rounds=ROUNDS)
    return tuple(rows[key] for key in sorted(rows))


def _runs(all_once_s: float, most_s: float) -> int:
    """As many runs as fit, a multiple of the rounds, from `FEWEST_RUNS` to `MOST_RUNS`."""
    fit = int(most_s / 2 / max(all_once_s, 1e-6)) // ROUNDS * ROUNDS
    return min(max(fit, FEWEST_RUNS), MOST_RUNS)
