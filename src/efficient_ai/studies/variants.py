"""Every variant of the pictures' and the keywords' networks with all its figures: what pages compare and choose from.

A shard is a family (`variant_files.FAMILIES`), or "times", which times all files in turn. A family's entry holds
`variants`, a dictionary for each file:

    name, family, technique, precision, params, macs, size_bytes, compressed_bytes, arena_bytes (None where TFLM
    refuses the file), planned_bytes, energy_uj (45 nm model), int8 (whether every multiplication is),
    vela_cycles (Ethos-U55-128, None where it isn't all on the accelerator), hits, count, class_hits, class_counts,
    calibration_error, changed (answers that differ from the parent's, by the true class), lost (those of them that the
    parent had right), agreement, test_correct_hex;
    pictures also: corrupted {"kind severity": accuracy}, noisy_accuracy;
    keywords also: threshold, recall, false_accepts, hours.

The entry of "times" holds `latencies`: {name: {"p50_ms", "p90_ms", "p99_ms", "runs"}}, and `cpu`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from efficient_ai import cost, engines, measure, metrics, models
from efficient_ai.compress import Float32, convert
from efficient_ai.data import WEATHER, as_inputs, corrupt, fashion_mnist, stratified_subset
from efficient_ai.data import stream_without_keywords as stream
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.data.keywords import SILENCE, UNKNOWN
from efficient_ai.decide.figures import is_int8
from efficient_ai.errors import EfficientAIError
from efficient_ai.hardware import EnergyModel, modelled_energy, vela
from efficient_ai.records import LatencyStats, Variant
from efficient_ai.studies import Study
from efficient_ai.studies.variant_files import FAMILIES, PICTURES, Made, examples, files, task
from efficient_ai.studies.variant_rows import entries, rows

__all__ = ["STUDY", "entries", "first_variant", "judged", "rows", "run", "weather"]

SPOILT = 500  # test pictures, as many of each class, seen in every kind of weather
LEVELS = (1, 3)
# The threshold: above all that a stream of its own made the net say, and `MARGIN` nats more.
CHOSEN_ON, TESTED_ON = {"minutes": 20, "seed": 8}, {"minutes": 60, "seed": 9}
MARGIN = 0.5
RUNS = 100


def run(*, family: str) -> dict[str, Any]:
    """One shard: make a family's files and judge each, or time all files."""
    if family == "times":
        return _times()
    return {"variants": [judged(made) for made in files(family)]}


def first_variant(family: str, precision: str) -> dict[str, Any]:
    """A single file of a family judged again: what a page repeats for a family without a training."""
    return next(judged(made) for made in files(family) if made.file.precision == precision)


def judged(made: Made) -> dict[str, Any]:
    """Everything that is said of a file but its latency."""
    counted = cost.count_file(made.file.content)
    shape = _shape(made.file)
    inputs, labels = examples(made.family, "test", shape)
    logits = engines.predict(made.file.content, inputs)
    rightly = metrics.correct(logits, labels)
    reference = _parent_answers(made)
    changed = logits.argmax(axis=1) != reference
    counts = np.bincount(labels)
    whole = counted.weight_bytes < 2 * counted.params
    energy = modelled_energy(counted, EnergyModel(precision="int8" if whole else "float32"))
    return {
        "name": made.name,
        "family": made.family,
        "technique": made.technique,
        "precision": made.file.precision,
        "params": counted.params,
        "macs": counted.macs,
        "size_bytes": made.file.size_bytes,
        "compressed_bytes": made.file.compressed_bytes,
        "arena_bytes": _arena(made.file),
        "planned_bytes": cost.plan_memory(made.file.content).planned_bytes,
        "energy_uj": energy.total_uj,
        "int8": is_int8(counted),
        "vela_cycles": _cycles(made.file),
        "hits": int(rightly.sum()),
        "count": len(labels),
        "class_hits": np.bincount(labels[rightly], minlength=len(counts)).tolist(),
        "class_counts": counts.tolist(),
        "calibration_error": metrics.expected_calibration_error(logits, labels),
        "changed": np.bincount(labels[changed], minlength=len(counts)).tolist(),
        "lost": np.bincount(labels[changed & (reference == labels)], minlength=len(counts)).tolist(),
        "agreement": float(1 - changed.mean()),
        "test_correct_hex": np.packbits(rightly).tobytes().hex(),
        **(_in_weather(made, shape) if task(made.family) == PICTURES else _in_the_stream(made, logits, labels)),
    }


def _shape(file: Variant) -> tuple[int, ...]:
    with engines.Worker("litert", threads=1) as worker:
        return tuple(worker.load(file.content).input_shape[1:])


