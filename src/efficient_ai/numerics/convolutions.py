"""The same convolution by several algorithms, and what each of them counts.

One picture (height, width, channels) and a kernel (height, width, channels, filters), as TensorFlow has them; what
neural networks call a convolution, which doesn't mirror its kernel. Each algorithm keeps the type of its operands.
The sums of products are left to matrix products, in which a library is fast: what differs is which products are made.
"""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from efficient_ai.errors import EngineMissing

PADDINGS = ("same", "valid")
# Winograd's F(2, 3): two outputs of a filter of three from four products. In two dimensions each matrix stands on
# both sides. From lavin2016fast, section 4.1, which has the first with its rows as they are here.
WINOGRAD_INPUT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
WINOGRAD_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
WINOGRAD_OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def output_size(size: int, *, window: int, stride: int = 1, padding: str = "same") -> int:
    """How many places a window of the kernel has along one side of a picture."""
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, got {padding!r}")
    if min(size, window, stride) < 1:
        raise ValueError(f"size, window and stride must be at least 1, got {size}, {window} and {stride}")
    if padding == "same":
        return -(-size // stride)
    if window > size:
        raise ValueError(f"a window of {window} doesn't fit into {size} without padding")
    return (size - window) // stride + 1


def direct(image: np.ndarray, kernel: np.ndarray, *, stride: int = 1, padding: str = "same") -> np.ndarray:
    """Convolve place by place of the kernel: each contributes a matrix product over the channels.

    Args:
        image: (height, width, channels), float.
        kernel: (kernel height, kernel width, channels, filters), the same type.
        stride: In pixels, both ways.
        padding: "same", with TensorFlow's zeros around the picture, or "valid".

    Returns:
        (output height, output width, filters).

    Raises:
        ValueError: If the shapes don't fit together, or stride or padding make no sense.
    """
    padded, (rows, columns) = _padded(image, kernel, stride, padding)
    total = np.zeros((rows, columns, kernel.shape[3]), image.dtype)
    for down in range(kernel.shape[0]):
        for right in range(kernel.shape[1]):
            seen = padded[down : down + stride * rows : stride, right : right + stride * columns : stride]
            total += seen[:rows, :columns] @ kernel[down, right]
    return total


def im2col(image: np.ndarray, kernel: np.ndarray, *, stride: int = 1, padding: str = "same") -> np.ndarray:
    """Convolve by one matrix product: each row of a large matrix is what the kernel sees at one place.

    Arguments, result and errors as of `direct`.

    Source: chellapilla2006high.
    """
    padded, (rows, columns) = _padded(image, kernel, stride, padding)
    windows = _windows(padded, kernel.shape[:2], stride)[:rows, :columns]
    matrix = np.ascontiguousarray(windows).reshape(rows * columns, -1)
    return (matrix @ kernel.reshape(-1, kernel.shape[3])).reshape(rows, columns, -1)


def winograd_kernel(kernel: np.ndarray) -> np.ndarray:
    """A 3×3 kernel as `winograd` multiplies with it: (4, 4, channels, filters). It is made once for many pictures."""
    if kernel.shape[:2] != (3, 3):
        raise ValueError(f"F(2×2, 3×3) is for 3×3 kernels, got {kernel.shape[0]}×{kernel.shape[1]}")
    return _both_ways(WINOGRAD_KERNEL, kernel)


def winograd(
    image: np.ndarray, kernel: np.ndarray, *, padding: str = "same", transformed: np.ndarray | None = None
) -> np.ndarray:
    """Convolve with a 3×3 kernel at stride 1, four outputs at a time from sixteen products instead of 36.

    Args:
        image: See `direct`.
        kernel: See `direct`.
        padding: See `direct`.
        transformed: What `winograd_kernel` gave, where it is at hand.

    Returns:
        As `direct`; the additions come in another order, so the last bits may differ.

    Raises:
        ValueError: If the kernel is not 3×3, or the shapes don't fit together.

    Source: lavin2016fast, section 4.
    """
    transformed = winograd_kernel(kernel) if transformed is None else transformed
    padded, (rows, columns) = _padded(image, kernel, 1, padding)
    down, right = -(-rows // 2), -(-columns // 2)
    padded = _grown(padded, 2 * down + 2, 2 * right + 2)
    tiles = np.moveaxis(_windows(padded, (4, 4), 2), (2, 3), (0, 1))
    seen = _both_ways(WINOGRAD_INPUT, tiles).reshape(4, 4, down * right, -1)
    products = seen @ transformed  # sixteen matrix products over the channels
    made = _both_ways(WINOGRAD_OUTPUT, products).reshape(2, 2, down, right, -1)
    return made.transpose(2, 0, 3, 1, 4).reshape(2 * down, 2 * right, -1)[:rows, :columns]


def fft_kernel(kernel: np.ndarray, *, tile: int) -> np.ndarray:
    """The spectrum of a kernel, as `fft` multiplies with it: complex (tile, tile // 2 + 1, channels, filters)."""
    check_tile(tile, kernel.shape[:2])
    return np.conj(_fourier().rfft2(kernel, (tile, tile), axes=(0, 1)))


def fft(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    tile: int = 16,
    padding: str = "same",
    transformed: np.ndarray | None = None,
) -> np.ndarray:
    """Convolve at stride 1 by multiplying spectra, in square tiles that overlap by the kernel.

    Args:
        image: See `direct`.
        kernel: See `direct`.
        tile: Pixels of a tile's side, a power of two; each gives `tile - side + 1` outputs along a side of the
            kernel. A tile larger than the padded picture takes it whole.
        padding: See `direct`.
        transformed: What `fft_kernel` gave, where it is at hand.

    Returns:
        As `direct`, to rounding.

    Raises:
        ValueError: If the tile is no power of two or smaller than the kernel, or the shapes don't fit together.
        EngineMissing: If SciPy isn't installed, whose transforms stay in float32.

    Source: mathieu2014fast.
    """
    transformed = fft_kernel(kernel, tile=tile) if transformed is None else transformed
    padded, (rows, columns) = _padded(image, kernel, 1, padding)
    step = [tile - side + 1 for side in kernel.shape[:2]]
    down, right = -(-rows // step[0]), -(-columns // step[1])
    padded = _grown(padded, down * step[0] + kernel.shape[0] - 1, right * step[1] + kernel.shape[1] - 1)
    tiles = np.moveaxis(_windows(padded, (tile, tile), 1)[:: step[0], :: step[1]], (2, 3), (0, 1))
    seen = _fourier().rfft2(tiles, axes=(0, 1))
    products = seen.reshape(*seen.shape[:2], down * right, -1) @ transformed
    made = _fourier().irfft2(products, (tile, tile), axes=(0, 1))[: step[0], : step[1]]
    made = made.reshape(*step, down, right, -1).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(made.reshape(down * step[0], right * step[1], -1)[:rows, :columns])


def separable(
    image: np.ndarray, depthwise: np.ndarray, pointwise: np.ndarray, *, stride: int = 1, padding: str = "same"
) -> np.ndarray:
    """A depthwise-separable convolution: one filter for each channel, then a mixture of channels at each pixel.

    It is another function than a convolution with a kernel of its own for each pair of channels, unless that kernel
    is `separable_kernel` of the same arrays.

    Args:
        image: See `direct`.
        depthwise: (kernel height, kernel width, channels).
        pointwise: (channels, filters).
        stride: See `direct`.
        padding: See `direct`.

    Returns:
        (output height, output width, filters).

    Raises:
        ValueError: If the shapes don't fit together.

    Source: howard2017mobilenets, section 3.1.
    """
    if depthwise.ndim != 3 or pointwise.ndim != 2 or depthwise.shape[2] != pointwise.shape[0]:
        raise ValueError(f"expected (h, w, channels) and (channels, n), got {depthwise.shape} and {pointwise.shape}")
    padded, (rows, columns) = _padded(image, depthwise[..., None], stride, padding)
    total = np.zeros((rows, columns, depthwise.shape[2]), image.dtype)
    for down in range(depthwise.shape[0]):
        for right in range(depthwise.shape[1]):
            seen = padded[down : down + stride * rows : stride, right : right + stride * columns : stride]
            total += seen[:rows, :columns] * depthwise[down, right]
    return total @ pointwise


def separable_kernel(depthwise: np.ndarray, pointwise: np.ndarray) -> np.ndarray:
    """The kernel of the full convolution that equals a separable one: of rank 1 in each channel."""
    return depthwise[..., None] * pointwise


def nearest_separable(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The separable convolution whose kernel comes nearest to one that is given, in least squares.

    Args:
        kernel: See `direct`.

    Returns:
        `depthwise` and `pointwise`, as `separable` takes them, and the share of the kernel's squares that they hold,
        in [0, 1]: 1 where every channel has rank 1.
    """
    height, width, channels, filters = kernel.shape
    matrices = kernel.transpose(2, 0, 1, 3).reshape(channels, height * width, filters)
    left, strengths, right = np.linalg.svd(matrices, full_matrices=False)
    depthwise = (left[:, :, 0] * strengths[:, :1]).T.reshape(height, width, channels)
    held = np.square(strengths[:, 0]).sum() / max(np.square(strengths).sum(), np.finfo(strengths.dtype).tiny)
    return depthwise, right[:, 0], float(held)


def _fourier() -> ModuleType:
    try:
        from scipy import fft as fourier
    except ImportError as error:
        raise EngineMissing("transforms in float32 need SciPy: pip install scipy") from error
    return fourier


def check_tile(tile: int, window: tuple[int, ...]) -> None:
    if tile < max(*window, 2) or math.log2(tile) % 1:
        raise ValueError(f"tile must be a power of two, at least the kernel's {max(window)}, got {tile}")


def _padded(image: np.ndarray, kernel: np.ndarray, stride: int, padding: str) -> tuple[np.ndarray, tuple[int, int]]:
    """The picture with TensorFlow's zeros around it, and the output's height and width."""
    if image.ndim != 3 or kernel.ndim != 4 or image.shape[2] != kernel.shape[2]:
        raise ValueError(
            f"expected a picture (h, w, channels) and a kernel (h, w, channels, n), got {image.shape} and "
            f"{kernel.shape}"
        )
    sizes = [
        output_size(size, window=window, stride=stride, padding=padding)
        for size, window in zip(image.shape, kernel.shape[:2], strict=False)
    ]
    if padding == "valid":
        return image, (sizes[0], sizes[1])
    missing = [
        max((n - 1) * stride + window - size, 0)
        for n, window, size in zip(sizes, kernel.shape[:2], image.shape, strict=False)
    ]
    around = [(m // 2, m - m // 2) for m in missing]
    return np.pad(image, (*around, (0, 0))), (sizes[0], sizes[1])


def _grown(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture with zeros below and to the right, at least so large."""
    more = (max(height - image.shape[0], 0), max(width - image.shape[1], 0))
    return np.pad(image, ((0, more[0]), (0, more[1]), (0, 0)))


def _windows(image: np.ndarray, window: tuple[int, ...], step: int) -> np.ndarray:
    """What a window sees: (places down, places right, window height, window width, channels), without a copy."""
    seen = np.lib.stride_tricks.sliding_window_view(image, window, axis=(0, 1))[::step, ::step]
    return np.moveaxis(seen, 2, -1)


def _both_ways(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    """matrix @ values @ matrix.T over the first two axes, with additions only where the matrix has plus or minus 1."""
    return _down(matrix, _down(matrix, values).swapaxes(0, 1)).swapaxes(0, 1)


def _down(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    made = np.zeros((len(matrix), *values.shape[1:]), values.dtype)
    for row, total in zip(matrix, made, strict=True):
        for factor, value in zip(row, values, strict=True):
            if factor == 1:
                total += value
            elif factor == -1:
                total -= value
            elif factor:
                total += values.dtype.type(factor) * value
    return made
