"""The Bayesian search replayed on the table of nets: two hundred times, which takes longer than a page may."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from efficient_ai.search.replay import bayesian, best_so_far, on_table
from efficient_ai.studies import Study, record

LIMIT_MACS = 4_000_000
BUDGET = 60
REPLAYS = 200
TOGETHER = 25  # replays in a shard


def allowed() -> dict[str, float]:
    """The validation accuracy of each net of the table under the limit."""
    return {
        entry["name"]: entry["validation_accuracy"]
        for entry in record("net_table").where(seed=0, trained=True)
        if entry["macs"] <= LIMIT_MACS
    }


def replayed(seed: int) -> list[float]:
    """One Bayesian search: the best accuracy after each net that it trains."""
    scores, sizes = on_table(allowed())
    return [float(best) for best in best_so_far(bayesian(scores, sizes, budget=BUDGET, seed=seed), scores)]


def run(*, first: int) -> dict[str, Any]:
    """One shard: replays with the seeds from `first`, each as the trials that improved, and what to."""
    found = []
    for seed in range(first, first + TOGETHER):
        best = replayed(seed)
        found.append([[i + 1, b] for i, b in enumerate(best) if not i or b > best[i - 1]])
    return {"improvements": found}


def curve(improvements: list[list[float]]) -> list[float]:
    """The best accuracy after each trial, from the trials that improved."""
    best: list[float] = []
    for (start, value), (end, _) in zip(improvements, [*improvements[1:], [BUDGET + 1, 0]], strict=True):
        best += [value] * int(end - start)
    return best


def _table() -> str:
    """A hash of the accuracies that are searched."""
    return hashlib.sha256(json.dumps(allowed(), sort_keys=True).encode()).hexdigest()


STUDY = Study(
    name="replays",
    shards=tuple({"first": first} for first in range(0, REPLAYS, TOGETHER)),
    run=run,
    depends_on=("studies.replays", "search.replay", "search.table"),
    inputs=lambda: {"net_table": _table()},
)
