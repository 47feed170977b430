"""Pictures as the road gives them: noise, blur, darkness and rain, in three severities, the same at every call.

The kinds of `WEATHER` are for tests. A net that is trained against bad weather meets those of `HARDSHIPS` instead, so
that what it learned must carry over to what it never saw.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

SEVERITIES = (1, 2, 3)


def _noise(x: np.ndarray, level: int, random: np.random.Generator) -> np.ndarray:
    return x + random.normal(0, (0.08, 0.16, 0.24)[level], x.shape)


def _blur(x: np.ndarray, level: int, _: np.random.Generator) -> np.ndarray:
    """Gaussian, along both sides in turn, with the edge repeated."""
    sigma = (0.7, 1.1, 1.6)[level]
    at = np.arange(-5, 6)
    kernel = np.exp(-(at**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (1, 2):
        widths = [(0, 0), (0, 0), (0, 0)]
        widths[axis] = (5, 5)
        padded = np.pad(x, widths, mode="edge")
        x = sum(k * np.take(padded, np.arange(i, i + x.shape[axis]), axis) for i, k in enumerate(kernel))
    return x


def _dark(x: np.ndarray, level: int, random: np.random.Generator) -> np.ndarray:
    """Less light, and what the sensor adds by itself."""
    return x * (0.6, 0.4, 0.25)[level] + random.normal(0, 0.02, x.shape)


def _rain(x: np.ndarray, level: int, random: np.random.Generator) -> np.ndarray:
    """Bright slanting streaks that cover what is behind them."""
    x = x.copy()
    height, width = x.shape[1:]
    for picture in x:
        for _ in range((3, 6, 10)[level]):
            length = int(random.integers(6, 13))
            top, left = int(random.integers(-4, height - 4)), int(random.integers(0, width))
            rows = top + np.arange(length)
            columns = left + np.arange(length) // 3
            inside = (rows >= 0) & (rows < height) & (columns < width)
            picture[rows[inside], columns[inside]] = 0.85
    return x


def _impulse(x: np.ndarray, level: int, random: np.random.Generator) -> np.ndarray:
    """Single pixels go black or white."""
    hit = random.random(x.shape) < (0.04, 0.08, 0.14)[level]
    return np.where(hit, random.integers(0, 2, x.shape), x)


def _pixels(x: np.ndarray, level: int, _: np.random.Generator) -> np.ndarray:
    """Coarse pixels: of each block of 2 to 4 the mean; what is left over at the edges stays."""
    side = (2, 3, 4)[level]
    x = x.copy()
    rows, columns = (size // side * side for size in x.shape[1:])
    blocks = x[:, :rows, :columns].reshape(len(x), rows // side, side, columns // side, side).mean((2, 4))
    x[:, :rows, :columns] = blocks.repeat(side, 1).repeat(side, 2)
    return x


def _glare(x: np.ndarray, level: int, _: np.random.Generator) -> np.ndarray:
    """Too much light: everything is lifted towards white."""
    lift = (0.15, 0.3, 0.45)[level]
    return x * (1 - lift) + lift


def _dirt(x: np.ndarray, level: int, random: np.random.Generator) -> np.ndarray:
    """A dark square on the lens."""
    x = x.copy()
    side = (5, 8, 11)[level]
    for picture in x:
        top, left = (int(random.integers(0, size - side + 1)) for size in picture.shape)
        picture[top : top + side, left : left + side] = 0.0
    return x


_Kind = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
WEATHER: dict[str, _Kind] = {"noise": _noise, "blur": _blur, "dark": _dark, "rain": _rain}
HARDSHIPS: dict[str, _Kind] = {"impulse": _impulse, "pixels": _pixels, "glare": _glare, "dirt": _dirt}


def corrupt(images: np.ndarray, kind: str, *, severity: int, seed: int = 0) -> np.ndarray:
    """Spoil grey pictures in one way.

    Args:
        images: uint8 (n, height, width), sides of at least 12; stay as they are.
        kind: Of `WEATHER`, which is for tests, or of `HARDSHIPS`, which is for training.
        severity: 1, 2 or 3.
        seed: Of what is random in it; kind and severity draw from streams of their own.

    Returns:
        uint8, shaped like `images`.

    Raises:
        ValueError: If kind or severity is none of these, or the pictures are no bytes of that shape.

    Source: hendrycks2019benchmarking, for the method; the kinds and strengths are ours.
    """
    kinds = WEATHER | HARDSHIPS
    if kind not in kinds or severity not in SEVERITIES:
        raise ValueError(f"expected one of {', '.join(kinds)} at severity 1, 2 or 3, got {kind!r} at {severity}")
    if images.dtype != np.uint8 or images.ndim != 3 or min(images.shape[1:]) < 12:
        raise ValueError(f"images must be uint8 (n, height, width) of 12 or more, got {images.dtype} {images.shape}")
    random = np.random.default_rng([seed, severity, zlib.crc32(kind.encode())])
    spoilt = kinds[kind](images / 255.0, severity - 1, random)
    return np.rint(255 * np.clip(spoilt, 0, 1)).astype(np.uint8)
