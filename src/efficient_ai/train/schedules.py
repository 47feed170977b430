"""What changes while training: the learning rate and the sparsity, as functions of the step."""

from __future__ import annotations

import math


def cosine(step: int, *, steps: int, peak: float, warmup_steps: int = 0) -> float:
    """The learning rate at a step: up in a straight line, then down along half a cosine to zero.

    Args:
        step: From 0.
        steps: How many there are in all.
        peak: The highest rate.
        warmup_steps: How many steps the way up takes.

    Returns:
        The rate, in [0, peak].

    Source: loshchilov2017sgdr, without restarts.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def cubic_sparsity(step: int, *, begin: int, end: int, final: float, initial: float = 0.0) -> float:
    """The sparsity at a step of gradual pruning: quickly at first, while there is much to spare, then slowly.

    Args:
        step: From 0.
        begin: The step at which pruning starts.
        end: The step from which the sparsity stays at `final`.
        final: Sparsity at the end, in [0, 1).
        initial: Sparsity before `begin`.

    Returns:
        The sparsity, in [0, 1).

    Source: zhu2017prune, equation 1.
    """
    done = min(1.0, max(0.0, (step - begin) / max(1, end - begin)))
    return final + (initial - final) * (1 - done) ** 3
