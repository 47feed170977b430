"""Sparse training: a fixed number of weights from the first step on, at places that stay or that move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress.prune import copy, prunable
from efficient_ai.records import EpochLog
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

DISTRIBUTIONS = ("erdos_renyi", "uniform")
REGROW = ("gradient", "random")


@dataclass(frozen=True)
class Static:
    """Train only some weights, chosen at random before the training, and never others.

    `distribution` shares the weights out over the layers: see `budgets`.
    """

    sparsity: float
    distribution: str = "erdos_renyi"
    seed: int = 0


@dataclass(frozen=True)
class RigL:
    """Train few weights and let them move: every `every` steps the smallest go and as many others come.

    Which come: those whose gradient is the largest, or ("random") any, as sparse evolutionary training has it. They
    start at zero. `fraction` of a layer's weights move at first, ever fewer along half a cosine, and none after the
    share `until` of the steps.

    Source: evci2020rigging, section 3; mocanu2018scalable for "random".
    """

    sparsity: float
    distribution: str = "erdos_renyi"
    every: int = 100
    fraction: float = 0.3
    until: float = 0.75
    regrow: str = "gradient"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every must be at least 1 step, got {self.every}")
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction must be in (0, 1], got {self.fraction}")
        if not 0 <= self.until <= 1:
            raise ValueError(f"until must be in [0, 1], got {self.until}")
        if self.regrow not in REGROW:
            raise ValueError(f"regrow must be one of {', '.join(REGROW)}, got {self.regrow!r}")

    def moves(self, steps: int) -> range:
        """After how many of `steps` steps weights move."""
        return range(self.every, math.ceil(self.until * steps), self.every)

    def share(self, done: int, steps: int) -> float:
        """Which share of a layer's weights moves after `done` of `steps` steps."""
        return self.fraction / 2 * (1 + math.cos(math.pi * min(1.0, done / (self.until * steps))))


def budgets(shapes: Sequence[tuple[int, ...]], *, sparsity: float, distribution: str) -> list[int]:
    """How many weights each layer may have.

    "uniform" gives every layer the same share. "erdos_renyi" gives a layer as many weights, in proportion, as the sum
    of its kernel's dimensions: small layers stay denser, and are left whole where they would get more than they have.

    Args:
        shapes: Of the kernels: (inputs, outputs), or (height, width, inputs, outputs).
        sparsity: Of all of them together, in [0, 1).
        distribution: One of `DISTRIBUTIONS`.

    Returns:
        Counts that add up to `round((1 - sparsity) * all weights)`.

    Raises:
        ValueError: If the sparsity is outside [0, 1) or the distribution unknown.

    Source: evci2020rigging, section 3, (1).
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must be in [0, 1), got {sparsity}")
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, got {distribution!r}")
    sizes = np.array([math.prod(shape) for shape in shapes])
    parts = sizes if distribution == "uniform" else np.array([sum(shape) for shape in shapes])
    total = round((1 - sparsity) * int(sizes.sum()))
    whole = np.zeros(len(sizes), bool)
    while True:  # each round leaves one more layer whole, so there are at most as many as layers
        wanted = np.where(whole, sizes, (total - sizes[whole].sum()) * parts / max(1, parts[~whole].sum()))
        over = wanted > sizes
        if not over.any():
            break
        whole |= over
    counts = np.floor(wanted).astype(int)
    for layer in np.argsort(counts - wanted, kind="stable")[: total - counts.sum()]:
        counts[layer] += 1
    return counts.tolist()


def random_masks(shapes: Sequence[tuple[int, ...]], counts: Sequence[int], *, seed: int) -> list[np.ndarray]:
    """Boolean arrays of these shapes, each with so many places True, chosen at random."""
    masks = []
    for layer, (shape, count) in enumerate(zip(shapes, counts, strict=True)):
        mask = np.zeros(math.prod(shape), bool)
        mask[np.random.default_rng([seed, layer]).permutation(mask.size)[:count]] = True
        masks.append(mask.reshape(shape))
    return masks


def moved(mask: np.ndarray, weights: np.ndarray, scores: np.ndarray, *, count: int) -> np.ndarray:
    """Drop the smallest weights and give their places away.

    Args:
        mask: Which places have a weight, boolean.
        weights: Their values; shaped like the mask.
        scores: How much a place is wanted; shaped like the mask.
        count: How many weights to drop.

    Returns:
        A mask with as many places True: without the `count` smallest magnitudes, and with the places of the highest
        scores among all that are then free. A weight that was dropped may come back at once.

    Source: evci2020rigging, section 3, (3) and (4).
    """
    active = np.flatnonzero(mask)
    kept = mask.ravel().copy()
    kept[active[np.argsort(np.abs(weights.ravel()[active]), kind="stable")[:count]]] = False
    free = np.flatnonzero(~kept)
    kept[free[np.argsort(-scores.ravel()[free], kind="stable")[:count]]] = True
    return kept.reshape(mask.shape)


class _Masked:
    """An optimizer that trains the weights under the masks only, and remembers the gradients of all places."""

    def __init__(self, inner: Any, variables: Sequence[Any], masks: dict[int, tf.Variable], keep: bool) -> None:
        import tensorflow as tf

        self.inner, self.masks = inner, masks
        self.trained = list(variables)
        self.gradients = {at: tf.Variable(tf.zeros(mask.shape), trainable=False) for at, mask in masks.items() if keep}

    def build(self, variables: Sequence[Any]) -> None:
        self.inner.build(variables)

    @property
    def variables(self) -> list[Any]:
        return self.inner.variables

    def scale_loss(self, value: tf.Tensor) -> tf.Tensor:
        return self.inner.scale_loss(value)

    def apply(self, gradients: Sequence[tf.Tensor]) -> None:
        import tensorflow as tf

        for at, kept in self.gradients.items():
            kept.assign(gradients[at])
        self.inner.apply(
            [g * tf.cast(self.masks[at], g.dtype) if at in self.masks else g for at, g in enumerate(gradients)]
        )
        for at, mask in self.masks.items():
            kernel = self.trained[at]
            kernel.assign(tf.where(mask, kernel, tf.zeros_like(kernel)))

    def forget(self, at: int, places: np.ndarray) -> None:
        """Set the momentum of a kernel's places to zero."""
        kernel = self.trained[at]
        for state in self.inner.variables:
            if f"/{kernel.path.replace('/', '_')}_" in state.path and tuple(state.shape) == tuple(kernel.shape):
                state.assign(np.where(places, 0, np.asarray(state)))


