"""Nets of 8, 20 and 56 layers with and without shortcuts, with the same parameters, pictures and seeds."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.data import fashion_mnist, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import accuracy
from efficient_ai.models.deep_narrow import deep_narrow
from efficient_ai.studies import Study
from efficient_ai.train import Recipe, fit

if TYPE_CHECKING:
    import keras

    from efficient_ai.records import EpochLog

DEPTHS = (8, 20, 56)
SEEDS = (0, 1)
FIRST_STEPS = 10
EXAMPLES = 6_000
SIDE = 14


def recipe(seed: int) -> Recipe:
    """Twelve epochs without augmentation: the question is what a net can learn, not how well it generalizes."""
    return Recipe(epochs=12, learning_rate=0.1, warmup_epochs=1, weight_decay=1e-4, augment=False, seed=seed)


def halved(images: np.ndarray) -> np.ndarray:
    """Pictures at half of their sides: the mean of each 2×2.

    Args:
        images: (n, 28, 28), uint8.

    Returns:
        (n, 14, 14, 1), float32 in [0, 1].
    """
    return images.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4), dtype=np.float32)[..., None] / 255


def first_losses(depth: int, shortcuts: bool, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _trained(depth, shortcuts, seed, max_steps=FIRST_STEPS)[2]


def _trained(
    depth: int, shortcuts: bool, seed: int, max_steps: int | None = None
) -> tuple[keras.Model, tuple[EpochLog, ...], list[float]]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    labels = data.train_labels[chosen]
    few = stratified_subset(labels, EXAMPLES, seed=0)
    losses: list[float] = []
    model = deep_narrow(depth, shortcuts=shortcuts, side=SIDE, seed=seed)
    logs = fit(
        model,
        halved(data.train_images[chosen[few]]),
        labels[few],
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, logs, losses


def run(*, depth: int, shortcuts: bool, seed: int) -> dict[str, Any]:
    """One shard: train a net, and look at the test pictures."""
    model, logs, losses = _trained(depth, shortcuts, seed)
    data = fashion_mnist()
    logits = model.predict(halved(data.test_images), batch_size=500, verbose=0)
    return {
        "first_losses": losses,
        "epoch_losses": [log.loss for log in logs],
        "train_accuracy": logs[-1].accuracy,
        "test_accuracy": accuracy(logits, data.test_labels),
        "seconds": round(sum(log.seconds for log in logs), 1),
    }


STUDY = Study(
    name="shortcuts",
    shards=tuple(
        {"seed": seed, "depth": depth, "shortcuts": shortcuts}
        for seed, depth, shortcuts in product(SEEDS, DEPTHS, (False, True))
    ),
    run=run,
    depends_on=("studies.shortcuts", "models.deep_narrow", "models.initial", "train.loop", "train.schedules"),
    inputs=lambda: {"fashion_mnist": SHA256},
)
