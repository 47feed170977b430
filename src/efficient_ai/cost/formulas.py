"""What an operator costs, in closed form: one formula each, with nothing but sizes in it.

A MAC is one multiplication of an activation with a weight, and its addition to a sum. FLOPs = 2 × MACs. Taps of a
kernel that fall on zero padding are counted, as every published table counts them: fast kernels compute them too.
"""

from __future__ import annotations


def output_size(size: int, *, kernel: int, stride: int = 1, dilation: int = 1, padding: int = 0) -> int:
    """Positions that a sliding window takes along one axis.

    Args:
        size: Length of the input's axis.
        kernel: Taps of the window.
        stride: Step from one position to the next.
        dilation: Distance between two taps.
        padding: Zeros added, both ends together.

    Returns:
        floor((size + padding − reach) / stride) + 1, where the window reaches over dilation · (kernel − 1) + 1.

    Raises:
        ValueError: If the window is longer than the padded axis.
    """
    reach = dilation * (kernel - 1) + 1
    if size + padding < reach:
        raise ValueError(f"a window over {reach} positions does not fit into {size} + {padding} of padding")
    return (size + padding - reach) // stride + 1


def conv2d_macs(
    *,
    output_height: int,
    output_width: int,
    kernel_height: int,
    kernel_width: int,
    input_channels: int,
    output_channels: int,
    groups: int = 1,
) -> int:
    """MACs of a convolution: every output value is a dot product with one kernel.

    A kernel sees only the input channels of its own group. Stride and dilation enter through the output's size.
    """
    dot_product = kernel_height * kernel_width * (input_channels // groups)
    return output_height * output_width * output_channels * dot_product


def depthwise_macs(
    *, output_height: int, output_width: int, kernel_height: int, kernel_width: int, channels: int
) -> int:
    """MACs of a depthwise convolution: a convolution with as many groups as channels.

    `channels` are the output's: the input's times the depth multiplier.
    """
    return output_height * output_width * channels * kernel_height * kernel_width


def separable_macs(
    *,
    output_height: int,
    output_width: int,
    kernel_height: int,
    kernel_width: int,
    input_channels: int,
    output_channels: int,
    depth_multiplier: int = 1,
) -> int:
    """MACs of a depthwise convolution followed by a 1 × 1 convolution.

    Against the full convolution this is the fraction 1 / output_channels + 1 / (kernel_height · kernel_width).

    Source: howard2017mobilenets, section 3.1.
    """
    between = input_channels * depth_multiplier
    depthwise = depthwise_macs(
        output_height=output_height,
        output_width=output_width,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        channels=between,
    )
    pointwise = conv2d_macs(
        output_height=output_height,
        output_width=output_width,
        kernel_height=1,
        kernel_width=1,
        input_channels=between,
        output_channels=output_channels,
    )
    return depthwise + pointwise


def conv2d_transpose_macs(
    *,
    input_height: int,
    input_width: int,
    kernel_height: int,
    kernel_width: int,
    input_channels: int,
    output_channels: int,
) -> int:
    """MACs of a transposed convolution: every input value is spread over one kernel's reach, cropped or not."""
    return input_height * input_width * input_channels * kernel_height * kernel_width * output_channels


def dense_macs(*, inputs: int, outputs: int, rows: int = 1) -> int:
    """MACs of a fully connected layer: a matrix times a vector, for each of `rows` vectors."""
    return rows * inputs * outputs


def recurrent_macs(*, steps: int, inputs: int, units: int, gates: int) -> int:
    """MACs of a recurrent layer: at each step, every gate multiplies the input and the state with a matrix.

    `gates` is 1 for a plain recurrent layer, 3 for a GRU and 4 for an LSTM.
    """
    return steps * gates * (inputs + units) * units


def conv2d_params(
    *,
    kernel_height: int,
    kernel_width: int,
    input_channels: int,
    output_channels: int,
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Parameters of a convolution: one kernel, and perhaps one bias, for each output channel."""
    return output_channels * (kernel_height * kernel_width * (input_channels // groups) + bias)


def depthwise_params(*, kernel_height: int, kernel_width: int, channels: int, bias: bool = True) -> int:
    """Parameters of a depthwise convolution: one flat kernel, and perhaps one bias, for each output channel."""
    return channels * (kernel_height * kernel_width + bias)


def dense_params(*, inputs: int, outputs: int, bias: bool = True) -> int:
    """Parameters of a fully connected layer."""
    return outputs * (inputs + bias)
