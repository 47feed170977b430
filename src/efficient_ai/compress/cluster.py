"""Weight sharing: the weights of a layer take a few values only, and the values are trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.prune import copy, prunable
from efficient_ai.records import EpochLog
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Cluster:
    """At most `2 ** bits` values for the weights of a layer, its zeros apart: they stay zeros.

    Convolutions have few weights, each used often, and want more bits; dense layers have many. `start` is where the
    values begin their search: see `kmeans`.
    """

    dense_bits: int = 4
    conv_bits: int = 6
    start: str = "linear"


def kmeans(
    values: np.ndarray, *, clusters: int, start: str = "linear", rounds: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """K-means for numbers: each goes to the nearest centre, each centre to the mean of its numbers, and again.

    On a line the numbers of a centre lie side by side, so that sorting them once makes each round a few sums.

    Args:
        values: Floats (n,).
        clusters: How many centres at most; those that end without numbers are left out.
        start: "linear" spaces the first centres evenly from the smallest value to the largest; "density" gives each
            the same share of the numbers. There are few large weights, and they matter most: only the linear start
            puts centres near them.
        rounds: At most so many.

    Returns:
        The centres, ascending, float32; and which of them each number goes to, int64 (n,).

    Raises:
        ValueError: If there are no numbers, or `clusters` or `start` make no sense.

    Source: han2016deep, sections 3.1 and 3.2.
    """
    values = np.asarray(values, np.float64).ravel()
    if not values.size or not np.isfinite(values).all():
        raise ValueError(f"values must be finite numbers and at least one, got {values.size}")
    if clusters < 1 or start not in ("linear", "density"):
        raise ValueError(f'clusters must be >= 1 and start "linear" or "density", got {clusters} and {start!r}')
    line = np.sort(values)
    sums = np.append(0, np.cumsum(line))
    if start == "linear":
        centres = np.linspace(line[0], line[-1], clusters)
    else:
        centres = np.quantile(line, (np.arange(clusters) + 0.5) / clusters)
    for _ in range(rounds):
        edges = np.append(np.searchsorted(line, (centres[1:] + centres[:-1]) / 2), len(line))
        edges = np.insert(edges, 0, 0)
        members = np.diff(edges)
        moved = np.where(members > 0, np.diff(sums[edges]) / np.maximum(members, 1), centres)
        if np.array_equal(moved, centres):
            break
        centres = moved
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
    used, nearest = np.unique(nearest, return_inverse=True)
    return centres[used].astype(np.float32), nearest


def cluster(model: keras.Model, how: Cluster) -> keras.Model:
    """Let the weights of each kernel share a few values, without any training.

    Args:
        model: Pruned before or not; stays as it is.
        how: Bits for each kind of layer.

    Returns:
        A new model; zeros are where they were.

    Raises:
        ValueError: If bits are out of range.

    Source: han2016deep, section 3.
    """
    for bits in (how.dense_bits, how.conv_bits):
        if not 1 <= bits <= 16:
            raise ValueError(f"bits must be in 1..16, got {bits}")
    clustered = copy(model)
    for kernel in prunable(clustered):
        weights = np.array(kernel)
        kept = weights != 0
        if kept.any():
            bits = how.dense_bits if weights.ndim == 2 else how.conv_bits
            centres, nearest = kmeans(weights[kept], clusters=2**bits, start=how.start)
            shared = np.zeros_like(weights)
            shared[kept] = centres[nearest]
            kernel.assign(shared)
    return clustered


def tune_centroids(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | tuple[np.ndarray, ...],
    recipe: Recipe,
    *,
    loss: Callable | None = None,
    after_step: Callable[[int, float], None] | None = None,
    max_steps: int | None = None,
) -> tuple[keras.Model, tuple[EpochLog, ...]]:
    """Train a clustered model while equal weights of a kernel stay equal, and zeros zeros.

    After each step every weight is set to the mean of those that it shares its value with. This is gradient descent
    on the shared values themselves: the gradient of one is the sum over its weights, and its learning rate is divided
    by their number, without which well-filled clusters would run off.

    Args:
        model: See `cluster`; stays as it is.
        images: See `train.fit`.
        labels: See `train.fit`.
        recipe: How to train.
        loss: See `train.fit`.
        after_step: See `train.fit`.
        max_steps: See `train.fit`.

    Returns:
        A new model with the same clusters, and the log.

    Source: han2016deep, section 3.3.
    """
    import keras
    import tensorflow as tf

    class Tie(keras.constraints.Constraint):
        """Gives the weights of a cluster their mean after each update."""

        def __init__(self, weights: np.ndarray) -> None:
            flat = weights.ravel()
            places = np.flatnonzero(flat)
            values, groups = np.unique(flat[places], return_inverse=True)
            self.places = tf.constant(places[:, None], tf.int32)
            self.groups = tf.constant(groups.ravel(), tf.int32)
            self.members = tf.constant(np.bincount(groups.ravel()), tf.float32)
            self.shape, self.clusters = weights.shape, len(values)

        def __call__(self, kernel: tf.Tensor) -> tf.Tensor:
            kept = tf.gather(tf.reshape(kernel, [-1]), self.places[:, 0])
            means = tf.math.unsorted_segment_sum(kept, self.groups, self.clusters) / self.members
            flat = tf.scatter_nd(self.places, tf.gather(means, self.groups), [int(np.prod(self.shape))])
            return tf.reshape(flat, self.shape)

    tuned = copy(model)
    kernels = prunable(tuned)
    for kernel in kernels:
        kernel.constraint = Tie(np.asarray(kernel))
    logs = fit(tuned, images, labels, recipe, loss=loss, after_step=after_step, max_steps=max_steps)
    for kernel in kernels:
        kernel.constraint = None
    return tuned, logs


def rounded(model: keras.Model) -> keras.Model:
    """A model whose numbers are all float16 numbers, though it computes in float32 as before.

    Numbers that float16 can't hold, because they are too large or would become zero, stay as they are.
    """
    result = copy(model)
    for variable in result.variables:
        before = np.array(variable)
        if before.dtype != np.float32:
            continue
        with np.errstate(over="ignore"):
            after = before.astype(np.float16).astype(np.float32)
        fits = np.isfinite(after) & ((after != 0) | (before == 0))
        variable.assign(np.where(fits, after, before))
    return result
