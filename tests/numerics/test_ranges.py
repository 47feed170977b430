import numpy as np
import pytest

from efficient_ai.metrics import sqnr_db
from efficient_ai.numerics import affine_over, choose_range, dequantize, quantize
from efficient_ai.numerics.ranges import HOW, squared_error


@pytest.fixture(scope="module")
def heavy_tailed():
    return np.random.default_rng(0).standard_t(3, 50_000).astype(np.float32)


def through(values, ends, bits=8):
    grid = affine_over(*ends, bits=bits)
    return dequantize(quantize(values, grid), grid)


def test_minmax_covers_everything_and_zero(heavy_tailed):
    assert choose_range(heavy_tailed, "minmax") == (heavy_tailed.min(), heavy_tailed.max())
    assert choose_range(np.array([2.0, 3.0]), "minmax") == (0.0, 3.0)


def test_percentile_leaves_out_the_share_that_it_says(heavy_tailed):
    low, high = choose_range(heavy_tailed, "percentile", percent=99)
    assert np.mean((heavy_tailed < low) | (heavy_tailed > high)) == pytest.approx(0.01, abs=0.001)


def test_mse_beats_the_other_ways_at_mean_squared_error(heavy_tailed):
    for bits in (8, 6, 4):
        noise = {
            how: sqnr_db(through(heavy_tailed, choose_range(heavy_tailed, how, bits=bits), bits), heavy_tailed)
            for how in HOW
        }
        assert noise["mse"] >= max(noise.values()) - 0.3
        assert noise["mse"] > noise["minmax"] + (3 if bits == 4 else 0)


def test_the_error_that_is_predicted_is_the_error_that_is_made(heavy_tailed):
    counts, edges = np.histogram(heavy_tailed, 2048)
    centres = (edges[1:] + edges[:-1]) / 2
    for ends in ((-5, 5), (-2, 8), (-20, 20)):
        made = np.mean((through(heavy_tailed, ends) - heavy_tailed) ** 2)
        assert squared_error(counts, centres, affine_over(*ends)) == pytest.approx(made, rel=0.15)


def test_a_range_of_one_sign_keeps_zero_as_its_end():
    values = np.random.default_rng(0).exponential(size=10_000)
    for how in HOW:
        low, high = choose_range(values, how)
        assert low == 0 < high <= values.max() * (1 + 1e-6)
        assert affine_over(low, high).zero_point == -128


def test_zeros_alone_have_a_grid_all_the_same():
    assert affine_over(*choose_range(np.zeros(5), "mse")).scale == 1


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="how must be one of"):
        choose_range(np.ones(3), "guess")
    with pytest.raises(ValueError, match="at least one value"):
        choose_range(np.zeros(0), "mse")
