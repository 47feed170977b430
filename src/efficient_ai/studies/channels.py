"""ResNet-8 without a part of its channels, chosen in three ways, fine-tuned on all training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import cost, models
from efficient_ai.compress.channels import Channels, prune_channels
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train import Recipe
from efficient_ai.train.loop import fit

if TYPE_CHECKING:
    import keras

# Widths go by sixteens: so many channels the kernels of a fast interpreter compute at a time.
MULTIPLE = 16
WAYS = ((0.5, "bn_scale", 0), (0.65, "bn_scale", 0), (0.5, "l1", 0), (0.5, "random", 0))
WAYS += ((0.5, "bn_scale", 1), (0.65, "bn_scale", 1))
FIRST_STEPS = 10


def recipe(seed: int) -> Recipe:
    """Three epochs without augmentation and with little weight decay: a narrow net has little to spare."""
    return Recipe(epochs=3, learning_rate=0.05, weight_decay=1e-4, augment=False, seed=seed)


def narrowed(keep: float, criterion: str, seed: int = 0) -> keras.Model:
    """ResNet-8 without a part of its channels, before any fine-tuning; `seed` is that of "random"."""
    return prune_channels(models.load("resnet8"), Channels(keep, criterion, multiple=MULTIPLE, seed=seed))


def first_losses(keep: float, criterion: str, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _tuned(narrowed(keep, criterion, seed), seed, max_steps=FIRST_STEPS)


def _tuned(model: keras.Model, seed: int, max_steps: int | None = None) -> list[float]:
    """Fine-tune in place; gives the first losses."""
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    images = as_inputs(data.train_images[chosen], model.input_shape[1:])
    losses: list[float] = []
    fit(
        model,
        images,
        data.train_labels[chosen],
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return losses


def run(*, keep: float, criterion: str, seed: int) -> dict[str, Any]:
    """One shard: remove channels, fine-tune, look at the validation pictures and at the test pictures."""
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)
    model = narrowed(keep, criterion, seed)
    counted = cost.count(model)
    sets = {
        "validation": (data.train_images[validation], data.train_labels[validation]),
        "test": (data.test_images, data.test_labels),
    }

    def rightly(name: str) -> np.ndarray:
        images, labels = sets[name]
        return correct(model.predict(as_inputs(images, model.input_shape[1:]), batch_size=500, verbose=0), labels)

    before = float(rightly("validation").mean())
    losses = _tuned(model, seed)
    test = rightly("test")
    return {
        "first_losses": losses,
        "macs": counted.macs,
        "params": counted.params,
        "before": before,
        "validation_accuracy": float(rightly("validation").mean()),
        "test_accuracy": float(test.mean()),
        "test_correct_hex": np.packbits(test).tobytes().hex(),
    }


STUDY = Study(
    name="channels",
    shards=tuple({"keep": keep, "criterion": criterion, "seed": seed} for keep, criterion, seed in WAYS),
    run=run,
    depends_on=(
        "studies.channels",
        "compress.channels",
        "compress.channel_graph",
        "train.loop",
        "train.schedules",
        "models.architectures",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, "resnet8": models.card("resnet8").weights_sha256},
)
