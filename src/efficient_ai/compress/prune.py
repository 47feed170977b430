"""Magnitude pruning: the smallest weights become zeros, and the rest is trained to make up for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.records import EpochLog
from efficient_ai.train.loop import Recipe, fit
from efficient_ai.train.schedules import cubic_sparsity

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Magnitude:
    """Prune at once, to `sparsity` in [0, 1).

    `scope` is "global" (one threshold for the whole model: layers that have weights to spare give more) or "layer"
    (the same sparsity in each).
    """

    sparsity: float
    scope: str = "global"


@dataclass(frozen=True)
class Gradual:
    """Prune while training, along a cubic schedule that reaches `sparsity` after the share `until` of the steps.

    Source: zhu2017prune, equation 1.
    """

    sparsity: float
    scope: str = "global"
    until: float = 0.5
    every: int = 20


def magnitude_mask(weights: np.ndarray, *, sparsity: float) -> np.ndarray:
    """Mark the weights that survive magnitude pruning.

    Args:
        weights: Float array of any shape.
        sparsity: Fraction of zeros wanted, in [0, 1).

    Returns:
        Boolean array shaped like `weights`; exactly `round(sparsity * weights.size)` of its entries are False,
        ties broken by position.

    Raises:
        ValueError: If `sparsity` is outside [0, 1).

    Source: han2015learning, section 3.
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must be in [0, 1), got {sparsity}")
    mask = np.ones(weights.size, bool)
    order = np.argsort(np.abs(weights), axis=None, kind="stable")
    mask[order[: round(sparsity * weights.size)]] = False
    return mask.reshape(weights.shape)


def prunable(model: keras.Model) -> tuple[keras.Variable, ...]:
    """The kernels that pruning treats: of convolutions and dense layers, without biases and normalization."""
    import keras

    return tuple(layer.kernel for layer in model.layers if isinstance(getattr(layer, "kernel", None), keras.Variable))


def sparsity(model: keras.Model) -> float:
    """The fraction of zeros among the weights that pruning treats, in [0, 1]."""
    kernels = [np.asarray(kernel) for kernel in prunable(model)]
    return sum(int((k == 0).sum()) for k in kernels) / sum(k.size for k in kernels)


def sparsities(model: keras.Model) -> dict[str, float]:
    """The fraction of zeros in each kernel that pruning treats, by layer."""
    return {kernel.path.split("/")[-2]: float((np.asarray(kernel) == 0).mean()) for kernel in prunable(model)}


def _masks(model: keras.Model, *, sparsity: float, scope: str) -> list[np.ndarray]:
    kernels = [np.asarray(kernel) for kernel in prunable(model)]
    if scope == "layer":
        return [magnitude_mask(kernel, sparsity=sparsity) for kernel in kernels]
    if scope != "global":
        raise ValueError(f'scope must be "global" or "layer", got {scope!r}')
    flat = magnitude_mask(np.concatenate([k.ravel() for k in kernels]), sparsity=sparsity)
    parts = np.split(flat, np.cumsum([k.size for k in kernels])[:-1])
    return [part.reshape(kernel.shape) for part, kernel in zip(parts, kernels, strict=True)]


def copy(model: keras.Model) -> keras.Model:
    """A model with the same layers and the same weights, in variables of its own."""
    import keras

    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


def prune(model: keras.Model, how: Magnitude) -> keras.Model:
    """Set the smallest weights to zero, all at once.

    Args:
        model: Stays as it is.
        how: Sparsity and scope.

    Returns:
        A new model with exactly that sparsity over `prunable(model)`.

    Raises:
        ValueError: If the sparsity is outside [0, 1) or the scope unknown.

    Source: han2015learning, section 3.
    """
    pruned = copy(model)
    for kernel, mask in zip(prunable(pruned), _masks(pruned, sparsity=how.sparsity, scope=how.scope), strict=True):
        kernel.assign(np.asarray(kernel) * mask)
    return pruned


def fine_tune(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    how: Gradual | None = None,
    loss: Callable | None = None,
    after_step: Callable[[int, float], None] | None = None,
    max_steps: int | None = None,
) -> tuple[keras.Model, tuple[EpochLog, ...]]:
    """Train a pruned model while its zeros stay zeros; with `how`, prune it further on the way.

    Args:
        model: Stays as it is.
        images: (n, height, width, channels), float32.
        labels: Integer classes, (n,).
        recipe: How to train.
        how: The schedule of gradual pruning; None keeps the zeros that there are.
        loss: See `train.fit`.
        after_step: See `train.fit`.
        max_steps: See `train.fit`.

    Returns:
        A new model, and the log.

    Source: zhu2017prune, section 3, for the schedule.
    """
    import keras
    import tensorflow as tf

    pruned = copy(model)
    kernels = prunable(pruned)
    masks = [tf.Variable(np.asarray(kernel) != 0, dtype=tf.bool, trainable=False) for kernel in kernels]

    class Keep(keras.constraints.Constraint):
        """Puts a kernel's zeros back after each update."""

        def __init__(self, mask: tf.Variable) -> None:
            self.mask = mask

        def __call__(self, kernel: tf.Tensor) -> tf.Tensor:
            return tf.where(self.mask, kernel, tf.zeros_like(kernel))

    for kernel, mask in zip(kernels, masks, strict=True):
        kernel.constraint = Keep(mask)

    def before_step(step: int, steps: int) -> None:
        end = round(how.until * steps)
        if step > end or (step % how.every and step != end):
            return
        wanted = cubic_sparsity(step, begin=0, end=end, final=how.sparsity)
        for kernel, mask, now in zip(kernels, masks, _masks(pruned, sparsity=wanted, scope=how.scope), strict=True):
            mask.assign(now)
            kernel.assign(np.asarray(kernel) * now)

    logs = fit(
        pruned,
        images,
        labels,
        recipe,
        loss=loss,
        before_step=before_step if how else None,
        after_step=after_step,
        max_steps=max_steps,
    )
    for kernel in kernels:
        kernel.constraint = None
    return pruned, logs
