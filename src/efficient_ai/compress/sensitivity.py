"""Which layers bear pruning: each is pruned alone, and the sparsities follow from what that cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.prune import copy, magnitude_mask, prunable

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Sensitivity:
    """What pruning each layer alone does to a score: `scores[layer][i]` at `sparsities[i]`; higher is better.

    `weights` has the size of each layer's kernel, and `dense` the score with nothing pruned.
    """

    sparsities: tuple[float, ...]
    scores: Mapping[str, tuple[float, ...]]
    weights: Mapping[str, int]
    dense: float


def _kernels(model: keras.Model) -> dict[str, keras.Variable]:
    return {kernel.path.split("/")[-2]: kernel for kernel in prunable(model)}


def prune_layers(model: keras.Model, by_layer: Mapping[str, float]) -> keras.Model:
    """Prune each layer by magnitude to a sparsity of its own.

    Args:
        model: Stays as it is.
        by_layer: Sparsity in [0, 1) by the layer's name; layers that aren't named stay dense.

    Returns:
        A new model.

    Raises:
        ValueError: If a sparsity is outside [0, 1), or the model has no kernel of that name.
    """
    pruned = copy(model)
    kernels = _kernels(pruned)
    if unknown := sorted(set(by_layer) - set(kernels)):
        raise ValueError(f"{model.name} has no kernel {', '.join(unknown)} (known: {', '.join(kernels)})")
    for name, sparsity in by_layer.items():
        values = np.asarray(kernels[name])
        kernels[name].assign(values * magnitude_mask(values, sparsity=sparsity))
    return pruned


def scan(
    model: keras.Model,
    score: Callable[[keras.Model], float],
    *,
    sparsities: Sequence[float] = (0.5, 0.7, 0.8, 0.9, 0.95),
) -> Sensitivity:
    """Prune one layer at a time, and see what the model is still worth.

    Args:
        model: Stays as it is.
        score: Takes a model, gives a number that is higher for a better one: accuracy, or minus the loss. It must
            return what it sees when it is called; the model that it is given changes afterwards.
        sparsities: Rising, each in (0, 1).

    Returns:
        The score for each layer and sparsity.

    Raises:
        ValueError: If the sparsities don't rise, or are outside (0, 1).

    Source: han2015learning; li2017pruning.
    """
    rising = [0.0, *sparsities, 1.0]
    if not sparsities or any(b <= a for a, b in pairwise(rising)):
        raise ValueError(f"sparsities must rise within (0, 1), got {tuple(sparsities)}")
    probe = copy(model)
    found: dict[str, tuple[float, ...]] = {}
    for name, kernel in _kernels(probe).items():
        values = np.asarray(kernel).copy()
        row = []
        for sparsity in sparsities:
            kernel.assign(values * magnitude_mask(values, sparsity=sparsity))
            row.append(float(score(probe)))
        kernel.assign(values)
        found[name] = tuple(row)
    sizes = {name: int(np.prod(kernel.shape)) for name, kernel in _kernels(probe).items()}
    return Sensitivity(tuple(sparsities), found, sizes, float(score(probe)))


def allocate(sensitivity: Sensitivity, *, sparsity: float, steps: int = 20) -> dict[str, float]:
    """Choose a sparsity for each layer that together make a global one, where the scan says that it costs least.

    Layers give up weights a slice at a time. The next slice always comes from the layer where the scan promises the
    least loss for each weight removed, read off the straight lines between its points. Losses of layers are taken to
    add up, which they don't quite: the result is a good start, not an optimum.

    Args:
        sensitivity: What `scan` found.
        sparsity: The global one wanted, in [0, the highest that was scanned].
        steps: Slices between two of the scanned sparsities.

    Returns:
        Sparsity by layer; together at least `sparsity`, by less than one slice more.

    Raises:
        ValueError: If more is wanted than was scanned, or less than nothing.
    """
    points = np.array([0.0, *sensitivity.sparsities])
    if not 0 <= sparsity <= points[-1]:
        raise ValueError(f"sparsity must be in [0, {points[-1]}], the highest that was scanned, got {sparsity}")
    grid = np.unique(np.concatenate([np.linspace(a, b, steps + 1) for a, b in pairwise(points)]))
    worth = {
        # What is lost can only rise with the sparsity; a score that wavers upwards is noise.
        name: np.interp(grid, points, np.maximum.accumulate([0.0, *(sensitivity.dense - np.array(row))]))
        for name, row in sensitivity.scores.items()
    }
    at = dict.fromkeys(worth, 0)
    total = sum(sensitivity.weights.values())
    removed = 0.0
    while removed < sparsity * total - 1e-6:
        prices = {}
        for name, losses in worth.items():
            here = at[name]
            if here + 1 < len(grid):
                # The cheapest way on, which may lead over a step that looks dear alone.
                ahead = (losses[here + 1 :] - losses[here]) / (
                    (grid[here + 1 :] - grid[here]) * sensitivity.weights[name]
                )
                prices[name] = (float(ahead.min()), here + 1 + int(ahead.argmin()))
        name = min(prices, key=lambda n: (prices[n][0], grid[at[n]]))
        removed += (grid[at[name] + 1] - grid[at[name]]) * sensitivity.weights[name]
        at[name] += 1
    return {name: float(grid[place]) for name, place in at.items()}
