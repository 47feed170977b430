"""How well nets that share their weights are ranked: a supernet trained a few epochs, every net cut from it judged."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import accuracy
from efficient_ai.search.supernet import Supernet, SupernetRecipe, family, train
from efficient_ai.search.table import AXES, MOST_MACS
from efficient_ai.studies import Study

EXAMPLES = 6_000  # the pictures of the table
JUDGED_ON = 1_000  # validation pictures
CALIBRATION = 250  # training pictures, for the moments of the normalizations
STEPS = 930  # ten epochs; each net of the table had three
JUDGED_AFTER = (93, 279, STEPS)
FIRST_STEPS = 2
SEEDS = (0, 1)


def recipe(seed: int) -> SupernetRecipe:
    """The table's rate, batch and decay; each step trains the largest net, the smallest, and two at random."""
    return SupernetRecipe(steps=STEPS, seed=seed)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """The table's training pictures, (6000, 32, 32, 3), and their classes."""
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    few = chosen[stratified_subset(data.train_labels[chosen], EXAMPLES, seed=0)]
    return as_inputs(data.train_images[few], (32, 32, 3)), data.train_labels[few]


def first_losses(seed: int = 0) -> list[list[float]]:
    """For each of a shard's first steps, the losses of its nets: what a page repeats."""
    losses: list[list[float]] = []
    images, labels = pictures()
    train(
        Supernet(seed=seed),
        images,
        labels,
        recipe(seed),
        max_steps=FIRST_STEPS,
        after_step=lambda step, found: losses.append(list(found)),
    )
    return losses


def judged(supernet: Supernet, images: np.ndarray) -> dict[str, float]:
    """The validation accuracy of every net of the family with the supernet's weights, by name."""
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)
    asked = validation[:JUDGED_ON]
    shown, labels = as_inputs(data.train_images[asked], (32, 32, 3)), data.train_labels[asked]
    found = {}
    for name, net in family().items():
        moments = supernet.moments(net, images[:CALIBRATION])
        found[name] = round(accuracy(supernet.logits(net, shown, moments), labels), 4)
    return found


def run(*, seed: int) -> dict[str, Any]:
    """One shard: train a supernet, and judge all of its nets on the way and at the end."""
    supernet = Supernet(seed=seed)
    images, labels = pictures()
    losses: list[list[float]] = []
    accuracies: dict[str, dict[str, float]] = {}

    def after_step(step: int, found: tuple[float, ...]) -> None:
        if step < FIRST_STEPS:
            losses.append([round(loss, 5) for loss in found])
        if step + 1 in JUDGED_AFTER:
            accuracies[str(step + 1)] = judged(supernet, images)

    train(supernet, images, labels, recipe(seed), after_step=after_step)
    return {"first_losses": losses, "accuracies": accuracies}


def _fields() -> str:
    """A hash of what the table spans."""
    return hashlib.sha256(json.dumps([AXES, MOST_MACS], sort_keys=True).encode()).hexdigest()


STUDY = Study(
    name="supernet",
    shards=tuple({"seed": seed} for seed in SEEDS),
    run=run,
    depends_on=(
        "studies.supernet",
        "search.supernet",
        "search.nets",
        "search.table",
        "models.convolved",
        "models.initial",
        "train.schedules",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, "table": _fields()},
)
