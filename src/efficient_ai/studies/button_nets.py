"""Nets for the keyword button: as small as those of the study `variants` that missed its accuracy.

Two are the same kind of net, trained for longer, and one is of another kind: it convolves over time alone.

They are judged as the others are, but for the false alarms: the threshold comes from three hours of a stream, and
another stream of two hours that no other net was judged by counts them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from efficient_ai import engines, metrics, models
from efficient_ai.compress import Distill, Float32, Int8, convert, distill
from efficient_ai.data import keywords
from efficient_ai.data import stream_without_keywords as stream
from efficient_ai.data.keywords import SILENCE, UNKNOWN
from efficient_ai.models.narrow_ds_cnn import narrow_ds_cnn
from efficient_ai.models.temporal import temporal
from efficient_ai.records import Variant
from efficient_ai.studies import Study, variants
from efficient_ai.studies.variant_files import Made
from efficient_ai.train import Recipe

# Filters, blocks, stride in time, epochs.
NARROW = {"ds_cnn_24x3_long": (24, 3, 4, 32), "ds_cnn_16x3_long": (16, 3, 2, 28)}
# Channels, blocks, frames of a filter, epochs.
TEMPORAL = {"ds_cnn_temporal": (40, 4, 9, 16)}
CHOSEN_ON, TESTED_ON = {"minutes": 180, "seed": 10}, {"minutes": 120, "seed": 11}
FIRST_STEPS = 10


def trained(family: str, max_steps: int | None = None) -> tuple[Any, list[float]]:
    """A net taught by DS-CNN, and the losses of its first steps."""
    if family in TEMPORAL:
        width, blocks, kernel, epochs = TEMPORAL[family]
        student = temporal(width=width, blocks=blocks, kernel=kernel)
    else:
        filters, blocks, stride, epochs = NARROW[family]
        student = narrow_ds_cnn(seed=0, filters=filters, blocks=blocks, time_stride=stride)
    heard, losses = keywords("train"), []
    recipe = Recipe(epochs, 5e-3, weight_decay=1e-3, augment=False, optimizer="adam", warmup_epochs=0.5)
    learned, _ = distill(
        student,
        models.load("ds_cnn"),
        heard.features,
        heard.labels,
        recipe,
        Distill(temperature=2.0, alpha=0.9),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return learned, losses


def first_losses(family: str) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return trained(family, FIRST_STEPS)[1]


def run(*, family: str) -> dict[str, Any]:
    """One shard: a net trained and judged, in float32 and int8."""
    model, losses = trained(family)
    found = []
    for how in (Float32(), Int8(keywords("calibration").features[:100])):
        technique = "redesigned" if family in TEMPORAL else "distilled"
        file = Variant(family, how.name, convert(model, how).content, technique)
        found.append(_judged(Made(family, technique, "ds_cnn", file)))
    return {"first_losses": losses, "variants": found}


def _judged(made: Made) -> dict[str, Any]:
    """As `variants.judged`, with the longer streams of this study."""
    spoken = keywords("test")

    def scores(features: np.ndarray) -> np.ndarray:
        flat = engines.predict(made.file.content, features.reshape(-1, *features.shape[-3:]))
        return variants._scores(flat.reshape(*features.shape[:-3], -1))

    threshold = float(scores(stream(**CHOSEN_ON).features).max()) + variants.MARGIN
    tested = stream(**TESTED_ON)
    logits = engines.predict(made.file.content, spoken.features)
    wanted = ~np.isin(spoken.labels, (UNKNOWN, SILENCE))
    heard = metrics.correct(logits, spoken.labels) & (variants._scores(logits) >= threshold)
    return variants.judged(made) | {
        "threshold": threshold,
        "recall": float(heard[wanted].mean()),
        "false_accepts": int(metrics.accepts(scores(tested.features), threshold=threshold).sum()),
        "hours": tested.hours,
    }


STUDY = Study(
    name="button_nets",
    shards=tuple({"family": family} for family in (*NARROW, *TEMPORAL)),
    run=run,
    depends_on=(
        "studies.button_nets",
        "models.narrow_ds_cnn",
        "models.temporal",
        "compress.distill",
        "compress.convert",
        "train.loop",
    ),
    inputs=lambda: {"ds_cnn": models.card("ds_cnn").weights_sha256},
)
