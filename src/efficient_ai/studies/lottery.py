"""Lottery tickets in LeNet-300-100 and in a small LeNet-5, against other first weights and against other places.

A shard hunts with one seed: it trains the whole net, then round by round with fewer weights, each time from the same
first weights. At some densities it also trains the ticket's places from other first weights, and as many random places
in each layer. Every training has the same steps and sees the same examples in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.sparse_training import random_masks
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.emerging.lottery import MaskedTrainer, Trained, Training, hunt, left, whole
from efficient_ai.metrics import accuracy
from efficient_ai.models.initial import he_normals
from efficient_ai.studies import Study

if TYPE_CHECKING:
    import keras

NETS = ("lenet_300_100", "small_lenet5")
SEEDS = (0, 1, 2)
ROUNDS = {"lenet_300_100": 14, "small_lenet5": 11}
COMPARED = {"lenet_300_100": (5, 10, 14), "small_lenet5": (4, 8, 11)}
STEPS = {"lenet_300_100": 3_000, "small_lenet5": 1_500}
SHARE = 0.2
LOOKED_AT = 1_000
FIRST_STEPS = 10
OTHER = 100  # added to the seed: of other first weights, and of random places


def build(net: str, seed: int) -> keras.Model:
    """One of `NETS` with its first weights."""
    return small_lenet5(seed=seed) if net == "small_lenet5" else models.build(net, seed=seed)


def small_lenet5(*, seed: int) -> keras.Model:
    """LeNet-5 in about its first size: 6 and 16 filters of 5×5, hidden layers of 120 and 84 units.

    Source: lecun1998gradient, section II.B; here with ReLU and maxima, and without padding.
    """
    import keras

    initial = he_normals(seed)
    x = inputs = keras.Input((28, 28, 1))
    for i, filters in enumerate((6, 16), start=1):
        x = keras.layers.Conv2D(filters, 5, activation="relu", kernel_initializer=next(initial), name=f"conv_{i}")(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    for units in (120, 84):
        x = keras.layers.Dense(units, "relu", kernel_initializer=next(initial), name=f"hidden_{units}")(x)
    outputs = keras.layers.Dense(10, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name="small_lenet5")


def trainer(net: str, seed: int) -> MaskedTrainer:
    """What trains a shard's nets: all 55,000 training pictures, and the first of the validation's to look at."""
    data, model = fashion_mnist(), build(net, seed)
    train, validation = train_validation(data.train_labels)
    shape, few = model.input_shape[1:], validation[:LOOKED_AT]
    return MaskedTrainer(
        model,
        as_inputs(data.train_images[train], shape),
        data.train_labels[train],
        Training(steps=STEPS[net], seed=seed),
        validation=(as_inputs(data.train_images[few], shape), data.train_labels[few]),
    )


def first_losses(net: str, seed: int = 0) -> list[float]:
    """The losses of a shard's first steps, with all weights: what a page repeats."""
    model = build(net, seed)
    return list(trainer(net, seed).train(model.get_weights(), whole(model), max_steps=FIRST_STEPS).losses)


def run(*, net: str, seed: int) -> dict[str, Any]:
    """One shard: a hunt, and the controls at some of its densities."""
    import keras

    keras.backend.clear_session()
    data, model, trains = fashion_mnist(), build(net, seed), trainer(net, seed)
    images = as_inputs(data.test_images, model.input_shape[1:])

    def found(trained: Trained, masks: tuple[np.ndarray, ...]) -> dict[str, Any]:
        return {
            "left": left(masks),
            "test_accuracy": accuracy(trains.logits(trained.weights, images), data.test_labels),
            "looks": [(step, round(loss, 4), round(right, 4)) for step, loss, right in trained.looks],
            "early_stop": trained.early_stop,
        }

    first: list[float] = []
    arms: dict[str, list[dict[str, Any]]] = {"ticket": [], "other weights": [], "random places": []}
    others = build(net, seed + OTHER).get_weights()
    for at, hunted in enumerate(hunt(trains, model.get_weights(), whole(model), rounds=ROUNDS[net], share=SHARE)):
        first = first or list(hunted.trained.losses[:FIRST_STEPS])
        arms["ticket"].append({"round": at, **found(hunted.trained, hunted.masks)})
        if at in COMPARED[net]:
            counts = [int(mask.sum()) for mask in hunted.masks]
            places = tuple(random_masks([m.shape for m in hunted.masks], counts, seed=seed + OTHER))
            arms["other weights"].append({"round": at, **found(trains.train(others, hunted.masks), hunted.masks)})
            arms["random places"].append({"round": at, **found(trains.train(others, places), places)})
    return {"first_losses": [round(loss, 5) for loss in first], "arms": arms}


STUDY = Study(
    name="lottery",
    shards=tuple({"net": net, "seed": seed} for net in NETS for seed in SEEDS),
    run=run,
    depends_on=(
        "studies.lottery",
        "emerging.lottery",
        "compress.prune",
        "compress.sparse_training",
        "models.architectures",
        "models.initial",
    ),
    inputs=lambda: {"fashion_mnist": SHA256},
)