def train_sparse(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | tuple[np.ndarray, ...],
    recipe: Recipe,
    how: Static | RigL,
    *,
    start: Sequence[np.ndarray] | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    after_step: Callable[[int, float], None] | None = None,
    after_move: Callable[[int, list[np.ndarray]], None] | None = None,
    max_steps: int | None = None,
    checkpoint: Path | None = None,
) -> tuple[keras.Model, tuple[EpochLog, ...]]:
    """Train a model that never has more than its share of weights.

    Args:
        model: Stays as it is; its weights are where the training starts.
        images: See `train.fit`.
        labels: See `train.fit`.
        recipe: How to train.
        how: How many weights, and whether they move.
        start: A mask for each of `prunable(model)`; drawn at random from `how` when left out.
        loss: See `train.fit`.
        after_step: See `train.fit`.
        after_move: Called with (steps done, masks) before the first step and whenever weights have moved.
        max_steps: See `train.fit`.
        checkpoint: See `train.fit`; the masks are kept with it.

    Returns:
        A new model with that sparsity, and the log.

    Raises:
        ValueError: If the sparsity or the distribution can't be, or `start` doesn't fit the model.

    Source: evci2020rigging, algorithm 1. There the step at which weights move trains none; here it trains as well.
    """
    import tensorflow as tf

    learner = copy(model)
    kernels = prunable(learner)
    shapes = [tuple(kernel.shape) for kernel in kernels]
    counts = budgets(shapes, sparsity=how.sparsity, distribution=how.distribution)
    first = random_masks(shapes, counts, seed=how.seed) if start is None else [np.asarray(m, bool) for m in start]
    if [m.shape for m in first] != shapes:
        raise ValueError(f"start must have masks of the shapes {shapes}, got {[m.shape for m in first]}")
    places = {id(v): at for at, v in enumerate(learner.trainable_variables)}
    masks = {}
    for kernel, mask in zip(kernels, first, strict=True):
        kernel.assign(np.asarray(kernel) * mask)
        masks[places[id(kernel)]] = tf.Variable(mask, trainable=False)
    steps = recipe.epochs * (len(images) // recipe.batch_size)
    moves = how.moves(steps) if isinstance(how, RigL) else ()
    by_gradient = isinstance(how, RigL) and how.regrow == "gradient"
    used: list[_Masked] = []

    def wrap(inner: Any) -> Any:
        used.append(_Masked(inner, learner.trainable_variables, masks, keep=by_gradient))
        return used[0]

    def stepped(step: int, value: float) -> None:
        if after_step:
            after_step(step, value)
        if step + 1 not in moves:
            return
        for at, mask in masks.items():
            was, kernel = mask.numpy(), learner.trainable_variables[at]
            if was.all():
                continue
            if by_gradient:
                scores = np.abs(used[0].gradients[at].numpy())
            else:
                scores = np.random.default_rng([how.seed, at, step]).random(was.shape)
            count = round(how.share(step + 1, steps) * int(was.sum()))
            now = moved(was, np.asarray(kernel), scores, count=count)
            mask.assign(now)
            kernel.assign(np.asarray(kernel) * (was & now))
            used[0].forget(at, now & ~was)
        if after_move:
            after_move(step + 1, [mask.numpy() for mask in masks.values()])

    if after_move:
        after_move(0, [mask.numpy() for mask in masks.values()])
    logs = fit(
        learner,
        images,
        labels,
        recipe,
        loss=loss,
        after_step=stepped,
        max_steps=max_steps,
        wrap=wrap,
        checkpoint=checkpoint,
        state=tuple(masks.values()),
        progress="sparse training",
    )
    return learner, logs
