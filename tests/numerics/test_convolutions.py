"""The same convolution by five algorithms: all against TensorFlow's in float64, and the counts against closed forms."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai.numerics import ConvolutionCount, convolutions, count_convolution
from efficient_ai.numerics.convolution_counts import ALGORITHMS
from efficient_ai.numerics.convolutions import PADDINGS

SIZES = st.integers(1, 9)
SEEDS = st.integers(0, 2**31)


def reference(image, kernel, stride=1, padding="same"):
    import tensorflow as tf

    return tf.nn.conv2d(image[None], kernel, stride, padding.upper()).numpy()[0]


def arrays(seed, *shapes, dtype=np.float64):
    random = np.random.default_rng(seed)
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


@settings(deadline=None, max_examples=60)
@given(SIZES, SIZES, st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.sampled_from(PADDINGS), SEEDS)
def test_direct_and_im2col_are_tensorflows_convolution(height, width, down, right, stride, padding, seed):
    if padding == "valid":
        height, width = height + down, width + right
    image, kernel = arrays(seed, (height, width, 3), (down, right, 3, 2))
    wanted = reference(image, kernel, stride, padding)
    for way in (convolutions.direct, convolutions.im2col):
        made = way(image, kernel, stride=stride, padding=padding)
        assert made.shape == wanted.shape
        np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(SIZES, SIZES, st.integers(1, 3), st.integers(1, 3), st.sampled_from(PADDINGS), SEEDS)
def test_winograd_is_the_same_convolution_at_odd_and_even_sides(height, width, channels, filters, padding, seed):
    if padding == "valid":
        height, width = height + 2, width + 2
    image, kernel = arrays(seed, (height, width, channels), (3, 3, channels, filters))
    made = convolutions.winograd(image, kernel, padding=padding)
    np.testing.assert_allclose(made, reference(image, kernel, 1, padding), rtol=0, atol=1e-11)
    beforehand = convolutions.winograd_kernel(kernel)
    np.testing.assert_array_equal(made, convolutions.winograd(image, kernel, padding=padding, transformed=beforehand))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(5, 20),
    st.integers(5, 20),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from((8, 16, 32)),
    st.sampled_from(PADDINGS),
    SEEDS,
)
def test_fft_is_the_same_convolution_in_tiles_and_in_one(height, width, down, right, tile, padding, seed):
    pytest.importorskip("scipy")
    image, kernel = arrays(seed, (height, width, 2), (down, right, 2, 3))
    made = convolutions.fft(image, kernel, tile=tile, padding=padding)
    np.testing.assert_allclose(made, reference(image, kernel, 1, padding), rtol=0, atol=1e-11)
    beforehand = convolutions.fft_kernel(kernel, tile=tile)
    again = convolutions.fft(image, kernel, tile=tile, padding=padding, transformed=beforehand)
    np.testing.assert_array_equal(made, again)


def test_winograds_one_dimensional_form_is_a_filter_of_three_with_four_products():
    data, weights = np.random.default_rng(0).integers(-9, 9, (2, 4)).astype(float)
    weights = weights[:3]
    products = (convolutions.WINOGRAD_KERNEL @ weights) * (convolutions.WINOGRAD_INPUT @ data)
    assert products.shape == (4,)
    np.testing.assert_array_equal(convolutions.WINOGRAD_OUTPUT @ products, [data[:3] @ weights, data[1:] @ weights])


def test_float32_stays_float32_and_errs_by_rounding_only():
    pytest.importorskip("scipy")
    image, kernel = arrays(0, (12, 12, 16), (3, 3, 16, 8), dtype=np.float32)
    wanted = reference(image.astype(np.float64), kernel.astype(np.float64))
    for name in ("direct", "im2col", "winograd", "fft"):
        made = getattr(convolutions, name)(image, kernel)
        assert made.dtype == np.float32
        assert 0 < np.abs(made - wanted).max() < 1e-5 * np.abs(wanted).max()


@settings(deadline=None, max_examples=25)
@given(SIZES, SIZES, st.integers(1, 3), st.sampled_from(PADDINGS), SEEDS)
def test_a_separable_convolution_is_one_whose_kernel_has_rank_one(height, width, stride, padding, seed):
    if padding == "valid":
        height, width = height + 2, width + 2
    image, depthwise, pointwise = arrays(seed, (height, width, 3), (3, 3, 3), (3, 5))
    kernel = convolutions.separable_kernel(depthwise, pointwise)
    made = convolutions.separable(image, depthwise, pointwise, stride=stride, padding=padding)
    np.testing.assert_allclose(made, reference(image, kernel, stride, padding), rtol=0, atol=1e-12)
    d, p, held = convolutions.nearest_separable(kernel)
    assert held == pytest.approx(1)
    np.testing.assert_allclose(convolutions.separable_kernel(d, p), kernel, atol=1e-12)


def test_no_separable_kernel_is_nearer_than_the_nearest():
    random = np.random.default_rng(0)
    kernel = random.standard_normal((3, 3, 4, 6))
    d, p, held = convolutions.nearest_separable(kernel)
    least = np.square(kernel - convolutions.separable_kernel(d, p)).sum()
    assert held == pytest.approx(1 - least / np.square(kernel).sum())
    for _ in range(20):
        moved = convolutions.separable_kernel(
            d + 0.05 * random.standard_normal(d.shape), p + 0.05 * random.standard_normal(p.shape)
        )
        assert np.square(kernel - moved).sum() > least


@settings(deadline=None, max_examples=50)
@given(SIZES, SIZES, SIZES, SIZES, st.integers(1, 3), st.sampled_from(PADDINGS))
def test_direct_and_im2col_count_a_product_for_each_output_and_weight(
    height, width, channels, filters, stride, padding
):
    shape = (height + 2, width + 2, channels)
    found = [
        count_convolution(way, shape, (3, 3, channels, filters), stride=stride, padding=padding)
        for way in ("direct", "im2col")
    ]
    outputs = reference(np.zeros(shape), np.zeros((3, 3, channels, filters)), stride, padding).size
    assert {n.multiplications for n in found} == {9 * channels * outputs}
    assert {n.additions for n in found} == {(9 * channels - 1) * outputs}
    assert all(n.operations == n.multiplications + n.additions for n in found)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 20), st.integers(1, 20), SIZES, SIZES)
def test_winograd_multiplies_sixteen_times_a_tile_and_pair_of_channels(down, right, channels, filters):
    shape, kernel = (2 * down, 2 * right, channels), (3, 3, channels, filters)
    found = count_convolution("winograd", shape, kernel)
    assert found.multiplications == 16 * down * right * channels * filters
    assert count_convolution("direct", shape, kernel).multiplications == 2.25 * found.multiplications
    odd = count_convolution("winograd", (2 * down - 1, 2 * right - 1, channels), kernel)
    assert odd.multiplications == found.multiplications  # a tile is computed whole


def test_winograds_transforms_have_the_additions_that_their_matrices_ask_for():
    def additions(matrix, side):
        terms = np.count_nonzero(matrix, axis=1) - 1
        return int(terms.sum()) * (side + len(matrix))

    inputs, outputs = additions(convolutions.WINOGRAD_INPUT, 4), additions(convolutions.WINOGRAD_OUTPUT, 4)
    found = count_convolution("winograd", (2, 2, 5), (3, 3, 5, 7))
    assert (inputs, outputs) == (32, 24)
    assert found.additions == 5 * inputs + 7 * outputs + 16 * 4 * 7


def test_fft_has_a_product_of_four_for_each_frequency_and_two_transforms_around():
    tile, channels, filters = 8, 3, 5
    found = count_convolution("fft", (6, 6, channels), (3, 3, channels, filters), tile=tile)
    frequencies, transform = tile * (tile // 2 + 1), 64 * 6
    assert found.multiplications == 4 * frequencies * channels * filters + transform * (channels + filters)
    twice = count_convolution("fft", (12, 6, channels), (3, 3, channels, filters), tile=tile)
    assert twice.multiplications == 2 * found.multiplications


def test_separable_counts_a_filter_for_each_channel_and_a_mixture():
    found = count_convolution("separable", (8, 8, 16), (3, 3, 16, 32))
    assert found.multiplications == 64 * 16 * (9 + 32)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bytes_moved_are_at_least_those_of_picture_kernel_and_output_and_follow_the_word(algorithm):
    found = count_convolution(algorithm, (14, 14, 8), (3, 3, 8, 8))
    weights = 8 * 9 + 64 if algorithm == "separable" else 9 * 64
    assert found.bytes_moved >= 4 * (2 * 14 * 14 * 8 + weights)
    half = count_convolution(algorithm, (14, 14, 8), (3, 3, 8, 8), word_bytes=2)
    assert half == dataclasses.replace(found, bytes_moved=found.bytes_moved // 2)
    assert isinstance(found, ConvolutionCount)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x, k: convolutions.direct(x, k, padding="full"), "padding must be one of same, valid"),
        (lambda x, k: convolutions.im2col(x, k, stride=0), "must be at least 1"),
        (lambda x, k: convolutions.direct(x[:2, :2], k, padding="valid"), "doesn't fit"),
        (lambda x, k: convolutions.direct(x[..., :1], k), "expected a picture"),
        (lambda x, k: convolutions.winograd(x, k[:2]), "3×3 kernels, got 2×3"),
        (lambda x, k: convolutions.fft(x, k, tile=12), "power of two"),
        (lambda x, k: convolutions.fft(x, k, tile=2), "at least the kernel's 3"),
        (lambda x, k: convolutions.separable(x, k[..., 0], k[0, 0, :1]), "expected"),
        (lambda x, k: count_convolution("strassen", x.shape, k.shape), "algorithm must be one of"),
        (lambda x, k: count_convolution("winograd", x.shape, k.shape, stride=2), "stride 1, got 2"),
        (lambda x, k: count_convolution("winograd", x.shape, (5, 5, 2, 3)), "3×3 kernels, got 5×5"),
        (lambda x, k: count_convolution("direct", x.shape, (3, 3, 4, 3)), "2 channels, the kernel 4"),
    ],
)
def test_what_an_algorithm_does_not_take_is_said(call, says):
    with pytest.raises(ValueError, match=says):
        call(np.zeros((6, 6, 2)), np.zeros((3, 3, 2, 3)))
