"""Lottery tickets: the few weights that a large net keeps, trained again, alone, from where they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.prune import copy, magnitude_mask, prunable

if TYPE_CHECKING:
    import keras

Weights = Sequence[np.ndarray]


@dataclass(frozen=True)
class Training:
    """Adam at a constant rate, the same for every round: so many `steps` of `batch_size` examples.

    The order of the examples follows from `seed` alone. Every `every` steps the validation examples are looked at.

    Source: frankle2019lottery, figure 2, for rate and batch.
    """

    steps: int
    batch_size: int = 60
    learning_rate: float = 1.2e-3
    every: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size, self.every) < 1:
            raise ValueError(f"steps, batch_size and every must be at least 1, got {self}")


@dataclass(frozen=True)
class Trained:
    """Weights after a training, as `model.get_weights()` has them, and how it went.

    `losses` has the loss of each step; `looks` the (step, validation loss, validation accuracy) on the way.
    """

    weights: tuple[np.ndarray, ...] = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)
    looks: tuple[tuple[int, float, float], ...] = field(repr=False)

    @property
    def early_stop(self) -> int:
        """The step at which the validation loss was lowest."""
        return min(self.looks, key=lambda look: look[1])[0]


@dataclass(frozen=True)
class Round:
    """One round of the hunt: the masks it was trained under, and what became of it."""

    masks: tuple[np.ndarray, ...] = field(repr=False)
    trained: Trained = field(repr=False)

    @property
    def left(self) -> float:
        """The fraction of the kernels' weights that is left."""
        return left(self.masks)


def left(masks: Sequence[np.ndarray]) -> float:
    """The fraction of places that masks keep, in [0, 1]."""
    return sum(int(mask.sum()) for mask in masks) / sum(mask.size for mask in masks)


def whole(model: keras.Model) -> tuple[np.ndarray, ...]:
    """Masks that keep every weight of `prunable(model)`."""
    return tuple(np.ones(tuple(kernel.shape), bool) for kernel in prunable(model))


def next_masks(kernels: Weights, masks: Sequence[np.ndarray], *, share: float, last: float) -> tuple[np.ndarray, ...]:
    """Take the smallest of the weights that are left away, in each layer by itself.

    Args:
        kernels: Trained kernels, one for each mask.
        masks: Which weights are left, boolean, of the same shapes.
        share: The fraction of them to take away, in [0, 1).
        last: The same for the last layer, whose weights are few.

    Returns:
        Masks within the old ones; a layer never loses its last weight.

    Raises:
        ValueError: If a share is outside [0, 1), or kernels and masks don't fit.

    Source: frankle2019lottery, section 2: a fifth a round, half of it in the output layer.
    """
    if [np.shape(k) for k in kernels] != [m.shape for m in masks]:
        raise ValueError(f"expected kernels shaped like the masks, got {[np.shape(k) for k in kernels]}")
    found = []
    for at, (kernel, mask) in enumerate(zip(kernels, masks, strict=True)):
        kept = magnitude_mask(kernel[mask], sparsity=last if at == len(masks) - 1 else share)
        if not kept.any():
            kept[np.argmax(np.abs(kernel[mask]))] = True
        smaller = np.zeros_like(mask)
        smaller[mask] = kept
        found.append(smaller)
    return tuple(found)


