"""Learning to learn: initial weights from which a few gradient steps on a few examples lead to a good net."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm.auto import tqdm

from efficient_ai.emerging.few_shot import (
    Episodes,
    episodes,
    features,
    initial_weights,
    logits,
    nearest_centroid,
)

if TYPE_CHECKING:
    import tensorflow as tf

Weights = list[np.ndarray]


@dataclass(frozen=True)
class Maml:
    """First-order MAML: the gradient at the *adapted* weights, on questions, moves the initial ones.

    `rate` and `steps` are those of the adaptation; `tasks` make a step of Adam at `outer_rate`.
    """

    shots: int
    ways: int = 5
    queries: int = 5
    steps: int = 5
    rate: float = 0.1
    tasks: int = 4
    outer_rate: float = 1e-3

    @property
    def pictures(self) -> int:
        """Pictures whose gradient an outer step takes."""
        return self.tasks * self.ways * (self.steps * self.shots + self.queries)


@dataclass(frozen=True)
class Reptile:
    """Reptile: the initial weights move towards the adapted ones, by `outer_rate`, which falls to zero.

    Each of `steps` sees `batch` other pictures of each class of the task.
    """

    ways: int = 5
    batch: int = 2
    steps: int = 5
    rate: float = 0.1
    tasks: int = 4
    outer_rate: float = 1.0

    @property
    def pictures(self) -> int:
        """Pictures whose gradient an outer step takes."""
        return self.tasks * self.ways * self.steps * self.batch


@dataclass(frozen=True)
class Pretrain:
    """Plain training on all classes at once, with Adam."""

    batch: int = 64
    outer_rate: float = 1e-3

    @property
    def pictures(self) -> int:
        """Pictures whose gradient a step takes."""
        return self.batch


def _slopes(weights: Sequence[tf.Tensor], pictures: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Cross-entropy and its gradient."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(weights)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits(weights, pictures))
        loss = tf.reduce_mean(each)
    return loss, tape.gradient(loss, weights)


def _maml(how: Maml) -> Callable[..., tuple[tf.Tensor, list[tf.Tensor]]]:
    """What a task says about the initial weights: the gradient of its questions' loss, after adaptation."""
    import tensorflow as tf

    @tf.function
    def task(weights: list[tf.Tensor], x: tf.Tensor, y: tf.Tensor, ask: tf.Tensor, answer: tf.Tensor):
        for _ in range(how.steps):
            _, slopes = _slopes(weights, x, y)
            weights = [w - how.rate * g for w, g in zip(weights, slopes, strict=True)]
        return _slopes(weights, ask, answer)

    return task


def _reptile(how: Reptile) -> Callable[..., tuple[tf.Tensor, list[tf.Tensor]]]:
    """What a task says: which way adaptation went, backwards."""
    import tensorflow as tf

    size = how.ways * how.batch

    @tf.function
    def task(start: list[tf.Tensor], x: tf.Tensor, y: tf.Tensor):
        weights = start
        for first in range(0, how.steps * size, size):
            loss, slopes = _slopes(weights, x[first : first + size], y[first : first + size])
            weights = [w - how.rate * g for w, g in zip(weights, slopes, strict=True)]
        return loss, [s - w for s, w in zip(start, weights, strict=True)]

    return task


def _plain(_: Pretrain) -> Callable[..., tuple[tf.Tensor, list[tf.Tensor]]]:
    import tensorflow as tf

    return tf.function(_slopes)


