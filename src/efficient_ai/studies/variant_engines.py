"""The files of the study `variants` on both interpreters of .tflite files, all in turn."""

from __future__ import annotations

from typing import Any

from efficient_ai import measure, models
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.records import LatencyStats, Variant
from efficient_ai.studies import Study
from efficient_ai.studies.variant_files import FAMILIES, PICTURES, files, task

ENGINES = ("litert", "tflite-runtime")
RUNS = 50


def run(*, runs: int) -> dict[str, Any]:
    """The one shard: every file of the picture task on every engine; of nets that are trained, those before it."""
    found = {made.name: made.file for f in FAMILIES if task(f) == PICTURES for made in files(f, train=False)}
    named = [Variant(name, name, file.content) for name, file in found.items()]  # a row knows its precision alone
    rows = [row for row in measure.compare(named, engines=ENGINES, runs=runs) if isinstance(row, LatencyStats)]
    return {"p50_ms": {e: {row.variant: row.p50_ms for row in rows if row.engine == e} for e in ENGINES}}


STUDY = Study(
    name="variant_engines",
    shards=({"runs": RUNS},),
    run=run,
    depends_on=("studies.variant_engines", "studies.variant_files", "compress.convert", "measure.latency"),
    inputs=lambda: {"fashion_mnist": SHA256, "resnet8": models.card("resnet8").weights_sha256},
)