class MaskedTrainer:
    """Trains one architecture again and again, from given weights and under given masks, in one graph.

    Args:
        model: The architecture, from a batch of `images` to logits; its weights are neither used nor changed. Without
            batch normalization or dropout.
        images: float32, (n, height, width, channels).
        labels: Integer classes, (n,).
        training: How to train.
        validation: Images and labels to look at on the way.
    """

    def __init__(
        self,
        model: keras.Model,
        images: np.ndarray,
        labels: np.ndarray,
        training: Training,
        *,
        validation: tuple[np.ndarray, np.ndarray],
    ) -> None:
        import tensorflow as tf

        if len(images) != len(labels) or len(images) < training.batch_size:
            raise ValueError(
                f"expected a label for each image and at least {training.batch_size} of them, "
                f"got {len(images)} images and {len(labels)} labels"
            )
        tf.config.experimental.enable_op_determinism()
        self.training = training
        self._model = copy(model)
        self._variables = list(self._model.trainable_variables)
        if len(self._variables) != len(self._model.variables):
            raise ValueError("the net has state that isn't trained (batch normalization?): a ticket can't be rewound")
        at = {id(v): i for i, v in enumerate(self._variables)}
        self._places = [at[id(kernel)] for kernel in prunable(self._model)]
        self._masks = [tf.Variable(tf.ones(v.shape), trainable=False) for v in self._variables]
        self._moments = [[tf.Variable(tf.zeros(v.shape), trainable=False) for v in self._variables] for _ in range(2)]
        self._images = tf.constant(images)
        self._labels = tf.constant(labels, tf.int32)
        self._validation = (tf.constant(validation[0]), tf.constant(validation[1], tf.int32))
        self._run = tf.function(self._steps, reduce_retracing=True)
        self._look = tf.function(lambda: self._judged(*self._validation))

    def kernels(self, weights: Weights) -> list[np.ndarray]:
        """Of a net's weights those that masks are for."""
        return [weights[at] for at in self._places]

    def train(self, start: Weights, masks: Sequence[np.ndarray], *, max_steps: int | None = None) -> Trained:
        """Train from `start` the weights that `masks` keep; the others are zeros from the first step to the last.

        Args:
            start: As `model.get_weights()` has them.
            masks: One for each of `prunable(model)`.
            max_steps: Stop after so many steps: the beginning of the longer run.
        """
        for variable, value in zip(self._variables, start, strict=True):
            variable.assign(value)
        for at, mask in zip(self._places, masks, strict=True):
            self._masks[at].assign(np.asarray(mask, np.float32))
            self._variables[at].assign(start[at] * mask)
        for moment in (*self._moments[0], *self._moments[1]):
            moment.assign(np.zeros(moment.shape, np.float32))
        how, losses, looks = self.training, [], []
        order = _order(len(self._labels), how)[:max_steps]
        for first in range(0, len(order), how.every):
            chunk = order[first : first + how.every]
            losses += self._run(chunk, np.float32(first)).numpy().tolist()
            value, accuracy = (float(v) for v in self._look())
            looks.append((first + len(chunk), value, accuracy))
        return Trained(tuple(np.array(v) for v in self._variables), tuple(losses), tuple(looks))

    def logits(self, weights: Weights, images: np.ndarray) -> np.ndarray:
        """What the architecture with these weights says, (n, classes)."""
        for variable, value in zip(self._variables, weights, strict=True):
            variable.assign(value)
        return np.concatenate([np.asarray(self._model(images[i : i + 1000])) for i in range(0, len(images), 1000)])

    def _judged(self, images: object, labels: object) -> tuple[object, object]:
        import tensorflow as tf

        logits = self._model(images)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return loss, tf.reduce_mean(tf.cast(tf.argmax(logits, -1, tf.int32) == labels, tf.float32))

    def _steps(self, order: object, done: object) -> object:
        """Adam on the rows of `order`, (steps, batch), after `done` steps; gives each step's loss."""
        import tensorflow as tf

        rate, fade, fade_square = self.training.learning_rate, 0.9, 0.999
        losses = tf.TensorArray(tf.float32, tf.shape(order)[0])
        for i in tf.range(tf.shape(order)[0]):
            with tf.GradientTape() as tape:
                loss, _ = self._judged(tf.gather(self._images, order[i]), tf.gather(self._labels, order[i]))
            gradients = tape.gradient(loss, self._variables)
            t = done + tf.cast(i, tf.float32) + 1
            step = rate * tf.sqrt(1 - fade_square**t) / (1 - fade**t)
            for v, g, mask, m, s in zip(self._variables, gradients, self._masks, *self._moments, strict=True):
                masked = g * mask
                m.assign(fade * m + (1 - fade) * masked)
                s.assign(fade_square * s + (1 - fade_square) * masked * masked)
                v.assign_sub(step * m / (tf.sqrt(s) + 1e-7))
            losses = losses.write(i, loss)
        return losses.stack()


def _order(count: int, how: Training) -> np.ndarray:
    """Which examples each step sees: int32 (steps, batch); every epoch in an order of its own."""
    per_epoch = count // how.batch_size
    epochs = -(-how.steps // per_epoch)
    rows = [
        np.random.default_rng([how.seed, e]).permutation(count)[: per_epoch * how.batch_size].astype(np.int32)
        for e in range(epochs)
    ]
    return np.concatenate(rows).reshape(-1, how.batch_size)[: how.steps]


def hunt(
    trainer: MaskedTrainer,
    start: Weights,
    masks: Sequence[np.ndarray],
    *,
    rounds: int,
    share: float = 0.2,
    last: float | None = None,
) -> Iterator[Round]:
    """Iterative magnitude pruning: train, take the smallest weights away, put the rest back to `start`, and again.

    Args:
        trainer: Of the architecture.
        start: The weights that every round begins with.
        masks: Those of the first round: `whole(model)`.
        rounds: How often weights are taken away; one training more than that is made.
        share: See `next_masks`.
        last: See `next_masks`; half of `share` when left out.

    Yields:
        Each round as soon as it is trained, the whole net's first.

    Source: frankle2019lottery, section 2, strategy 1.
    """
    now = tuple(np.asarray(mask, bool) for mask in masks)
    for at in range(rounds + 1):
        trained = trainer.train(start, now)
        yield Round(now, trained)
        if at < rounds:
            now = next_masks(
                trainer.kernels(trained.weights), now, share=share, last=share / 2 if last is None else last
            )
