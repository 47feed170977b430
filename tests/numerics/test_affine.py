import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from efficient_ai import numerics

FLOATS = hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=8), elements=st.floats(-1e4, 1e4, width=32))


@given(FLOATS, st.integers(2, 16), st.booleans())
def test_the_way_there_and_back_moves_no_value_by_more_than_half_a_step(values, bits, symmetric):
    affine = numerics.affine_for(values, bits=bits, symmetric=symmetric)
    back = numerics.dequantize(numerics.quantize(values, affine), affine)
    # A zero point is itself rounded, so one end of an asymmetric range may lie half a step further out.
    allowed = affine.scale * (0.5 if symmetric else 1.0)
    assert np.all(np.abs(back.astype(np.float64) - values) <= allowed * (1 + 1e-3) + 1e-6)


@given(FLOATS, st.booleans())
def test_zero_stays_zero(values, symmetric):
    affine = numerics.affine_for(values, symmetric=symmetric)
    assert numerics.dequantize(numerics.quantize(np.zeros(1), affine), affine)[0] == 0


def test_symmetric_int8_leaves_minus_128_unused():
    affine = numerics.affine_for(np.array([-2.0, 1.0]), symmetric=True)
    assert (affine.lowest, affine.highest, affine.zero_point) == (-127, 127, 0)
    assert affine.scale == pytest.approx(2 / 127)


def test_a_tensor_of_zeros_has_a_scale_all_the_same():
    assert numerics.affine_for(np.zeros(3)).scale == 1


@pytest.mark.parametrize("bits", [1, 17])
def test_impossible_widths_are_refused(bits):
    with pytest.raises(ValueError, match=f"got {bits}"):
        numerics.affine_for(np.ones(2), bits=bits)


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        numerics.affine_for(np.array([1.0, np.nan]))
