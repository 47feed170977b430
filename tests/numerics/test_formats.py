"""Number formats: ml_dtypes as the oracle for floats, closed forms for the rest, and a bound for what is random."""

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from efficient_ai.numerics import (
    Binary,
    FloatFormat,
    IntFormat,
    Ternary,
    grid,
    round_to,
    rounded_gradient,
    step_of,
    straight_through,
)
from efficient_ai.numerics.formats import FLOATS

DTYPES = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8_e5m2": ml_dtypes.float8_e5m2,
}
FLOAT8 = [name for name in FLOATS if "8_" in name]
moderate = st.floats(-1e4, 1e4, width=32, allow_subnormal=False)


def rounded(values, fmt, **rest):
    return round_to(np.asarray(values, np.float32), fmt, **rest).numpy()


def every_value(name):
    """All finite values that the dtype's bytes stand for, in order, one zero."""
    bits = np.arange(2 ** (8 * np.dtype(DTYPES[name]).itemsize)).astype(f"u{np.dtype(DTYPES[name]).itemsize}")
    values = bits.view(DTYPES[name]).astype(np.float32)
    return np.unique(values[np.isfinite(values)])


@pytest.mark.parametrize("name", FLOATS)
def test_the_table_of_floats_is_the_one_of_ml_dtypes(name):
    info = ml_dtypes.finfo(DTYPES[name])
    assert FLOATS[name] == (info.nmant, info.minexp, float(info.max))


@pytest.mark.parametrize("name", FLOATS)
def test_the_grid_of_a_float_is_every_value_that_its_bits_stand_for(name):
    np.testing.assert_array_equal(grid(FloatFormat(name)), every_value(name))


def test_float8_has_as_many_finite_values_as_its_papers_say():
    assert len(grid(FloatFormat("float8_e4m3fn"))) == 256 - 2 - 1  # two NaN, and one zero of two
    assert len(grid(FloatFormat("float8_e5m2"))) == 256 - 8 - 1  # two infinities, six NaN


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_a_number_on_the_grid_stays_where_it_is(name, rounding):
    values = grid(FloatFormat(name))
    values = values[(np.abs(values) >= 2.0**-126) | (values == 0)]
    np.testing.assert_array_equal(rounded(values, FloatFormat(name, rounding), seed=3), values)


@pytest.mark.parametrize("name", FLOAT8)
def test_halfway_between_two_neighbours_the_even_one_wins(name):
    values = grid(FloatFormat(name))
    values = values[values >= 0]
    halves = (values[:-1] + values[1:]) / 2
    even = np.where(np.arange(len(halves)) % 2 == 0, values[:-1], values[1:])  # bytes count upwards from zero
    np.testing.assert_array_equal(rounded(halves, FloatFormat(name)), even)
    np.testing.assert_array_equal(rounded(-halves, FloatFormat(name)), -even)


@pytest.mark.parametrize("name", FLOATS)
def test_what_lies_beyond_the_largest_number_is_what_ml_dtypes_makes_of_it(name):
    largest = FLOATS[name][2]
    beyond = np.array([min(largest * 1.2, 3.4028e38), -np.inf, np.inf, -np.inf, np.nan], np.float32)
    with np.errstate(over="ignore"):
        expected = beyond.astype(DTYPES[name]).astype(np.float32)
    np.testing.assert_array_equal(rounded(beyond, FloatFormat(name)), expected)
    saturated = rounded(beyond, FloatFormat(name, saturate=True))
    np.testing.assert_array_equal(saturated[:4], [largest, -largest, largest, -largest])
    assert np.isnan(saturated[4])


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float16"])
def test_stochastic_rounding_overflows_as_the_nearest_does(name):
    largest = FLOATS[name][2]
    values = np.array([2 * largest, -2 * largest, np.inf, np.nan], np.float32)
    near, random = (rounded(values, FloatFormat(name, r), seed=1) for r in ("nearest", "stochastic"))
    np.testing.assert_array_equal(random, near)


@settings(max_examples=60, deadline=None)
@given(values=arrays(np.float32, 20, elements=moderate), name=st.sampled_from(sorted(FLOATS)))
def test_the_nearest_float_is_the_one_of_ml_dtypes(values, name):
    np.testing.assert_array_equal(rounded(values, FloatFormat(name)), values.astype(DTYPES[name]).astype(np.float32))


