"""What each algorithm for a convolution multiplies, adds and moves: closed forms, by the conventions below.

Products with padded zeros count. What is made of a kernel once for many pictures (its transform, its spectrum) is not
counted, only its reading. Bytes are those of arrays that a pass of `numerics.convolutions` reads or writes, once a
pass; a cache may spare the memory some of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai.numerics.convolutions import check_tile, output_size

ALGORITHMS = ("direct", "im2col", "winograd", "fft", "separable")


@dataclass(frozen=True)
class ConvolutionCount:
    """What one convolution of one picture takes: real multiplications and additions, and bytes read or written."""

    algorithm: str
    multiplications: int
    additions: int
    bytes_moved: int

    @property
    def operations(self) -> int:
        """Multiplications and additions together: what a FLOP count has."""
        return self.multiplications + self.additions


def count_convolution(
    algorithm: str,
    image_shape: tuple[int, int, int],
    kernel_shape: tuple[int, int, int, int],
    *,
    stride: int = 1,
    padding: str = "same",
    tile: int = 16,
    word_bytes: int = 4,
) -> ConvolutionCount:
    """Count a convolution without computing it.

    Args:
        algorithm: One of `ALGORITHMS`; "separable" is another function, with a kernel of the same window.
        image_shape: (height, width, channels).
        kernel_shape: (kernel height, kernel width, channels, filters).
        stride: In pixels; 1 for "winograd" and "fft".
        padding: "same" or "valid".
        tile: Of "fft".
        word_bytes: Of a number; a complex one has two.

    Returns:
        The counts. A complex product is four multiplications and two additions. A fast Fourier transform of n real
        points is counted as half of a complex one, which has n / 2 · log2(n) butterflies of a complex product and two
        complex additions; a library's may have fewer.

    Raises:
        ValueError: If the algorithm isn't known, or doesn't take the kernel or the stride.

    Source: lavin2016fast, section 4, for the additions of the transforms; cooley1965algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}, got {algorithm!r}")
    *sizes, channels = image_shape
    *window, inputs, filters = kernel_shape
    if inputs != channels:
        raise ValueError(f"the picture has {channels} channels, the kernel {inputs}")
    if stride != 1 and algorithm in ("winograd", "fft"):
        raise ValueError(f"{algorithm} is for stride 1, got {stride}")
    rows, columns = (
        output_size(size, window=side, stride=stride, padding=padding) for size, side in zip(sizes, window, strict=True)
    )
    places, taps = rows * columns, window[0] * window[1]
    image, kernel, output = sizes[0] * sizes[1] * channels, taps * channels * filters, places * filters
    if algorithm == "winograd":
        if tuple(window) != (3, 3):
            raise ValueError(f"F(2×2, 3×3) is for 3×3 kernels, got {window[0]}×{window[1]}")
        tiles = -(-rows // 2) * -(-columns // 2)
        products = 16 * tiles * channels * filters
        sums = tiles * (32 * channels + 16 * (channels - 1) * filters + 24 * filters)
        words = image + 2 * 16 * tiles * (channels + filters) + 16 * channels * filters + output
    elif algorithm == "fft":
        check_tile(tile, tuple(window))
        tiles = -(-rows // (tile - window[0] + 1)) * -(-columns // (tile - window[1] + 1))
        points, steps = tile * tile, 2 * (tile.bit_length() - 1)  # log2 of the points
        spectrum = tile * (tile // 2 + 1)
        through = tiles * (channels + filters) * points * steps
        products = through + 4 * spectrum * tiles * channels * filters
        sums = 3 * through // 2 + spectrum * tiles * filters * (4 * channels - 2)
        words = image + 2 * spectrum * (2 * tiles * (channels + filters) + channels * filters) + output
    elif algorithm == "separable":
        between = places * channels
        products = between * (taps + filters)
        sums = between * (taps - 1) + output * (channels - 1)
        words = taps * (3 * between + channels) + between + channels * filters + output
    else:
        products, sums = output * taps * channels, output * (taps * channels - 1)
        matrix = places * taps * channels
        words = (taps * 2 * output + matrix if algorithm == "direct" else image + 2 * matrix + output) + kernel
    return ConvolutionCount(algorithm, products, sums, words * word_bytes)
