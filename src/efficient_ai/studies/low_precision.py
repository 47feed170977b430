"""Bits against accuracy: a language model and ResNet-8 trained from scratch with each recipe, three seeds each.

The recipes differ in their formats alone: a seed decides the first weights and the order of the examples, and learning
rate and steps are those that were chosen for float32.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.low_precision import Formats, low_precision
from efficient_ai.data import as_inputs, fashion_mnist, python_source, stratified_subset, train_validation, windows
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.models.language import WINDOW
from efficient_ai.numerics.formats import Binary, FloatFormat, IntFormat, Ternary
from efficient_ai.studies import Study
from efficient_ai.studies.distillation_text import judged
from efficient_ai.train import Recipe, fit

if TYPE_CHECKING:
    import keras

SEEDS = (0, 1, 2)
NETS = {"text": "byte_lm_small", "pictures": "resnet8"}
FIRST_STEPS = 5
WINDOWS, PICTURES = 1_536, 6_000


def whole(fmt: FloatFormat, gradients: FloatFormat | None = None) -> Formats:
    """One float format for all operands, and a float32 master copy; another for the gradients, if there is one."""
    return Formats(weights=fmt, activations=fmt, gradients=gradients or fmt)


def integers(bits: int, rounding: str) -> Formats:
    """Integers for all operands and for the weights that are kept; the answers are rounded to the nearest."""
    fmt = IntFormat(bits, rounding=rounding, shift=True)
    return Formats(activations=IntFormat(bits, shift=True), gradients=fmt, updates=fmt)


RECIPES = {
    "float32": Formats(),
    "float16": whole(FloatFormat("float16")),
    "bfloat16": whole(FloatFormat("bfloat16")),
    "float8": whole(FloatFormat("float8_e4m3fn", scaled=True), FloatFormat("float8_e5m2", scaled=True)),
    "int8, stochastic": integers(8, "stochastic"),
    "int8, nearest": integers(8, "nearest"),
    "int4, stochastic": integers(4, "stochastic"),
    "4-bit weights": Formats(weights=IntFormat(4, axis=-1)),
    "ternary weights": Formats(weights=Ternary(axis=-1)),
    "binary weights": Formats(weights=Binary(axis=-1)),
    "binary, 4-bit answers": Formats(weights=Binary(axis=-1), activations=IntFormat(4, symmetric=False)),
}
SCALED = ("float16",)  # its gradients need a loss scale


def recipe(task: str, seed: int) -> Recipe:
    """Four epochs of AdamW for text, two of stochastic gradient descent for pictures; batches of 32 both."""
    if task == "text":
        return Recipe(
            epochs=4, learning_rate=4e-3, batch_size=32, weight_decay=1e-3, augment=False, seed=seed, optimizer="adam"
        )
    return Recipe(epochs=2, learning_rate=0.05, batch_size=32, augment=False, seed=seed)


@functools.cache
def examples(task: str) -> tuple[np.ndarray, np.ndarray]:
    """What is learned: windows of source code with their next bytes, or pictures with their classes."""
    if task == "text":
        return windows(python_source().train, WINDOW, count=WINDOWS, seed=0)
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    chosen = chosen[stratified_subset(data.train_labels[chosen], PICTURES, seed=0)]
    return as_inputs(data.train_images[chosen], (32, 32, 3)), data.train_labels[chosen]


def train(task: str, name: str, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    """A net of `NETS` trained with one of `RECIPES`, and the losses of its first steps."""
    import keras

    model = low_precision(models.build(NETS[task], seed=seed), RECIPES[name], seed=seed)
    losses: list[float] = []
    fit(
        model,
        *examples(task),
        recipe(task, seed),
        wrap=keras.optimizers.LossScaleOptimizer if name in SCALED else None,
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
        progress=name,
    )
    return model, losses


def first_losses(task: str, name: str, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return train(task, name, seed, max_steps=FIRST_STEPS)[1]


def run(*, task: str, recipe: str, seed: int) -> dict[str, Any]:
    """One shard: a net trained and judged on all test pictures, or on windows of the test text."""
    model, losses = train(task, recipe, seed)
    if task == "text":
        source = python_source()
        score = {"bits_per_byte": float(judged(model).mean()), "text_sha256": source.sha256, "python": source.python}
    else:
        data = fashion_mnist()
        logits = model.predict(as_inputs(data.test_images, (32, 32, 3)), batch_size=500, verbose=0)
        score = {"test_accuracy": float(correct(logits, data.test_labels).mean())}
    return {"first_losses": losses, **score}


STUDY = Study(
    name="low_precision",
    shards=tuple({"seed": seed, "task": task, "recipe": name} for seed, task, name in product(SEEDS, NETS, RECIPES)),
    run=run,
    depends_on=(
        "studies.low_precision",
        "compress.low_precision",
        "compress.low_layers",
        "numerics.formats",
        "studies.distillation_text",
        "train.loop",
        "train.schedules",
        "models.language",
        "models.architectures",
    ),
    inputs=lambda: {"fashion_mnist": SHA256},
)
