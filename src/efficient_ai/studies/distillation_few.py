"""The small student where labels are few: two thousand pictures with labels, ten thousand without, and a teacher.

All nets of a seed start from the same weights and take equally many steps.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress.distill import Distill
from efficient_ai.data import as_inputs, stratified_subset
from efficient_ai.models.student import student
from efficient_ai.studies import Study
from efficient_ai.studies.distillation import (
    ALONE,
    CHOSEN,
    EXPLORED_SEED,
    SEEDS,
    judged,
    pictures,
    taught,
    teacher_logits,
)
from efficient_ai.studies.distillation import STUDY as DISTILLATION
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

LABELLED, PICTURES = 2_000, 12_000
EPOCHS = 24  # over the labelled pictures; over all of them a sixth, which takes as many steps
RATE = 0.4
RATES = (0.1, 0.2, 0.4, 0.8)  # explored for the student alone
UNLABELLED = Distill(CHOSEN.temperature, 1.0)  # the labels count nothing
METHODS = {"alone": (LABELLED, ALONE), "same pictures": (LABELLED, CHOSEN), "more pictures": (PICTURES, UNLABELLED)}


def recipe(seed: int, count: int = LABELLED, rate: float = RATE) -> Recipe:
    """For `count` pictures; at the rate at which the student alone does best."""
    epochs = EPOCHS * LABELLED // count
    return Recipe(epochs=epochs, learning_rate=rate, batch_size=64, weight_decay=1e-4, augment=False, seed=seed)


@functools.cache
def lesson(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` training pictures as bytes with their labels; the labelled ones are among the others."""
    images, labels = pictures()
    chosen = stratified_subset(labels, PICTURES, seed=0)
    if count < PICTURES:
        chosen = chosen[stratified_subset(labels[chosen], count, seed=0)]
    return images[chosen], labels[chosen]


def train(method: str, seed: int, rate: float = RATE, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    """A student of one of `METHODS`, and the losses of its first steps."""
    count, how = METHODS[method]
    images, labels = lesson(count)
    start = student(seed=seed)
    logits = teacher_logits(images) if how.alpha else np.zeros((count, 10), np.float32)
    inputs = as_inputs(images, start.input_shape[1:])
    return taught(start, logits, inputs, labels, recipe(seed, count, rate), how, max_steps=max_steps)


def run(*, role: str, method: str, rate: float, seed: int) -> dict[str, Any]:
    """One shard: a student trained and judged, on the test pictures only where `role` is "pair"."""
    model, losses = train(method, seed, rate)
    found = {"first_losses": losses, **judged(model)}
    return found if role == "pair" else {key: found[key] for key in ("first_losses", "validation_accuracy")}


STUDY = Study(
    name="distillation_few",
    shards=(
        *({"role": "pair", "method": method, "rate": RATE, "seed": seed} for seed, method in product(SEEDS, METHODS)),
        *({"role": "map", "method": "alone", "rate": rate, "seed": EXPLORED_SEED} for rate in RATES),
    ),
    run=run,
    depends_on=("studies.distillation_few", *DISTILLATION.depends_on),
    inputs=DISTILLATION.inputs,
)
