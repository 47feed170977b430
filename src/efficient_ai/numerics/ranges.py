"""Which interval the grid should cover: a wide one rounds coarsely, a narrow one clips."""

from __future__ import annotations

import numpy as np

from efficient_ai.numerics.affine import Affine

BINS = 2048
HOW = ("minmax", "percentile", "mse")


def affine_over(low: float, high: float, *, bits: int = 8) -> Affine:
    """The asymmetric grid that covers [low, high] and zero, its scale rounded to float32 as files store it."""
    low, high = min(0.0, low), max(0.0, high)
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    scale = float(np.float32((high - low) / (highest - lowest))) or 1.0
    return Affine(scale, int(np.clip(round(lowest - low / scale), lowest, highest)), lowest, highest)


def choose_range(
    values: np.ndarray, how: str, *, extremes: tuple[float, float] | None = None, bits: int = 8, percent: float = 99.99
) -> tuple[float, float]:
    """The interval of real numbers that a grid should cover.

    Args:
        values: A sample of what will be quantized, any shape.
        how: "minmax": all of it. "percentile": all but the outermost values, half of them on either side.
            "mse": the least mean squared error of rounding and clipping together.
        extremes: Smallest and largest value where more were seen than the sample holds.
        bits: Of the grid.
        percent: Share of the values that "percentile" keeps.

    Returns:
        (low, high), zero included.

    Raises:
        ValueError: If there are no values, or `how` is unknown.

    Source: krishnamoorthi2018quantizing, section 3.1.
    """
    if how not in HOW:
        raise ValueError(f"how must be one of {', '.join(HOW)}, got {how!r}")
    if np.size(values) == 0:
        raise ValueError("a range needs at least one value, got none")
    flat = np.asarray(values, np.float32).ravel()
    low, high = extremes or (float(flat.min()), float(flat.max()))
    low, high = min(0.0, low), max(0.0, high)
    if how == "minmax" or high == low:
        return low, high
    if how == "percentile":
        tail = (100 - percent) / 2
        return tuple(float(v) for v in np.percentile(flat, [tail, 100 - tail]).clip([-np.inf, 0], [0, np.inf]))
    counts, edges = np.histogram(flat, BINS, (low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    # Coordinate by coordinate: how much of the upper side to keep, then of the lower, then once more.
    shares = np.linspace(0.3, 1.0, 36)
    best = (low, high)
    for side in (1, 0, 1):
        tried = [(best[0], high * s) if side else (low * s, best[1]) for s in shares]
        best = min(tried, key=lambda ends: squared_error(counts, centres, affine_over(*ends, bits=bits)))
        if low == 0 or high == 0:
            break
    return best


def squared_error(counts: np.ndarray, centres: np.ndarray, grid: Affine) -> float:
    """Mean squared error of rounding and clipping a histogram's values, each bin taken as even within itself."""
    ends = [(grid.lowest - grid.zero_point) * grid.scale, (grid.highest - grid.zero_point) * grid.scale]
    outside = centres - np.clip(centres, *ends)
    # Within the range an error is even over one step (variance scale²/12), unless only zeros fall there.
    rounding = np.where(outside == 0, grid.scale**2 / 12, 0.0)
    return float((counts * (outside**2 + rounding)).sum() / counts.sum())
