"""What a search has found: the nets that no other beats, the best within a budget, and how much the front covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from efficient_ai.metrics import pareto_front

if TYPE_CHECKING:
    from efficient_ai.search.nas import Found


def front(found: Sequence[Found], *, costs: Sequence[str] = ("latency_s", "size_bytes")) -> tuple[Found, ...]:
    """The nets that no other beats: none is as accurate or more and costs as little or less.

    Args:
        found: Nets that were judged.
        costs: Which of `Costs` count.

    Returns:
        By rising first cost. Of equal nets the first stands.
    """

    def point(one: Found) -> tuple[float, ...]:
        return (-one.accuracy, *(getattr(one.costs, name) for name in costs))

    points = [point(one) for one in found]

    def beaten(at: int) -> bool:
        mine = points[at]
        return any(
            all(a <= b for a, b in zip(other, mine, strict=True)) and (other != mine or i < at)
            for i, other in enumerate(points)
            if i != at
        )

    kept = [one for at, one in enumerate(found) if not beaten(at)]
    return tuple(sorted(kept, key=lambda one: tuple(getattr(one.costs, name) for name in costs)))


def best_within(found: Sequence[Found], *, latency_s: float, size_bytes: float = math.inf) -> Found:
    """The most accurate net that keeps a target; of equal ones the quicker.

    Raises:
        ValueError: If none keeps it.
    """
    able = [one for one in found if one.costs.latency_s <= latency_s and one.costs.size_bytes <= size_bytes]
    if not able:
        raise ValueError(f"none of {len(found)} nets takes at most {1e6 * latency_s:.0f} µs and {size_bytes} bytes")
    return max(able, key=lambda one: (one.accuracy, -one.costs.latency_s))


def hypervolume(costs: Sequence[float], gains: Sequence[float], *, worst_cost: float, worst_gain: float) -> float:
    """The area that points dominate, up to a worst cost and down to a worst gain; costs count by their logarithm.

    Args:
        costs: Above 0; lower is better.
        gains: As many; higher is better.
        worst_cost: Points that cost more cover nothing.
        worst_gain: Points that gain less cover nothing.

    Returns:
        In doublings of the cost times the gain's unit; 0 where no point covers anything.

    Source: zitzler1999multiobjective.
    """
    able = [(c, g) for c, g in zip(costs, gains, strict=True) if c < worst_cost and g > worst_gain]
    order = pareto_front([c for c, _ in able], [g for _, g in able])
    area, covered = 0.0, worst_gain
    for at in order:
        cost, gain = able[at]
        area += math.log2(worst_cost / cost) * (gain - covered)
        covered = gain
    return area
