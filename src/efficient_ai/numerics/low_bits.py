"""Weights in a few bits: a symmetric grid for each tensor, channel or group of weights."""

from __future__ import annotations

import numpy as np

SHARES = np.linspace(0.2, 1.0, 33)


def round_to_bits(values: np.ndarray, *, bits: int, axis: int | None = None, group: int | None = None) -> np.ndarray:
    """Move each value to the nearest point of a grid of `bits` bits, symmetric about zero.

    With 2 bits and more the grid has 2^bits − 1 points, zero among them, and its scale is, for 8 bits and more, the
    one that just covers the largest value; with fewer, the one of least squared error. With 1 bit a value keeps its
    sign and takes the mean magnitude.

    Args:
        values: Floats of any shape.
        bits: From 1 to 16.
        axis: The axis whose entries have a scale each; None for one scale in all.
        group: With `axis`: how many values in a row share a scale within a channel; None for all of them. The last
            group of a channel may be shorter.

    Returns:
        float32, the shape of `values`.

    Raises:
        ValueError: If `bits` or `group` is out of range.

    Source: krishnamoorthi2018quantizing, section 2; rastegari2016xnor, section 3.1, for 1 bit.
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"bits must be in 1..16, got {bits}")
    if group is not None and (group < 1 or axis is None):
        raise ValueError(f"a group needs an axis and at least one value, got group {group} with axis {axis}")
    values = np.asarray(values, np.float32)
    moved = values.reshape(1, -1) if axis is None else np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    length = moved.shape[1]
    size = min(group or length, length)
    padded = np.pad(moved, ((0, 0), (0, -length % size)), constant_values=np.nan).reshape(-1, size)
    rounded = _rounded(padded, bits).reshape(len(moved), -1)[:, :length]
    if axis is None:
        return rounded.reshape(values.shape)
    others = [n for i, n in enumerate(values.shape) if i != axis % values.ndim]
    return np.moveaxis(rounded.reshape(values.shape[axis], *others), 0, axis)


def _rounded(rows: np.ndarray, bits: int) -> np.ndarray:
    """Each row on a grid of its own; values that are no numbers only fill up a row."""
    if bits == 1:
        return np.where(rows < 0, -1, 1).astype(np.float32) * np.nanmean(np.abs(rows), axis=1, keepdims=True)
    top = 2 ** (bits - 1) - 1
    largest = np.nanmax(np.abs(rows), axis=1, keepdims=True)
    best, least = np.zeros_like(rows), np.full((len(rows), 1), np.inf)
    for share in SHARES if bits < 8 else (1.0,):
        scale = np.where(largest > 0, share * largest / top, 1).astype(np.float32)
        tried = np.clip(np.rint(rows / scale), -top, top) * scale
        error = np.nansum((tried - rows) ** 2, axis=1, keepdims=True)
        best, least = np.where(error < least, tried, best), np.minimum(error, least)
    return best.astype(np.float32)


def packed_bytes(shape: tuple[int, ...], *, bits: int, axis: int | None = None, group: int | None = None) -> int:
    """What such weights take on disk: the bits packed without gaps, and four bytes a scale.

    Args:
        shape: Of the weights.
        bits: See `round_to_bits`.
        axis: The same.
        group: The same.

    Returns:
        Bytes.
    """
    count = int(np.prod(shape))
    channels = 1 if axis is None else shape[axis]
    length = count // channels
    scales = channels * -(-length // min(group or length, length))
    return -(-count * bits // 8) + 4 * scales