@functools.cache
def _parent_file(parent: str) -> bytes:
    if parent.startswith("student"):
        return next(m.file.content for m in files(parent) if m.file.precision == "float32")
    return convert(models.load(parent), Float32()).content


@functools.cache
def _parent_classes(parent: str) -> np.ndarray:
    file = Variant(parent, "float32", _parent_file(parent))
    return engines.predict(file.content, examples(parent, "test", _shape(file))[0]).argmax(axis=1)


def _parent_answers(made: Made) -> np.ndarray:
    return _parent_classes(made.parent)


def _arena(file: Variant) -> int | None:
    try:
        return engines.arena(file).arena_bytes
    except (EfficientAIError, engines.EngineFailed):
        return None


def _cycles(file: Variant) -> int | None:
    if vela.available() is None or file.precision != "int8":
        return None
    try:
        found = vela.estimate(file)
    except EfficientAIError:
        return None
    return None if found.on_cpu else int(found.cycles)


def weather() -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the test pictures that are spoilt, and their labels."""
    labels = fashion_mnist().test_labels
    chosen = stratified_subset(labels, SPOILT, seed=0)
    return chosen, labels[chosen]


def _in_weather(made: Made, shape: tuple[int, ...]) -> dict[str, Any]:
    chosen, labels = weather()
    images = fashion_mnist().test_images[chosen]
    found = {}
    for kind in WEATHER:
        for level in LEVELS:
            seen = as_inputs(corrupt(images, kind, severity=level), shape)
            found[f"{kind} {level}"] = metrics.accuracy(engines.predict(made.file.content, seen), labels)
    return {"corrupted": found, "noisy_accuracy": float(np.mean(list(found.values())))}


def _scores(logits: np.ndarray) -> np.ndarray:
    """How sure a net is that it heard a digit, in nats: the best digit's logit above what all others weigh together."""
    words = [i for i in range(logits.shape[-1]) if i not in (UNKNOWN, SILENCE)]
    best = logits[..., words].argmax(axis=-1)
    top = np.take_along_axis(logits, best[..., None], axis=-1)[..., 0]
    rest = logits.copy()
    np.put_along_axis(rest, best[..., None], -np.inf, axis=-1)
    peak = rest.max(axis=-1)
    return top - peak - np.log(np.exp(rest - peak[..., None]).sum(axis=-1))


def _in_the_stream(made: Made, logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Recall on the test words, at a threshold from one stream, and false accepts in another."""

    def heard(features: np.ndarray) -> np.ndarray:
        flat = engines.predict(made.file.content, features.reshape(-1, *features.shape[2:]))
        return _scores(flat.reshape(*features.shape[:2], -1))

    threshold = float(heard(stream(**CHOSEN_ON).features).max()) + MARGIN
    tested = stream(**TESTED_ON)
    wanted = ~np.isin(labels, (UNKNOWN, SILENCE))
    spoken = metrics.correct(logits, labels) & (_scores(logits) >= threshold)
    return {
        "threshold": threshold,
        "recall": float(spoken[wanted].mean()),
        "false_accepts": int(metrics.accepts(heard(tested.features), threshold=threshold).sum()),
        "hours": tested.hours,
    }


def _times() -> dict[str, Any]:
    """All files in turn on LiteRT with a thread; of nets that a shard trains, the files before the training."""
    found = {made.name: made for family in FAMILIES for made in files(family, train=False)}
    rows = measure.compare([Variant(n, "", m.file.content) for n, m in found.items()], runs=RUNS)
    timed = {n: row for n, row in zip(found, rows, strict=True) if isinstance(row, LatencyStats)}
    latencies = {
        name: {"p50_ms": row.p50_ms, "p90_ms": row.p90_ms, "p99_ms": row.percentile_ms(99), "runs": row.runs}
        for name, row in timed.items()
    }
    return {"latencies": latencies, "cpu": next(iter(timed.values())).cpu}


STUDY = Study(
    name="variants",
    shards=tuple({"family": family} for family in (*FAMILIES, "times")),
    run=run,
    depends_on=(
        "studies.variants",
        "studies.variant_files",
        "data.corrupted",
        "data.stream",
        "models.narrow_ds_cnn",
        "compress.convert",
        "compress.prune",
        "compress.distill",
        "compress.cluster",
        "train.loop",
        "train.schedules",
    ),
    inputs=lambda: {
        "fashion_mnist": SHA256,
        **{net: models.card(net).weights_sha256 for net in models.names() if not net.startswith("byte_lm")},
    },
)
