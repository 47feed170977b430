"""Twelve nets of the search space, trained briefly and all alike: how good is each kind?"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.search.nets import build
from efficient_ai.search.space import CANDIDATES
from efficient_ai.studies import Study
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

# One seed for all; three of different kinds are trained again, which shows how much a seed decides.
AGAIN = ("plain-8", "residual-8", "separable-32")
EXAMPLES = 10_000
FIRST_STEPS = 10


def recipe(seed: int) -> Recipe:
    """Five epochs without augmentation, the same for every net: enough to rank them, too little for their best."""
    return Recipe(
        epochs=5, learning_rate=0.1, batch_size=64, weight_decay=5e-4, warmup_epochs=0.5, augment=False, seed=seed
    )


def first_losses(name: str, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _trained(name, seed, max_steps=FIRST_STEPS)[1]


def _trained(name: str, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    few = chosen[stratified_subset(data.train_labels[chosen], EXAMPLES, seed=0)]
    losses: list[float] = []
    model = build(CANDIDATES[name], seed=seed)
    fit(
        model,
        as_inputs(data.train_images[few], model.input_shape[1:]),
        data.train_labels[few],
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, losses


def run(*, name: str, seed: int) -> dict[str, Any]:
    """One shard: train a candidate, look at the validation pictures and at the test pictures.

    The weights are not kept: how long a net takes doesn't depend on them.
    """
    model, losses = _trained(name, seed)
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)

    def rightly(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return correct(model.predict(as_inputs(images, model.input_shape[1:]), batch_size=500, verbose=0), labels)

    test = rightly(data.test_images, data.test_labels)
    return {
        "first_losses": losses,
        "validation_accuracy": float(rightly(data.train_images[validation], data.train_labels[validation]).mean()),
        "test_accuracy": float(test.mean()),
        "test_correct_hex": np.packbits(test).tobytes().hex(),
    }


def _fields() -> str:
    """A hash of what the candidates are."""
    text = json.dumps({name: dataclasses.asdict(candidate) for name, candidate in CANDIDATES.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


STUDY = Study(
    name="candidates",
    shards=tuple({"seed": 0, "name": name} for name in CANDIDATES) + tuple({"seed": 1, "name": name} for name in AGAIN),
    run=run,
    depends_on=(
        "studies.candidates",
        "search.nets",
        "models.mobilenet",
        "models.convolved",
        "models.initial",
        "train.loop",
        "train.schedules",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, "candidates": _fields()},
)
