import numpy as np
import pytest

from efficient_ai.metrics import sqnr_db
from efficient_ai.numerics import affine_for, dequantize, packed_bytes, quantize, round_to_bits


@pytest.fixture(scope="module")
def kernel():
    return (np.random.default_rng(0).normal(size=(3, 3, 8, 16)) * np.geomspace(0.01, 1, 16)).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_no_more_values_than_the_bits_can_name(kernel, bits):
    for channel in np.moveaxis(round_to_bits(kernel, bits=bits, axis=3), 3, 0):
        assert len(np.unique(channel)) <= 2**bits - 1


def test_eight_bits_are_affine_quantization(kernel):
    grid = affine_for(kernel, symmetric=True)
    assert round_to_bits(kernel, bits=8) == pytest.approx(dequantize(quantize(kernel, grid), grid), abs=1e-6)


def test_one_bit_is_the_sign_times_the_mean_magnitude(kernel):
    rounded = round_to_bits(kernel, bits=1, axis=3)
    means = np.abs(kernel).mean(axis=(0, 1, 2))
    assert np.abs(rounded) == pytest.approx(np.broadcast_to(means, kernel.shape))
    assert (np.sign(rounded) == np.where(kernel < 0, -1, 1)).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_finer_granularity_is_more_faithful(kernel, bits):
    whole = round_to_bits(kernel, bits=bits)
    channel = round_to_bits(kernel, bits=bits, axis=3)
    group = round_to_bits(kernel, bits=bits, axis=3, group=8)
    noise = [sqnr_db(rounded, kernel) for rounded in (whole, channel, group)]
    assert noise == sorted(noise)


def test_a_group_shares_one_scale_and_the_last_may_be_shorter():
    rounded = round_to_bits(np.array([[1.0, 2, 30, 40, 5]]), bits=1, axis=0, group=2)
    assert rounded.tolist() == [[1.5, 1.5, 35, 35, 5]]


def test_what_is_on_the_grid_stays(kernel):
    once = round_to_bits(kernel, bits=8, axis=3)
    assert round_to_bits(once, bits=8, axis=3) == pytest.approx(once, rel=1e-5)


def test_packed_bytes_count_bits_and_scales():
    assert packed_bytes((3, 3, 8, 16), bits=4, axis=3) == 1152 // 2 + 4 * 16
    assert packed_bytes((3, 3, 8, 16), bits=1) == 1152 // 8 + 4
    assert packed_bytes((5, 10), bits=4, axis=0, group=4) == 25 + 4 * 5 * 3


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"bits must be in 1..16, got 0"):
        round_to_bits(np.ones(2), bits=0)
    with pytest.raises(ValueError, match="a group needs an axis"):
        round_to_bits(np.ones(2), bits=4, group=2)