@settings(max_examples=60, deadline=None)
@given(values=arrays(np.float32, 20, elements=st.floats(-400, 400, width=32)), name=st.sampled_from(sorted(FLOATS)))
def test_stochastic_rounding_gives_one_of_the_two_neighbours(values, name):
    points = grid(FloatFormat(name))
    values = np.where(np.abs(values) < 2.0**-120, 0, values).astype(np.float32)
    found = rounded(values, FloatFormat(name, "stochastic"), seed=5)
    low = points[np.searchsorted(points, values, side="right") - 1]
    high = points[np.minimum(np.searchsorted(points, values), len(points) - 1)]
    assert np.all((found == low) | (found == high))


@pytest.mark.parametrize(
    ("fmt", "value", "step"),
    [
        (FloatFormat("float8_e4m3fn", "stochastic"), 1.03, 1 / 8),
        (FloatFormat("float8_e5m2", "stochastic"), 2.0**-16 * 0.3, 2.0**-16),
        (FloatFormat("bfloat16", "stochastic"), 100.1, 0.5),
        (IntFormat(8, rounding="stochastic"), 0.0137, 1 / 127),
    ],
)
def test_stochastic_rounding_is_right_on_average(fmt, value, step):
    count = 20_000
    values = np.full(count, value, np.float32)
    scale = {"scale": step} if isinstance(fmt, IntFormat) else {}
    found = rounded(values, fmt, seed=11, **scale).astype(np.float64)
    part = (value / step) % 1
    spread = step * np.sqrt(part * (1 - part) / count)  # of a mean of so many: a closed form
    assert abs(found.mean() - value) < 4.5 * spread
    assert len(np.unique(found)) == 2


def test_a_seed_decides_and_another_decides_otherwise():
    values = np.linspace(-1, 1, 1000)
    fmt = IntFormat(4, rounding="stochastic")
    np.testing.assert_array_equal(rounded(values, fmt, seed=1), rounded(values, fmt, seed=1))
    assert np.any(rounded(values, fmt, seed=1) != rounded(values, fmt, seed=2))
    compiled = tf.function(lambda x, seed: round_to(x, fmt, seed=seed))
    np.testing.assert_array_equal(
        compiled(tf.constant(values, tf.float32), tf.constant([1, 0])), rounded(values, fmt, seed=1)
    )


@settings(max_examples=60, deadline=None)
@given(
    values=arrays(np.float32, (4, 6), elements=moderate), bits=st.integers(2, 16), axis=st.sampled_from([None, 0, 1])
)
def test_integers_are_at_most_half_a_step_away(values, bits, axis):
    fmt = IntFormat(bits, axis)
    step = step_of(values, fmt).numpy()
    found = rounded(values, fmt)
    assert np.all(np.abs(found - values) <= step * 0.5001 + np.abs(values) * 1e-6)
    assert np.all(np.abs(np.rint(found / step)) <= fmt.top)


def test_a_grid_that_is_not_symmetric_covers_the_range_and_has_a_zero():
    values = np.array([0.0, 0.1, 0.7, 1.0], np.float32)
    assert step_of(values, IntFormat(8, symmetric=False)).numpy() == pytest.approx(1 / 255)
    shifted = rounded([-0.3, 0.0, 0.9], IntFormat(2, symmetric=False))
    np.testing.assert_allclose(shifted, [-0.4, 0.0, 0.8], atol=1e-6)


def test_a_scale_that_shifts_is_the_next_power_of_two():
    fmt = IntFormat(8, shift=True)
    assert step_of(np.float32([127.0, -3]), fmt).numpy() == 1.0
    assert step_of(np.float32([128.0, -3]), fmt).numpy() == 2.0
    assert step_of(np.float32([0.0, 0]), fmt).numpy() == 1.0


def test_beyond_a_given_scale_lies_the_end_of_the_grid():
    np.testing.assert_array_equal(rounded([3.0, -200.0, 0.4], IntFormat(4), scale=1.0), [3.0, -7.0, 0.0])


