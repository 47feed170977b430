"""Affine quantization: a real number as an integer, real = scale × (q − zero_point)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Affine:
    """One scale and zero point, and the integers that they are used with, `lowest` to `highest`."""

    scale: float
    zero_point: int
    lowest: int
    highest: int


def affine_for(values: np.ndarray, *, bits: int = 8, symmetric: bool = False) -> Affine:
    """The scale and zero point that cover a tensor's range, zero included.

    Args:
        values: Floats of any shape.
        bits: From 2 to 16.
        symmetric: Whether the zero point is 0, as TFLite has it for weights: the range is then mirrored, and
            the lowest integer stays unused.

    Returns:
        The parameters; scale 1 for a tensor of zeros.

    Raises:
        ValueError: If `bits` is out of range, or a value is no number.

    Source: jacob2018quantization, section 2.1; krishnamoorthi2018quantizing, section 2.
    """
    if not 2 <= bits <= 16:
        raise ValueError(f"bits must be in 2..16, got {bits}")
    if not np.isfinite(values).all():
        raise ValueError("the tensor has values that are no numbers; quantization needs finite ones")
    low, high = min(0.0, float(np.min(values))), max(0.0, float(np.max(values)))
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if symmetric:
        return Affine(max(-low, high) / highest or 1.0, 0, -highest, highest)
    scale = (high - low) / (highest - lowest) or 1.0
    zero_point = int(np.clip(round(lowest - low / scale), lowest, highest))
    return Affine(scale, zero_point, lowest, highest)


def quantize(values: np.ndarray, affine: Affine) -> np.ndarray:
    """Real numbers to integers: divided by the scale, rounded to the nearest (ties to even), shifted, clipped.

    Args:
        values: Floats of any shape.
        affine: See `affine_for`.

    Returns:
        int32, same shape, within [lowest, highest].
    """
    steps = np.rint(np.asarray(values, np.float64) / affine.scale) + affine.zero_point
    return np.clip(steps, affine.lowest, affine.highest).astype(np.int32)


def dequantize(integers: np.ndarray, affine: Affine) -> np.ndarray:
    """Integers back to real numbers, float32; at most half a scale from where they came, if nothing was clipped."""
    return ((np.asarray(integers) - affine.zero_point) * affine.scale).astype(np.float32)