def learn(
    pictures: np.ndarray,
    how: Maml | Reptile | Pretrain,
    *,
    budget: int,
    seed: int,
    max_steps: int | None = None,
    after_step: Callable[[int, float], None] | None = None,
    progress: str = "learning to learn",
) -> Weights:
    """Find initial weights.

    Args:
        pictures: uint8 (classes, faces, copies, 28, 28) of the training classes.
        how: First-order MAML, Reptile, or plain training on all classes.
        budget: Pictures whose gradient may be taken: what all methods spend alike.
        seed: Of the first weights and of the tasks.
        max_steps: Stop after so many outer steps of the same schedule.
        after_step: Called with (step, loss). The loss is that of the questions after adaptation for MAML, of the last
            inner step for Reptile.
        progress: What stands before the progress bar.

    Returns:
        Weights as `initial_weights` has them; the head of plain training has an output for each class.

    Raises:
        ValueError: If the budget doesn't allow a step.

    Source: finn2017model, section 5.2 (first order); nichol2018first, algorithm 2.
    """
    import keras
    import tensorflow as tf

    steps = budget // how.pictures
    if steps < 1:
        raise ValueError(f"a step takes the gradient of {how.pictures} pictures, the budget is {budget}")
    tf.config.experimental.enable_op_determinism()
    ways = len(pictures) if isinstance(how, Pretrain) else how.ways
    weights = [tf.Variable(w) for w in initial_weights(ways=ways, seed=seed)]
    task = {Maml: _maml, Reptile: _reptile, Pretrain: _plain}[type(how)](how)
    # Reptile's difference is followed as it is; the others' gradient goes through Adam.
    plain = isinstance(how, Reptile)
    optimizer = keras.optimizers.SGD(how.outer_rate) if plain else keras.optimizers.Adam(how.outer_rate)
    optimizer.build(weights)
    apply = tf.function(lambda slopes: optimizer.apply(slopes, weights))
    random = np.random.default_rng([seed, 1])
    stop = min(steps, max_steps or steps)
    for step in tqdm(range(stop), desc=progress, disable=None, leave=False):
        left = 1 - step / steps
        optimizer.learning_rate = how.outer_rate * (left if plain else (1 - math.cos(math.pi * left)) / 2)
        start = [tf.convert_to_tensor(w) for w in weights]
        said = [task(start, *map(tf.constant, one)) for one in _tasks(pictures, how, random)]
        apply([tf.add_n(slopes) / len(said) for slopes in zip(*(slopes for _, slopes in said), strict=True)])
        if after_step:
            after_step(step, float(np.mean([loss for loss, _ in said])))
    return [w.numpy() for w in weights]


def _tasks(
    pictures: np.ndarray, how: Maml | Reptile | Pretrain, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, ...]]:
    """What an outer step sees: its tasks, or one batch of all classes."""
    if isinstance(how, Pretrain):
        labels = random.integers(0, len(pictures), how.batch)
        face, copy = (random.integers(0, size, how.batch) for size in pictures.shape[1:3])
        yield pictures[labels, face, copy][..., None].astype(np.float32) / 255, labels.astype(np.int32)
        return
    shots, queries = (how.shots, how.queries) if isinstance(how, Maml) else (how.batch * how.steps, 1)
    few = episodes(pictures, tasks=how.tasks, ways=how.ways, shots=shots, queries=queries, random=random)
    asked = (few.query, few.query_labels) if isinstance(how, Maml) else ()
    yield from zip(few.support, few.support_labels, *asked, strict=True)


def adapted_right(weights: Weights, tasks: Episodes, *, rate: float, steps: Sequence[int]) -> np.ndarray:
    """Learn each task by gradient descent from given weights, and count the right answers along the way.

    Args:
        weights: To begin with.
        tasks: The tasks.
        rate: Of gradient descent, on all examples of a task at once.
        steps: After how many steps to ask; increasing.

    Returns:
        Right answers, int (tasks, steps).
    """
    import tensorflow as tf

    @tf.function
    def descend(x: tf.Tensor, y: tf.Tensor, ask: tf.Tensor, answer: tf.Tensor) -> tf.Tensor:
        now, found = [tf.constant(w) for w in weights], []
        for step in range(max(steps) + 1):
            if step in steps:
                named = tf.argmax(logits(now, ask), -1, output_type=tf.int32)
                found.append(tf.reduce_sum(tf.cast(named == answer, tf.int32)))
            if step < max(steps):
                _, slopes = _slopes(now, x, y)
                now = [w - rate * g for w, g in zip(now, slopes, strict=True)]
        return tf.stack(found)

    return np.stack([descend(*map(tf.constant, one)).numpy() for one in _each(tasks)])


def centroid_right(weights: Weights, tasks: Episodes) -> np.ndarray:
    """Answer by the nearest centroid in the features that given weights make, without a gradient step.

    Args:
        weights: The head is not used.
        tasks: The tasks.

    Returns:
        Right answers of each task, int (tasks,).
    """
    import tensorflow as tf

    @tf.function
    def right(x: tf.Tensor, y: tf.Tensor, ask: tf.Tensor, answer: tf.Tensor) -> tf.Tensor:
        fixed = [tf.constant(w) for w in weights]
        named = nearest_centroid(features(fixed, x), y, features(fixed, ask), tasks.ways)
        return tf.reduce_sum(tf.cast(named == answer, tf.int32))

    return np.array([int(right(*map(tf.constant, one))) for one in _each(tasks)])


def _each(tasks: Episodes) -> Iterator[tuple[np.ndarray, ...]]:
    return zip(tasks.support, tasks.support_labels, tasks.query, tasks.query_labels, strict=True)
