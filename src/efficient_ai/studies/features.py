"""Keyword spotters that hear differently and think differently, each trained once, briefly and alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.emerging.data_aware import SIZES, SPOTTERS, Spotter, build, examples, memory
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

FIRST_STEPS = 2
CALIBRATION = 100
PLACES = {spotter.name: spotter for spotter in SPOTTERS}
SEEDS = (0, 1)


def recipe(seed: int) -> Recipe:
    """Three epochs, the same for every spotter: enough to rank them, too little for their best."""
    return Recipe(
        epochs=3, learning_rate=0.1, batch_size=64, weight_decay=1e-4, warmup_epochs=0.5, augment=False, seed=seed
    )


def first_losses(name: str, seed: int) -> list[float]:
    """The losses of a shard's first steps, of which only the examples are spoken: what a page repeats."""
    order = np.random.default_rng([seed, 0]).permutation(SIZES["train"])
    seen = order[: FIRST_STEPS * recipe(seed).batch_size]
    return _trained(PLACES[name], examples("train", PLACES[name].hearing, seen), seed, max_steps=FIRST_STEPS)[1]


def _trained(
    spotter: Spotter, seen: tuple[np.ndarray, np.ndarray], seed: int, max_steps: int | None = None
) -> tuple[keras.Model, list[float]]:
    losses: list[float] = []
    model = build(spotter, seed=seed)
    fit(
        model,
        *seen,
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, losses


def run(*, name: str, seed: int) -> dict[str, Any]:
    """One shard: a spotter trained and judged on voices that it has not heard, its memory counted."""
    import keras

    from efficient_ai import cost
    from efficient_ai.compress.convert import Int8, convert

    keras.backend.clear_session()
    spotter = PLACES[name]
    features, labels = examples("train", spotter.hearing)
    model, losses = _trained(spotter, (features, labels), seed)
    int8 = convert(model, Int8(calibration_set=features[:CALIBRATION])).content
    ram, counted = memory(spotter.hearing, int8), cost.count(model)
    found: dict[str, Any] = {
        "first_losses": losses,
        "macs": counted.macs,
        "params": counted.params,
        "window_bytes": ram.window_bytes,
        "features_bytes": ram.features_bytes,
        "arena_bytes": ram.arena_bytes,
        "ram_bytes": ram.ram_bytes,
        "size_bytes": len(int8),
    }
    for split in ("validation", "test"):
        heard, wanted = examples(split, spotter.hearing)
        logits = model.predict(heard, batch_size=500, verbose=0)
        found[f"{split}_accuracy"] = float(correct(logits, wanted).mean())
    return found


STUDY = Study(
    name="features",
    shards=tuple({"name": name, "seed": seed} for seed in SEEDS for name in PLACES),
    run=run,
    depends_on=(
        "studies.features",
        "emerging.data_aware",
        "data.keywords",
        "data.speech",
        "data.espeak",
        "data.sound",
        "data.splits",
        "train.loop",
        "train.schedules",
    ),
    inputs=dict,
)
