"""A small byte-level language model, alone and distilled from the book's own: paired seeds, in bits per byte.

Both nets of a pair start from the same weights and read the same windows in the same order; only the loss differs.
The text is the running Python's own library, so a record belongs to one version of Python; its entries name the text.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.distill import Distill
from efficient_ai.data import python_source, windows
from efficient_ai.metrics import bits_per_byte
from efficient_ai.models.language import WINDOW
from efficient_ai.studies import Study
from efficient_ai.studies.distillation import shown, taught
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

TEACHER, STUDENT = "byte_lm", "byte_lm_small"
SEEDS = (0, 1, 2, 3, 4)
ALONE = Distill(temperature=1.0, alpha=0.0)
CHOSEN = Distill(temperature=1.0, alpha=0.9)
WINDOWS, JUDGED = 768, 400
CHUNK = 64
FIRST_STEPS = 5


def recipe(seed: int) -> Recipe:
    """Five times over the same windows for both of a pair."""
    return Recipe(
        epochs=5, learning_rate=4e-3, batch_size=32, weight_decay=1e-3, augment=False, seed=seed, optimizer="adam"
    )


def teacher_logits(inputs: np.ndarray) -> np.ndarray:
    """The teacher's answers to windows of bytes, (n, WINDOW, 256), in half precision: a hundred megabytes."""
    teacher = models.load(TEACHER)
    return np.concatenate(
        [teacher.predict_on_batch(inputs[i : i + CHUNK]).astype(np.float16) for i in range(0, len(inputs), CHUNK)]
    )


@functools.cache
def _text() -> tuple[np.ndarray, np.ndarray]:
    return windows(python_source().train, WINDOW, count=WINDOWS, seed=0)


@functools.cache
def _all_logits() -> np.ndarray:
    return teacher_logits(_text()[0])


def _shard(how: Distill, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    inputs, targets = _text()
    training = recipe(seed)
    if not how.alpha:
        logits = np.zeros((len(inputs), 1, 1), np.float16)  # says nothing, and is not asked
        logits = np.broadcast_to(logits, (len(inputs), WINDOW, 256))
    elif max_steps:
        asked = shown(training, len(inputs), max_steps)
        logits = np.zeros((len(inputs), WINDOW, 256), np.float16)
        logits[asked] = teacher_logits(inputs[asked])
    else:
        logits = _all_logits()
    start = models.build(STUDENT, seed=seed)
    return taught(start, logits, inputs, targets, training, how, max_steps=max_steps, first=FIRST_STEPS)


def first_losses(temperature: float, alpha: float, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _shard(Distill(temperature, alpha), seed, max_steps=FIRST_STEPS)[1]


def judged(model: keras.Model, split: str = "test") -> np.ndarray:
    """Bits per byte on each of JUDGED windows of a split, evenly spread over it, (JUDGED,)."""
    inputs, targets = windows(getattr(python_source(), split), WINDOW)
    chosen = np.linspace(0, len(inputs) - 1, JUDGED).astype(int)
    return np.concatenate(
        [
            bits_per_byte(model.predict_on_batch(inputs[part]), targets[part])
            for part in np.array_split(chosen, -(-JUDGED // CHUNK))
        ]
    )


def run(*, temperature: float, alpha: float, seed: int) -> dict[str, Any]:
    """One shard: a student trained and judged."""
    model, losses = _shard(Distill(temperature, alpha), seed)
    bits = judged(model)
    return {
        "first_losses": losses,
        "bits_per_byte": float(bits.mean()),
        "window_bits": [round(float(b), 5) for b in bits],
        "text_sha256": python_source().sha256,
        "python": python_source().python,
    }


STUDY = Study(
    name="distillation_text",
    shards=tuple(
        {"temperature": how.temperature, "alpha": how.alpha, "seed": seed}
        for seed, how in product(SEEDS, (ALONE, CHOSEN))
    ),
    run=run,
    depends_on=(
        "studies.distillation_text",
        "studies.distillation",
        "compress.distill",
        "compress.prune",
        "train.loop",
        "train.schedules",
        "models.language",
    ),
    inputs=lambda: {TEACHER: models.card(TEACHER).weights_sha256},
)
