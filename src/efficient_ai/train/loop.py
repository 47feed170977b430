"""The training loop: small enough to read, the same for training, fine-tuning and pruning."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from efficient_ai import cache
from efficient_ai.errors import EfficientAIError
from efficient_ai.records import EpochLog
from efficient_ai.train.schedules import cosine

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Recipe:
    """How to train: stochastic gradient descent with momentum, or Adam, and a cosine schedule.

    `optimizer` is "sgd" or "adam", to which `momentum` says nothing. `weight_decay` shrinks kernels only. `augment`
    shifts pictures by up to two pixels and mirrors them.
    """

    epochs: int
    learning_rate: float = 0.1
    batch_size: int = 128
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup_epochs: float = 0.0
    augment: bool = True
    seed: int = 0
    optimizer: str = "sgd"


def augmented(images: np.ndarray, random: np.random.Generator, shift: int = 2) -> np.ndarray:
    """Mirror half of the pictures, and shift each by up to `shift` pixels in both directions.

    Args:
        images: (n, height, width, channels), any dtype.
        random: Where the choices come from.
        shift: In pixels; black comes in from the side.

    Returns:
        An array like `images`.
    """
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)))
    result = np.empty_like(images)
    ways = random.integers(0, 2 * shift + 1, size=(count, 2))
    for down in range(2 * shift + 1):
        for right in range(2 * shift + 1):
            chosen = np.flatnonzero((ways == (down, right)).all(axis=1))
            result[chosen] = padded[chosen, down : down + height, right : right + width]
    mirrored = random.random(count) < 0.5
    result[mirrored] = result[mirrored, :, ::-1]
    return result


def fit(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | tuple[np.ndarray, ...],
    recipe: Recipe,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    before_step: Callable[[int, int], None] | None = None,
    after_step: Callable[[int, float], None] | None = None,
    max_steps: int | None = None,
    wrap: Callable[[keras.optimizers.Optimizer], keras.optimizers.Optimizer] | None = None,
    checkpoint: Path | None = None,
    state: Sequence[Any] = (),
    progress: str = "training",
) -> tuple[EpochLog, ...]:
    """Train a model in place.

    The order of the examples and their augmentation follow from the recipe's seed and the epoch alone, so a run
    that was interrupted and resumed sees what an uninterrupted one sees.

    Args:
        model: Takes a batch of `images`, gives logits (n, classes), or (n, steps, classes) for sequences.
        images: The inputs: pictures (n, height, width, channels), float32 in [0, 1], or any other array of n.
        labels: Integer classes, (n,) or (n, steps); or a tuple of arrays of n, the classes first, for a `loss` that
            wants more than the classes.
        recipe: How to train.
        loss: Takes (labels, logits), gives a scalar; cross-entropy when left out.
        before_step: Called with (step, steps) before each step; what it does to the model counts.
        after_step: Called with (step, loss) after each step.
        max_steps: Stop after so many steps of the same schedule: the beginning of a longer run.
        wrap: Takes the optimizer and gives the one that is used, such as `keras.optimizers.LossScaleOptimizer`.
        checkpoint: A file that the state is written to after each epoch, and from which a later call with the
            same arguments goes on.
        state: Variables besides the model's and the optimizer's that belong to the run, as masks do: kept and put
            back with the checkpoint.
        progress: What stands before the progress bar; silent where the output is no terminal.

    Returns:
        A log entry for each epoch; with a checkpoint, those of the interrupted run too.

    Raises:
        EfficientAIError: If the loss stops being a number, or the checkpoint is of another run.
        ValueError: If inputs and labels differ in number, or the optimizer is unknown.

    Source: goyal2017accurate for the warm-up; loshchilov2017sgdr for the cosine.
    """
    import tensorflow as tf

    several = labels if isinstance(labels, tuple) else (labels,)
    if any(len(array) != len(images) for array in several):
        raise ValueError(f"inputs and labels must be equally many, got {len(images)} and {[len(a) for a in several]}")
    tf.config.experimental.enable_op_determinism()
    inner = _optimizer(recipe)
    inner.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer = wrap(inner) if wrap else inner
    optimizer.build(model.trainable_variables)
    loss = loss or (
        lambda y, z: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(y, tf.int32), z))
    )

    @tf.function(reduce_retracing=True)
    def step(x: tf.Tensor, y: tf.Tensor | tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            value = loss(y, logits)
            scaled = optimizer.scale_loss(value)
        optimizer.apply(tape.gradient(scaled, model.trainable_variables))
        classes = y[0] if isinstance(y, tuple) else y
        hits = tf.equal(tf.argmax(logits, axis=-1), tf.cast(classes, tf.int64))
        return value, tf.reduce_mean(tf.cast(hits, tf.float32))

    kept = [*model.variables, *optimizer.variables, *state]
    steps_per_epoch = len(images) // recipe.batch_size
    steps = recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    logs = _resume(checkpoint, kept, recipe) if checkpoint else []
    done = len(logs) * steps_per_epoch
    stop = min(steps, max_steps or steps)
    with tqdm(total=stop, initial=min(done, stop), desc=progress, disable=None, leave=False) as bar:
        for epoch in range(len(logs), recipe.epochs):
            if done >= stop:
                break
            started = time.perf_counter()
            random = np.random.default_rng([recipe.seed, epoch])
            order = random.permutation(len(images))
            shown = augmented(images, random) if recipe.augment else images
            totals = []
            for first in range(0, steps_per_epoch * recipe.batch_size, recipe.batch_size):
                if done >= stop:
                    break
                if before_step:
                    before_step(done, steps)
                inner.learning_rate = cosine(done, steps=steps, peak=recipe.learning_rate, warmup_steps=warmup)
                batch = order[first : first + recipe.batch_size]
                wanted = tuple(array[batch] for array in several)
                totals.append(step(shown[batch], wanted if isinstance(labels, tuple) else wanted[0]))
                if after_step:
                    after_step(done, float(totals[-1][0]))
                done += 1
                bar.update()
            value, accuracy = (float(v) for v in np.mean(np.array(totals, np.float64), axis=0))
            if not np.isfinite(value):
                raise EfficientAIError(f"the loss is {value} after epoch {epoch + 1}: lower the learning rate")
            logs.append(EpochLog(epoch + 1, value, accuracy, time.perf_counter() - started))
            bar.set_postfix(loss=f"{value:.3f}", accuracy=f"{accuracy:.3f}")
            if checkpoint and done % steps_per_epoch == 0:
                _keep(checkpoint, kept, recipe, logs)
    return tuple(logs)


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    import keras

    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "adam":
        return keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    raise ValueError(f'optimizer must be "sgd" or "adam", got {recipe.optimizer!r}')


def _keep(path: Path, variables: Sequence[Any], recipe: Recipe, logs: list[EpochLog]) -> None:
    """Write all variables, the recipe and the logs, whole or not at all."""
    arrays = {f"v{i}": np.asarray(v) for i, v in enumerate(variables)}
    rows = np.array([(log.epoch, log.loss, log.accuracy, log.seconds) for log in logs])
    buffer = io.BytesIO()
    np.savez(buffer, recipe=np.array(repr(recipe)), logs=rows, **arrays)
    cache.write_whole(path, buffer.getvalue())


def _resume(path: Path, variables: Sequence[Any], recipe: Recipe) -> list[EpochLog]:
    """Put back what `_keep` wrote, if there is anything."""
    if not Path(path).exists():
        return []
    with np.load(path) as kept:
        if str(kept["recipe"]) != repr(recipe) or f"v{len(variables) - 1}" not in kept.files:
            raise EfficientAIError(f"{path} is the checkpoint of another run: delete it, or name another file")
        for i, variable in enumerate(variables):
            variable.assign(kept[f"v{i}"])
        return [EpochLog(int(epoch), *map(float, rest)) for epoch, *rest in kept["logs"]]
