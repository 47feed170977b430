"""One convolution tuned by TVM: programs that a learned model chose against as many drawn at random."""

from __future__ import annotations

import dataclasses
from typing import Any

from efficient_ai.engines.tvm_tuning import tune_convolution
from efficient_ai.studies import Study

SEEDS = (0, 1, 2)
AGAIN = 4  # programs that a page draws and times again


def run(*, seed: int) -> dict[str, Any]:
    """One shard: a search of its own."""
    found = dataclasses.asdict(tune_convolution(seed=seed))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


STUDY = Study(
    name="tuned_layer",
    shards=tuple({"seed": seed} for seed in SEEDS),
    run=run,
    depends_on=("studies.tuned_layer", "engines.tvm_tuning"),
    inputs=dict,
)
