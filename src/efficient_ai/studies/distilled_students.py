"""Students that were cut out of their teacher: ResNet-8 without most of its weights, or with weights of two bits, and
the language model without most of its weights, each trained with the labels alone and with the float32 net's answers.

Both of a pair start from the same weights and see the same examples in the same order; only the loss differs.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.distill import Distill, distill, distillation_loss
from efficient_ai.compress.prune import Magnitude, fine_tune, prune, sparsity
from efficient_ai.compress.qat import QAT, fake_quantized
from efficient_ai.data import as_inputs, python_source, stratified_subset
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.studies import Study, distillation, distillation_text
from efficient_ai.train.loop import Recipe

if TYPE_CHECKING:
    import keras

FIRST_STEPS = 10
CALIBRATED = 250


@dataclass(frozen=True)
class Plan:
    """What becomes of a teacher, and how the student is trained.

    For two bits and for the text the rate is the better of two for the student *alone*, on validation data with a seed
    of its own; temperature and alpha are those of the studies of distillation.
    """

    teacher: str
    how: Magnitude | QAT
    examples: int
    epochs: int
    rate: float
    batch_size: int
    taught: Distill
    seeds: tuple[int, ...]
    optimizer: str = "sgd"

    def recipe(self, seed: int) -> Recipe:
        """Without augmentation: the teacher answers to the pictures as they are."""
        return Recipe(
            epochs=self.epochs,
            learning_rate=self.rate,
            batch_size=self.batch_size,
            weight_decay=1e-3 if self.optimizer == "adam" else 1e-4,
            augment=False,
            seed=seed,
            optimizer=self.optimizer,
        )


ALONE = Distill(temperature=1.0, alpha=0.0)
PLANS = {
    "pruned": Plan("resnet8", Magnitude(0.95), 20_000, 1, 0.05, 32, distillation.CHOSEN, (0, 1, 2)),
    "2 bits": Plan(
        "resnet8", QAT(weight_bits=2, activation_bits=8), 12_000, 1, 0.01, 64, distillation.CHOSEN, (0, 1, 2)
    ),
    "text": Plan(
        "byte_lm",
        Magnitude(0.8),
        distillation_text.WINDOWS,
        3,
        3e-3,
        32,
        distillation_text.CHOSEN,
        (0, 1, 2, 3, 4),
        "adam",
    ),
}


@functools.cache
def _lesson(student: str) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and the labels that a student sees: pictures, or windows of bytes."""
    plan = PLANS[student]
    if plan.teacher == "byte_lm":
        return distillation_text._text()
    images, labels = distillation.pictures()
    chosen = stratified_subset(labels, plan.examples, seed=0)
    return as_inputs(images[chosen], models.build(plan.teacher).input_shape[1:]), labels[chosen]


def _answers(plan: Plan, inputs: np.ndarray) -> np.ndarray:
    if plan.teacher == "byte_lm":
        return distillation_text.teacher_logits(inputs)
    return models.load(plan.teacher).predict(inputs, batch_size=500, verbose=0)


@functools.cache
def _all_answers(student: str) -> np.ndarray:
    return _answers(PLANS[student], _lesson(student)[0])


def untaught(student: str) -> keras.Model:
    """The student before its training: cut, or rounded to two bits."""
    plan = PLANS[student]
    teacher = models.load(plan.teacher)
    if isinstance(plan.how, QAT):
        return fake_quantized(teacher, plan.how, calibration_set=_lesson(student)[0][:CALIBRATED])
    return prune(teacher, plan.how)


def first_losses(student: str, taught: bool, seed: int, steps: int = FIRST_STEPS) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _shard(student, taught, seed, max_steps=steps)[1]


def _shard(student: str, taught: bool, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    plan, losses = PLANS[student], []
    inputs, labels = _lesson(student)
    training, how = plan.recipe(seed), plan.taught if taught else ALONE
    if not taught:  # the answers count nothing
        logits = np.broadcast_to(np.zeros((1,) * labels.ndim + (1,), np.float16), (*labels.shape, _classes(plan)))
    elif max_steps:
        asked = distillation.shown(training, len(inputs), max_steps)
        logits = np.zeros((*labels.shape, _classes(plan)), np.float32)
        logits[asked] = _answers(plan, inputs[asked])
    else:
        logits = _all_answers(student)

    def after_step(step: int, loss: float) -> None:
        if step < FIRST_STEPS:
            losses.append(loss)

    start = untaught(student)
    if isinstance(plan.how, QAT):
        learned, _ = distill(start, logits, inputs, labels, training, how, after_step=after_step, max_steps=max_steps)
    else:
        learned, _ = fine_tune(
            start,
            inputs,
            (labels, logits),
            training,
            loss=distillation_loss(how),
            after_step=after_step,
            max_steps=max_steps,
        )
    return learned, losses


def _classes(plan: Plan) -> int:
    return models.build(plan.teacher).output_shape[-1]


def judged(student: str, model: keras.Model) -> dict[str, Any]:
    """Accuracy on the pictures, or bits per byte on a text, as the studies of distillation have it."""
    if PLANS[student].teacher != "byte_lm":
        return distillation.judged(model)
    bits = distillation_text.judged(model)
    source = python_source()
    return {
        "bits_per_byte": float(bits.mean()),
        "window_bits": [round(float(b), 5) for b in bits],
        "text_sha256": source.sha256,
        "python": source.python,
    }


def run(*, student: str, taught: bool, seed: int) -> dict[str, Any]:
    """One shard: a student trained and judged."""
    learned, losses = _shard(student, taught, seed)
    kept = {"sparsity": sparsity(learned)} if isinstance(PLANS[student].how, Magnitude) else {}
    return {"first_losses": losses, **kept, **judged(student, learned)}


STUDY = Study(
    name="distilled_students",
    shards=tuple(
        {"student": student, "taught": taught, "seed": seed}
        for seed in range(max(len(plan.seeds) for plan in PLANS.values()))
        for student, plan in PLANS.items()
        if seed in plan.seeds
        for taught in (False, True)
    ),
    run=run,
    depends_on=(
        "studies.distilled_students",
        "studies.distillation",
        "studies.distillation_text",
        "compress.distill",
        "compress.prune",
        "compress.qat",
        "compress.fake_layers",
        "train.loop",
        "train.schedules",
        "models.architectures",
        "models.language",
    ),
    inputs=lambda: {
        "fashion_mnist": SHA256,
        **{name: models.card(name).weights_sha256 for name in ("resnet8", "byte_lm")},
    },
)
