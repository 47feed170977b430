"""ResNet-8 pruned at once and gradually, to three sparsities with three seeds, on all training pictures."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress import Gradual, Magnitude, fine_tune, prune
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train import Recipe

SPARSITIES = (0.8, 0.9, 0.95)
SEEDS = (0, 1, 2)
FIRST_STEPS = 10


def recipe(seed: int) -> Recipe:
    """Two epochs, without augmentation and with little weight decay.

    A pruned net has little to spare, so what keeps a large one from overfitting holds this one back: on the validation
    pictures, with one seed at 80%, the recipe of the dense net's training was half a point worse.
    """
    return Recipe(epochs=2, learning_rate=0.05, weight_decay=1e-4, augment=False, seed=seed)


def first_losses(method: str, sparsity: float, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _shard(method, sparsity, seed, max_steps=FIRST_STEPS)[1]


def _shard(method: str, sparsity: float, seed: int, max_steps: int | None = None) -> tuple[Any, list[float]]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    dense = models.load("resnet8")
    images = as_inputs(data.train_images[chosen], dense.input_shape[1:])
    losses: list[float] = []
    start, how = (prune(dense, Magnitude(sparsity)), None) if method == "one-shot" else (dense, Gradual(sparsity))
    tuned, _ = fine_tune(
        start,
        images,
        data.train_labels[chosen],
        recipe(seed),
        how=how,
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return tuned, losses


def run(*, method: str, sparsity: float, seed: int) -> dict[str, Any]:
    """One shard: prune, fine-tune, look at the validation pictures and at the test pictures.

    Which test pictures are named rightly is kept bit by bit, so that a page can compare two nets picture by picture.
    """
    tuned, losses = _shard(method, sparsity, seed)
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)
    rightly = {}
    for name, images, labels in (
        ("validation", data.train_images[validation], data.train_labels[validation]),
        ("test", data.test_images, data.test_labels),
    ):
        logits = tuned.predict(as_inputs(images, tuned.input_shape[1:]), batch_size=500, verbose=0)
        rightly[name] = correct(logits, labels)
    return {
        "first_losses": losses,
        "validation_accuracy": float(rightly["validation"].mean()),
        "test_accuracy": float(rightly["test"].mean()),
        "test_correct_hex": np.packbits(rightly["test"]).tobytes().hex(),
    }


STUDY = Study(
    name="pruning",
    shards=tuple(
        {"seed": seed, "sparsity": sparsity, "method": method}
        for seed, sparsity, method in product(SEEDS, SPARSITIES, ("one-shot", "gradual"))
    ),
    run=run,
    depends_on=("studies.pruning", "compress.prune", "train.loop", "train.schedules", "models.architectures"),
    inputs=lambda: {"fashion_mnist": SHA256, "resnet8": models.card("resnet8").weights_sha256},
)
