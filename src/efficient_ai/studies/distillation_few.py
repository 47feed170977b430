"""The small student where labels are few: six thousand pictures of the fifty-five thousand that its teacher has seen.

Both nets of a pair start from the same weights and see the same pictures in the same order; only the loss differs.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.distill import Distill, distill
from efficient_ai.data import as_inputs, stratified_subset
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.models.student import student
from efficient_ai.studies import Study
from efficient_ai.studies.distillation import (
    ALONE,
    CHOSEN,
    EXPLORED_SEED,
    SEEDS,
    TEACHER,
    judged,
    pictures,
    teacher_logits,
)
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

PICTURES = 6_000
RATE = 0.4
RATES = (0.1, 0.2, 0.4, 0.8)  # explored for the student alone
FIRST_STEPS = 10


def recipe(seed: int, rate: float = RATE) -> Recipe:
    """Eight epochs for both of a pair, at the rate at which the student alone does best."""
    return Recipe(epochs=8, learning_rate=rate, batch_size=64, weight_decay=1e-4, augment=False, seed=seed)


@functools.cache
def _lesson() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pictures as bytes, their labels, and the teacher's answers to them."""
    images, labels = pictures()
    some = stratified_subset(labels, PICTURES, seed=0)
    return images[some], labels[some], teacher_logits(images[some])


def train(how: Distill, seed: int, rate: float = RATE, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    """A student, alone where alpha is 0; and the losses of its first steps."""
    images, labels, logits = _lesson()
    start = student(seed=seed)
    losses: list[float] = []
    learned, _ = distill(
        start,
        logits,
        as_inputs(images, start.input_shape[1:]),
        labels,
        recipe(seed, rate),
        how,
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return learned, losses


def run(*, role: str, temperature: float, alpha: float, rate: float, seed: int) -> dict[str, Any]:
    """One shard: a student trained and judged, on the test pictures only where `role` is "pair"."""
    model, losses = train(Distill(temperature, alpha), seed, rate)
    found = {"first_losses": losses, **judged(model)}
    return found if role == "pair" else {key: found[key] for key in ("first_losses", "validation_accuracy")}


def _shard(role: str, how: Distill, rate: float, seed: int) -> dict[str, Any]:
    return {"role": role, "temperature": how.temperature, "alpha": how.alpha, "rate": rate, "seed": seed}


STUDY = Study(
    name="distillation_few",
    shards=(
        *(_shard("pair", how, RATE, seed) for seed, how in product(SEEDS, (ALONE, CHOSEN))),
        *(_shard("map", ALONE, rate, EXPLORED_SEED) for rate in RATES),
    ),
    run=run,
    depends_on=(
        "studies.distillation_few",
        "studies.distillation",
        "compress.distill",
        "compress.prune",
        "train.loop",
        "train.schedules",
        "models.architectures",
        "models.student",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, TEACHER: models.card(TEACHER).weights_sha256},
)
