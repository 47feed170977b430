"""Distillation: a small net learns from a large one's answers, not from the labels alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress.prune import copy
from efficient_ai.records import EpochLog
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True)
class Distill:
    """What a student learns from: `alpha` of its loss from the teacher's soft targets, the rest from the labels.

    `temperature`, above 0, divides the logits of both before the softmax: the higher, the more of the small
    probabilities is seen.
    """

    temperature: float = 4.0
    alpha: float = 0.9

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, got {self.temperature}")
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha must be in [0, 1], got {self.alpha}")


def soft_targets(logits: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """What a net believes, softened.

    Args:
        logits: (..., classes).
        temperature: Above 0; 1 is the plain softmax.

    Returns:
        Probabilities, float64, shaped like `logits`.

    Raises:
        ValueError: If the temperature is not above 0.

    Source: hinton2015distilling, equation 1.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def distillation_loss(how: Distill) -> Callable[[tuple[Any, Any], Any], tf.Tensor]:
    """The loss that `train.fit` and `fine_tune` take, with `labels=(labels, teacher_logits)`.

    alpha · T² · KL(teacher ‖ student), both at temperature T, and (1 − alpha) · cross-entropy with the labels. The
    factor T² keeps the gradients of the first part as large as they are at T = 1. A part that counts nothing is left
    out, so alpha = 0 is plain training to the last bit.

    Args:
        how: Temperature and alpha.

    Returns:
        A function of ((labels, teacher_logits), logits) that gives a scalar.

    Source: hinton2015distilling, section 2.
    """
    import tensorflow as tf

    def soft(teacher: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        believed = tf.nn.log_softmax(tf.cast(teacher, tf.float32) / how.temperature)
        answered = tf.nn.log_softmax(logits / how.temperature)
        return how.temperature**2 * tf.reduce_mean(tf.reduce_sum(tf.exp(believed) * (believed - answered), axis=-1))

    def hard(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), logits))

    def loss(given: tuple[tf.Tensor, tf.Tensor], logits: tf.Tensor) -> tf.Tensor:
        labels, teacher = given
        if how.alpha == 0:
            return hard(labels, logits)
        if how.alpha == 1:
            return soft(teacher, logits)
        return how.alpha * soft(teacher, logits) + (1 - how.alpha) * hard(labels, logits)

    return loss


def distill(
    student: keras.Model,
    teacher: keras.Model | np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    how: Distill = Distill(),
    *,
    after_step: Callable[[int, float], None] | None = None,
    max_steps: int | None = None,
) -> tuple[keras.Model, tuple[EpochLog, ...]]:
    """Train a student on a teacher's answers.

    The teacher is asked once, before the training: its answers belong to the inputs as they are, so the recipe must
    not augment them. Who wants augmented pictures passes them as inputs, with the teacher's answers to them.

    Args:
        student: Stays as it is; its weights are where the training starts.
        teacher: A model that takes the same inputs, or its logits, (n, classes) or (n, steps, classes); of any float
            type.
        images: The inputs, (n, ...).
        labels: Integer classes, (n,) or (n, steps).
        recipe: How to train, without augmentation.
        how: Temperature and alpha.
        after_step: See `train.fit`.
        max_steps: See `train.fit`.

    Returns:
        A new model, and the log.

    Raises:
        ValueError: If the teacher knows other classes than the student or answers another number of inputs, or the
            recipe augments.

    Source: hinton2015distilling, section 2.
    """
    if recipe.augment:
        raise ValueError("recipe must have augment=False: the teacher's answers are to the pictures as they are")
    logits = teacher if isinstance(teacher, np.ndarray) else _answers(student, teacher, images)
    wanted = (len(images), *student.output_shape[1:])
    fits = logits.ndim == len(wanted) and all(w in (None, g) for w, g in zip(wanted, logits.shape, strict=True))
    if not fits:
        raise ValueError(
            f"the teacher's logits must be ({', '.join('any' if w is None else str(w) for w in wanted)}), as the "
            f"student's for these inputs, got {logits.shape}"
        )
    learner = copy(student)
    logs = fit(
        learner,
        images,
        (labels, logits),
        recipe,
        loss=distillation_loss(how),
        after_step=after_step,
        max_steps=max_steps,
        progress="distilling",
    )
    return learner, logs


def _answers(student: keras.Model, teacher: keras.Model, images: np.ndarray) -> np.ndarray:
    if teacher.input_shape[1:] != student.input_shape[1:]:
        raise ValueError(
            f"the teacher takes {teacher.input_shape[1:]} and the student {student.input_shape[1:]}: "
            "pass the teacher's logits in place of the teacher"
        )
    return teacher.predict(images, batch_size=256, verbose=0)
