"""What each net of the table takes: LiteRT at two precisions on this machine, and an Ethos-U's modelled cycles."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from efficient_ai import cost
from efficient_ai.compress import Float32, Int8, convert
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.errors import EfficientAIError
from efficient_ai.hardware import vela
from efficient_ai.measure.latency import compare
from efficient_ai.records import LatencyStats, Variant
from efficient_ai.search.nets import build
from efficient_ai.search.table import MOST_MACS, places
from efficient_ai.studies import Study, net_table

ACCELERATOR = "ethos-u55-128"
CALIBRATION = 20
# Timed in turn with each net: where its own time drifts, the machine did.
REFERENCE = "plain-16-2x1-k3-32"
RUNS, ROUNDS = 200, 20


@functools.lru_cache(maxsize=32)
def _files(name: str) -> tuple[Variant, Variant]:
    """A net of the table, with fresh weights, in float32 and int8."""
    net = build(places()[name])
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    seen = as_inputs(data.train_images[chosen[:CALIBRATION]], net.input_shape[1:])
    return convert(net, Float32(), technique=name), convert(net, Int8(calibration_set=seen), technique=name)


@functools.lru_cache(maxsize=32)
def _cycles(name: str) -> dict[str, int]:
    """What Vela expects of a net's int8 file, by accelerator; empty where it isn't installed."""
    return {ACCELERATOR: vela.estimate(_files(name)[1], ACCELERATOR).cycles} if vela.available() else {}


def timed(names: Sequence[str], *, runs: int = RUNS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Time nets of the table in turn, one thread each, and let Vela compile them where it is installed.

    Args:
        names: Of nets of the table; their weights are fresh, which changes no time.
        runs: Timed inferences of each at each precision.
        rounds: How often each has its turn.

    Returns:
        For each net its name, the int8 file's bytes, medians in milliseconds by precision, the tenth and ninetieth
        percentiles, and modelled cycles by accelerator.

    Raises:
        EfficientAIError: If LiteRT isn't installed, or refuses a net.
    """
    files = [file for name in names for file in _files(name)]
    found = compare(files, runs=runs, rounds=rounds)
    refused = [row for row in found if not isinstance(row, LatencyStats)]
    if refused:
        raise EfficientAIError(f"LiteRT can't time the nets: {refused[0]}")
    rows = []
    for number, name in enumerate(names):
        both = dict(zip(("float32", "int8"), found[2 * number : 2 * number + 2], strict=True))
        small = files[2 * number + 1]
        rows.append(
            {
                "name": name,
                "int8_bytes": small.size_bytes,
                "latencies_ms": {precision: row.p50_ms for precision, row in both.items()},
                "p10_ms": {precision: row.percentile_ms(10) for precision, row in both.items()},
                "p90_ms": {precision: row.p90_ms for precision, row in both.items()},
                "cycles": _cycles(name),
            }
        )
    return rows


def run(*, name: str) -> dict[str, Any]:
    """One shard: count a net and, where it isn't too large for the table, time it in turn with the reference."""
    import keras

    keras.backend.clear_session()
    if cost.count(build(places()[name])).macs > MOST_MACS:
        return {"timed": False}
    own, reference = timed((name, REFERENCE))
    return own | {"timed": True, "reference_ms": reference["latencies_ms"], "reference_p10_ms": reference["p10_ms"]}


STUDY = Study(
    name="net_latencies",
    shards=tuple({"name": name} for name in places()),
    run=run,
    depends_on=(
        "studies.net_latencies",
        "search.nets",
        "search.table",
        "models.mobilenet",
        "models.convolved",
        "models.initial",
        "measure.latency",
        "compress.convert",
        "hardware.vela",
    ),
    inputs=net_table.STUDY.inputs,
)
