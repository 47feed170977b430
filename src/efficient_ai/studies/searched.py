"""Nets that a search chose, a family made by hand, and some drawn by lot, all trained with all training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress import Int8, convert
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.search.nets import build
from efficient_ai.search.table import places
from efficient_ai.studies import Study
from efficient_ai.studies.searched_nets import CHOSEN, DRAWN, FAMILY, SECOND_SEED
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

FIRST_STEPS = 10
CALIBRATION = 100


def recipe(seed: int) -> Recipe:
    """Five epochs of all training pictures, shifted and mirrored: the zoo's recipe for its small MobileNets."""
    return Recipe(epochs=5, learning_rate=0.1, batch_size=128, weight_decay=1e-4, warmup_epochs=0.5, seed=seed)


def first_losses(name: str, seed: int = 0) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _trained(name, seed, max_steps=FIRST_STEPS)[1]


def _trained(name: str, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    losses: list[float] = []
    model = build(places()[name], seed=seed)
    fit(
        model,
        as_inputs(data.train_images[chosen], model.input_shape[1:]),
        data.train_labels[chosen],
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, losses


def run(*, name: str, seed: int) -> dict[str, Any]:
    """One shard: train a net, look at the validation pictures, and at the test pictures in float32 and in int8."""
    import keras

    from efficient_ai import engines

    keras.backend.clear_session()
    model, losses = _trained(name, seed)
    data = fashion_mnist()
    chosen, validation = train_validation(data.train_labels)

    def inputs(images: np.ndarray) -> np.ndarray:
        return as_inputs(images, model.input_shape[1:])

    judged = model.predict(inputs(data.train_images[validation]), batch_size=500, verbose=0)
    test = inputs(data.test_images)
    right = correct(model.predict(test, batch_size=500, verbose=0), data.test_labels)
    small = convert(model, Int8(inputs(data.train_images[chosen[:CALIBRATION]])), technique=name)
    right_int8 = correct(engines.predict(small.content, test), data.test_labels)
    return {
        "first_losses": [round(loss, 5) for loss in losses],
        "validation_accuracy": float(correct(judged, data.train_labels[validation]).mean()),
        "test_accuracy": float(right.mean()),
        "test_correct_hex": np.packbits(right).tobytes().hex(),
        "int8_size_bytes": small.size_bytes,
        "int8_test_accuracy": float(right_int8.mean()),
        "int8_test_correct_hex": np.packbits(right_int8).tobytes().hex(),
    }


STUDY = Study(
    name="searched",
    shards=tuple({"seed": 0, "name": name} for name in dict.fromkeys((*FAMILY, *DRAWN, *CHOSEN)))
    + tuple({"seed": 1, "name": name} for name in SECOND_SEED),
    run=run,
    depends_on=(
        "studies.searched",
        "search.nets",
        "search.table",
        "models.mobilenet",
        "models.convolved",
        "models.initial",
        "train.loop",
        "train.schedules",
        "compress.convert",
    ),
    inputs=lambda: {"fashion_mnist": SHA256},
)
