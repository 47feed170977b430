"""N:M sparsity: of every M neighbouring weights at most N stay, so that hardware knows where to look for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.prune import copy, prunable

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Pattern:
    """Keep the `keep` largest of every `of` weights that lie side by side along a kernel's input axis: 2 of 4.

    The input axis is the one that is summed over: hardware fetches the inputs that belong to the weights it kept.

    Source: mishra2021accelerating.
    """

    keep: int = 2
    of: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.keep < self.of:
            raise ValueError(f"a pattern keeps some of the weights, not all: expected 0 < keep < of, got {self}")


def pattern_mask(weights: np.ndarray, pattern: Pattern) -> np.ndarray:
    """Mark the weights that survive a pattern.

    Args:
        weights: A kernel as Keras has it: (..., inputs, outputs).
        pattern: How many of how many neighbours along the inputs stay.

    Returns:
        Boolean array shaped like `weights`: exactly `keep` True in each run of `of` inputs; ties go to the first.

    Raises:
        ValueError: If the inputs can't be divided into runs of `of`.

    Source: mishra2021accelerating.
    """
    if weights.ndim < 2 or weights.shape[-2] % pattern.of:
        inputs = weights.shape[-2] if weights.ndim > 1 else 0
        raise ValueError(f"a pattern of {pattern.of} needs a multiple of {pattern.of} inputs, got {inputs}")
    runs = np.moveaxis(weights, -2, -1)
    runs = np.abs(runs.reshape(*runs.shape[:-1], -1, pattern.of))
    order = np.argsort(-runs, axis=-1, kind="stable")
    mask = np.zeros(runs.shape, bool)
    np.put_along_axis(mask, order[..., : pattern.keep], True, axis=-1)
    return np.moveaxis(mask.reshape(*mask.shape[:-2], -1), -1, -2)


def fits(kernel: np.ndarray | keras.Variable, pattern: Pattern) -> bool:
    """Whether a kernel's inputs can be divided into runs of the pattern's length."""
    return len(kernel.shape) > 1 and kernel.shape[-2] % pattern.of == 0


def prune_pattern(model: keras.Model, pattern: Pattern) -> keras.Model:
    """Set weights to zero in a pattern, in every kernel that it fits; `fine_tune` keeps them there.

    Args:
        model: Stays as it is.
        pattern: How many of how many neighbours along the inputs stay.

    Returns:
        A new model. Kernels that the pattern doesn't fit, as a first layer's of three colours, stay dense.

    Raises:
        ValueError: If it fits no kernel.

    Source: mishra2021accelerating.
    """
    pruned = copy(model)
    treated = [kernel for kernel in prunable(pruned) if fits(kernel, pattern)]
    if not treated:
        raise ValueError(f"no kernel of {model.name} has a multiple of {pattern.of} inputs")
    for kernel in treated:
        values = np.asarray(kernel)
        kernel.assign(values * pattern_mask(values, pattern))
    return pruned


def pattern_bytes(model: keras.Model, pattern: Pattern, *, value_bytes: int = 4) -> int:
    """What the kernels would take if only the survivors were stored, each with its place in its run.

    Args:
        model: The kernels' shapes count.
        pattern: Its places need `ceil(log2(of))` bits each: two for 2 of 4.
        value_bytes: Of a weight.

    Returns:
        Bytes: values and places of the kernels that the pattern fits, rounded up for each; the others in full.

    Source: mishra2021accelerating.
    """
    place_bits = math.ceil(math.log2(pattern.of))
    total = 0
    for kernel in prunable(model):
        count = math.prod(kernel.shape)
        if fits(kernel, pattern):
            count = count * pattern.keep // pattern.of
            total += math.ceil(count * place_bits / 8)
        total += count * value_bytes
    return total
