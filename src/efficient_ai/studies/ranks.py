"""The twelve candidates on every engine at every precision: which ranking does each engine give?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.engines import available
from efficient_ai.measure.shootout import Entry, Subject, every_entry, shootout
from efficient_ai.records import EngineRun
from efficient_ai.search.nets import build
from efficient_ai.search.space import CANDIDATES
from efficient_ai.studies import Study, candidates

CALIBRATION = 20
RUNS = 100


def rows(names: Sequence[str], entries: Sequence[Entry], *, runs: int = RUNS) -> list[dict[str, Any]]:
    """Time candidates, with fresh weights, on engines in turn.

    Args:
        names: Which of `CANDIDATES`.
        entries: The engines, at their precisions.
        runs: Timed inferences of each.

    Returns:
        For each net and entry that ran: the net, the engine with its delegate, the precision, bytes, the largest
        deviation from Keras's output as a part of the largest output, and milliseconds at three percentiles.

    Raises:
        EngineMissing, ValueError: As `measure.shootout` does.
    """
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    subjects = []
    for name in names:
        net = build(CANDIDATES[name])
        seen = as_inputs(data.train_images[chosen[:CALIBRATION]], net.input_shape[1:])
        subjects.append(Subject(net, entries, as_inputs(data.test_images[:10], net.input_shape[1:]), seen))
    found = iter(shootout(subjects, runs=runs))
    return [
        {
            "net": name,
            "engine": run.latency.engine,
            "delegate": run.latency.delegate,
            "precision": run.precision,
            "size_bytes": run.size_bytes,
            "deviation": run.max_deviation / run.scale,
            "p10_ms": run.latency.percentile_ms(10),
            "p50_ms": run.latency.p50_ms,
            "p90_ms": run.latency.p90_ms,
        }
        for name in names
        for run in (next(found) for _ in entries)
        if isinstance(run, EngineRun)
    ]


def run(*, runs: int) -> dict[str, Any]:
    """The one shard: all candidates on all engines, since only what takes turns can be compared."""
    return {"engines": available(), "rows": rows(tuple(CANDIDATES), tuple(every_entry()), runs=runs)}


STUDY = Study(
    name="ranks",
    shards=({"runs": RUNS},),
    run=run,
    depends_on=(
        "studies.ranks",
        "search.nets",
        "models.mobilenet",
        "models.convolved",
        "models.initial",
        "measure.latency",
        "measure.shootout",
    ),
    inputs=candidates.STUDY.inputs,
)