def test_ternary_cuts_at_three_quarters_of_the_mean_magnitude():
    values = np.float32([0.1, -0.5, 1.0, 2.0, -0.2, 0.0])  # mean magnitude 3.8 / 6, threshold 0.475
    a = (0.5 + 1.0 + 2.0) / 3
    np.testing.assert_allclose(rounded(values, Ternary()), np.float32([0, -a, a, a, 0, 0]), rtol=1e-6)
    columns = rounded(np.float32([[1, 10], [-1, 10]]), Ternary(axis=1))
    np.testing.assert_allclose(columns, [[1, 10], [-1, 10]])


def test_the_share_of_the_threshold_is_the_best_for_normal_weights():
    values = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    error = np.mean((rounded(values, Ternary()) - values) ** 2)
    magnitudes = np.abs(values)
    for share in (0.65, 0.85):
        kept = magnitudes > share * magnitudes.mean()
        other = np.sign(values) * kept * magnitudes[kept].mean()
        assert np.mean((other - values) ** 2) > error


def test_binary_keeps_the_sign_and_the_mean_magnitude():
    np.testing.assert_allclose(rounded([1.0, -3.0, 0.0, 4.0], Binary()), [2, -2, 2, 2])


def test_stochastic_binary_is_right_on_average_within_its_reach():
    values = np.repeat(np.float32([0.5, -0.25, 1.25, -2.0]), 10_000)  # mean magnitude 1
    found = rounded(values, Binary(rounding="stochastic"), seed=0).reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(found, [0.5, -0.25, 1.0, -1.0], atol=4.5 / np.sqrt(10_000))
    assert found[3] == -1.0


@pytest.mark.parametrize("name", FLOAT8)
def test_a_scaled_float_rounds_alike_whatever_power_of_two_it_is_multiplied_by(name):
    values = np.random.default_rng(0).normal(size=100).astype(np.float32)
    fmt = FloatFormat(name, scaled=True)
    small = rounded(values * 2.0**-60, fmt)
    np.testing.assert_array_equal(small * 2.0**60, rounded(values, fmt))
    assert np.count_nonzero(small) == 100
    assert not np.any(rounded(values * 2.0**-60, FloatFormat(name)))
    np.testing.assert_array_equal(rounded(np.zeros(3), fmt), np.zeros(3))


def test_the_gradient_passes_straight_through_and_not_where_a_number_was_cut_off():
    def gradient(values, fmt, **rest):
        x = tf.constant(values, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(straight_through(x, fmt, **rest) * tf.constant([1.0, 2.0, 3.0]))
        return tape.gradient(y, x).numpy()

    np.testing.assert_array_equal(gradient([0.1, -0.2, 900.0], Ternary()), [1, 2, 3])
    np.testing.assert_array_equal(gradient([0.1, -0.2, 900.0], FloatFormat("float8_e4m3fn", saturate=True)), [1, 2, 0])
    np.testing.assert_array_equal(gradient([0.1, -9.2, 9.0], IntFormat(4), scale=1.0), [1, 0, 0])
    np.testing.assert_array_equal(gradient([0.1, -9.2, 9.0], IntFormat(4)), [1, 2, 3])


def test_a_rounded_gradient_leaves_the_number_alone():
    x = tf.constant([0.123, 4.567])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = rounded_gradient(x, IntFormat(2))
        total = tf.reduce_sum(y * tf.constant([0.3, 1.0]))
    np.testing.assert_array_equal(y.numpy(), x.numpy())
    np.testing.assert_array_equal(tape.gradient(total, x).numpy(), [0.0, 1.0])


def test_bad_formats_say_what_is_wrong():
    with pytest.raises(ValueError, match="float16, bfloat16"):
        FloatFormat("float7")
    with pytest.raises(ValueError, match=r"bits must be in 2\.\.16, got 1; for one bit use Binary"):
        IntFormat(1)
    for fmt in (FloatFormat, IntFormat):
        with pytest.raises(ValueError, match="nearest, stochastic"):
            fmt("float16" if fmt is FloatFormat else 8, rounding="up")
    with pytest.raises(ValueError, match="nearest, stochastic"):
        Binary(rounding="up")
    with pytest.raises(ValueError, match="needs a seed"):
        round_to([0.5], IntFormat(8, rounding="stochastic"))
    with pytest.raises(ValueError, match="scale"):
        round_to([0.5], Ternary(), scale=1.0)
