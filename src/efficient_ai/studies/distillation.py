"""A small convolutional student on Fashion-MNIST, alone and distilled from ResNet-8: paired seeds, and a map of
temperature and alpha.

Both nets of a pair start from the same weights and see the same pictures in the same order; only the loss differs.
"""

from __future__ import annotations

import base64
import functools
import io
import zlib
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import cache, models
from efficient_ai.compress.distill import Distill, distill
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.models.student import student
from efficient_ai.studies import Study
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

TEACHER = "resnet8"
SEEDS = (0, 1, 2, 3, 4)
KEPT = (0, 1, 2)  # of these seeds the record holds the weights
EXPLORED_SEED = 10
ALONE = Distill(temperature=1.0, alpha=0.0)
CHOSEN = Distill(temperature=2.0, alpha=0.9)
RATE = 0.4
RATES = (0.1, 0.2, 0.4, 0.8)  # explored for the student alone
TEMPERATURES = (1.0, 2.0, 4.0)
ALPHAS = (0.5, 0.9)
FIRST_STEPS = 10


def recipe(seed: int, rate: float = RATE) -> Recipe:
    """Four epochs for both of a pair, without augmentation: the teacher answers to the pictures as they are.

    The rate is the one at which the student *alone* does best. At a lower one distillation seems to gain more, since
    its gradients are larger: that is a matter of the rate, and not of the teacher.
    """
    return Recipe(epochs=4, learning_rate=rate, warmup_epochs=1, weight_decay=1e-4, augment=False, seed=seed)


@functools.cache
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """The training pictures as bytes, (n, 28, 28), and their labels."""
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    return data.train_images[chosen], data.train_labels[chosen]


def teacher_logits(images: np.ndarray) -> np.ndarray:
    """The teacher's answers to uint8 pictures, (n, 10)."""
    teacher = models.load(TEACHER)
    return teacher.predict(as_inputs(images, teacher.input_shape[1:]), batch_size=500, verbose=0)


@functools.cache
def all_logits() -> np.ndarray:
    """The teacher's answers to all training pictures, (n, 10); kept on disk."""
    path = cache.root() / "teachers" / f"{TEACHER}-{models.card(TEACHER).weights_sha256[:16]}.npy"
    if not path.exists():
        buffer = io.BytesIO()
        np.save(buffer, teacher_logits(pictures()[0]))
        cache.write_whole(path, buffer.getvalue())
    return np.load(path)


def shown(training: Recipe, count: int, max_steps: int) -> np.ndarray:
    """Which of `count` examples the first steps of a training see, as `fit` draws them."""
    order = np.random.default_rng([training.seed, 0]).permutation(count)
    return order[: max_steps * training.batch_size]


def taught(
    start: keras.Model,
    logits: np.ndarray,
    inputs: np.ndarray,
    labels: np.ndarray,
    training: Recipe,
    how: Distill,
    *,
    max_steps: int | None,
    first: int = FIRST_STEPS,
) -> tuple[keras.Model, list[float]]:
    """What `distill` makes of a student, and the losses of the `first` steps."""
    losses: list[float] = []
    learned, _ = distill(
        start,
        logits,
        inputs,
        labels,
        training,
        how,
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < first else None,
    )
    return learned, losses


def train(how: Distill, seed: int, rate: float = RATE, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    """A student, alone where alpha is 0; and the losses of its first steps.

    Where only a few steps are wanted, the teacher is asked about the pictures of these steps only.
    """
    training = recipe(seed, rate)
    images, labels = pictures()
    logits = np.zeros((len(labels), 10), np.float32)
    if how.alpha and max_steps:
        asked = shown(training, len(labels), max_steps)
        logits[asked] = teacher_logits(images[asked])
    elif how.alpha:
        logits = all_logits()
    start = student(seed=seed)
    inputs = as_inputs(images, start.input_shape[1:])
    return taught(start, logits, inputs, labels, training, how, max_steps=max_steps)


def first_losses(temperature: float, alpha: float, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return train(Distill(temperature, alpha), seed, max_steps=FIRST_STEPS)[1]


def judged(model: keras.Model) -> dict[str, Any]:
    """Accuracy on the validation and the test pictures, and which of the latter are named rightly, bit by bit."""
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)
    shape = model.input_shape[1:]
    seen = correct(
        model.predict(as_inputs(data.train_images[validation], shape), batch_size=500, verbose=0),
        data.train_labels[validation],
    )
    right = correct(model.predict(as_inputs(data.test_images, shape), batch_size=500, verbose=0), data.test_labels)
    return {
        "validation_accuracy": float(seen.mean()),
        "test_accuracy": float(right.mean()),
        "test_correct_hex": np.packbits(right).tobytes().hex(),
    }


def packed(model: keras.Model) -> str:
    """A model's weights as text, for a record: float32, through DEFLATE, in base 85."""
    flat = np.concatenate([np.ravel(w) for w in model.get_weights()]).astype("<f4")
    return base64.b85encode(zlib.compress(flat.tobytes(), 9)).decode()


def unpacked(text: str) -> keras.Model:
    """The student whose weights `packed` wrote."""
    model = student(seed=0)
    flat = np.frombuffer(zlib.decompress(base64.b85decode(text)), "<f4")
    parts = np.split(flat, np.cumsum([w.size for w in model.get_weights()])[:-1])
    model.set_weights([part.reshape(w.shape) for part, w in zip(parts, model.get_weights(), strict=True)])
    return model


def run(*, role: str, temperature: float, alpha: float, rate: float, seed: int) -> dict[str, Any]:
    """One shard: a student trained and judged. `role` is "pair", or "map" for those that only explore.

    The test pictures are looked at for the pairs alone.
    """
    model, losses = train(Distill(temperature, alpha), seed, rate)
    found = {"first_losses": losses, **judged(model)}
    if role == "map":
        return {key: found[key] for key in ("first_losses", "validation_accuracy")}
    return {**found, "weights": packed(model)} if seed in KEPT else found


def _shard(role: str, how: Distill, rate: float, seed: int) -> dict[str, Any]:
    return {"role": role, "temperature": how.temperature, "alpha": how.alpha, "rate": rate, "seed": seed}


EXPLORED = (
    *((ALONE, rate) for rate in RATES),
    (CHOSEN, RATES[0]),
    *((Distill(t, a), RATE) for t, a in product(TEMPERATURES, ALPHAS)),
)
STUDY = Study(
    name="distillation",
    shards=(
        *(_shard("pair", how, RATE, seed) for seed, how in product(SEEDS, (ALONE, CHOSEN))),
        *(_shard("map", how, rate, EXPLORED_SEED) for how, rate in EXPLORED),
    ),
    run=run,
    depends_on=(
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
