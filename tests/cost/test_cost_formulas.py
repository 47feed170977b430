import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.cost import formulas

small = st.integers(1, 6)


@given(small, small, st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2]), small)
def test_conv2d_macs_equal_the_multiplications_of_a_loop(height, width, kernel_h, kernel_w, groups, per_group):
    inputs, outputs = 2 * groups, per_group * groups
    counted = 0
    for _position in np.ndindex(height, width, outputs):
        for _tap in np.ndindex(kernel_h, kernel_w, inputs // groups):
            counted += 1
    assert counted == formulas.conv2d_macs(
        output_height=height,
        output_width=width,
        kernel_height=kernel_h,
        kernel_width=kernel_w,
        input_channels=inputs,
        output_channels=outputs,
        groups=groups,
    )


@given(small, small, st.integers(1, 5), st.integers(1, 32))
def test_depthwise_is_a_convolution_with_as_many_groups_as_channels(height, width, kernel, channels):
    sizes = {"output_height": height, "output_width": width, "kernel_height": kernel, "kernel_width": kernel}
    grouped = formulas.conv2d_macs(**sizes, input_channels=channels, output_channels=channels, groups=channels)
    assert formulas.depthwise_macs(**sizes, channels=channels) == grouped


@given(small, st.integers(1, 5), st.integers(1, 64), st.integers(1, 64))
def test_separable_costs_the_published_fraction_of_a_convolution(size, kernel, inputs, outputs):
    sizes = {"output_height": size, "output_width": size, "kernel_height": kernel, "kernel_width": kernel}
    full = formulas.conv2d_macs(**sizes, input_channels=inputs, output_channels=outputs)
    separable = formulas.separable_macs(**sizes, input_channels=inputs, output_channels=outputs)
    assert separable / full == pytest.approx(1 / outputs + 1 / kernel**2)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4))
def test_output_size_counts_the_windows_that_fit(size, kernel, stride, dilation, padding):
    reach = dilation * (kernel - 1) + 1
    starts = [s for s in range(0, size + padding, stride) if s + reach <= size + padding]
    if starts:
        given_size = formulas.output_size(size, kernel=kernel, stride=stride, dilation=dilation, padding=padding)
        assert given_size == len(starts)
    else:
        with pytest.raises(ValueError, match="does not fit"):
            formulas.output_size(size, kernel=kernel, stride=stride, dilation=dilation, padding=padding)


def test_dense_and_recurrent_macs_are_their_matrices_sizes():
    assert formulas.dense_macs(inputs=784, outputs=300) == 235_200
    assert formulas.dense_macs(inputs=8, outputs=4, rows=3) == 96
    assert formulas.recurrent_macs(steps=10, inputs=8, units=16, gates=4) == 10 * 4 * (8 * 16 + 16 * 16)


def test_lenet_300_100_has_its_published_parameters():
    sizes = [784, 300, 100, 10]
    assert sum(formulas.dense_params(inputs=a, outputs=b) for a, b in itertools.pairwise(sizes)) == 266_610
