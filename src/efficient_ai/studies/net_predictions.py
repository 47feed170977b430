"""What a latency model, learned once on one machine, says of every net of the table: the costs that searches replay."""

from __future__ import annotations

import dataclasses
from typing import Any

from efficient_ai.search.candidate_shapes import candidate_layers
from efficient_ai.search.costs import Costs, int8_bytes
from efficient_ai.search.table import places
from efficient_ai.studies import Study, record


def run(*, seed: int) -> dict[str, Any]:
    """The one shard: time layers, learn from them, and predict every place of the table, the untrained ones too."""
    from efficient_ai.search.latency_model import fit_latency_model
    from efficient_ai.search.layer_times import measured_layers

    times = measured_layers(seed=seed)
    model = fit_latency_model(times, seed=seed)
    nets = {}
    for name, candidate in places().items():
        layers = candidate_layers(candidate)
        seconds = {p: model.predict_model(candidate, precision=p) for p in ("float32", "int8")}
        nets[name] = {
            "latency_us": {p: round(1e6 * s, 2) for p, s in seconds.items()},
            "int8_bytes": int8_bytes(layers),
            "macs": sum(layer.macs for layer in layers),
        }
    return {
        "method": model.method,
        "spearman": model.scores[0].spearman,
        "layers": [[*dataclasses.astuple(row.shape), row.precision, round(row.p50_us, 3)] for row in times.rows],
        "call_us": dict(times.call_us),
        "nets": nets,
    }


def costs(precision: str = "int8") -> dict[str, Costs]:
    """The recorded costs of the table's nets by name, as `search.RecordedCosts` takes them."""
    (entry,) = record("net_predictions").entries
    return {
        name: Costs(net["latency_us"][precision] / 1e6, net["int8_bytes"], net["macs"])
        for name, net in entry["nets"].items()
    }


STUDY = Study(
    name="net_predictions",
    shards=({"seed": 0},),
    run=run,
    # Not the learned model's own code: its predictions are data here, which a page compares with a model of its own.
    depends_on=("studies.net_predictions", "search.candidate_shapes", "search.layer_shapes", "search.table"),
    inputs=dict,
)
