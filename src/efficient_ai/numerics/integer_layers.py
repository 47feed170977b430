"""A dense layer and a convolution in integers alone, rounded as TensorFlow Lite's reference kernels round.

Inputs and weights are int8, sums and biases int32. The sum stands for real = input scale × weight scale × sum, and has
to come out in steps of the output's scale: it is multiplied by the quotient of these scales. The quotient is a real
number; it is stored as an integer of 31 bits and a shift, so that no floating-point unit is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class IntegerLayer:
    """What an int8 layer needs beside its input.

    `weights` are int8, (outputs, inputs) or (outputs, height, width, inputs); `bias` int32, (outputs,);
    `multipliers` float64, (outputs,) or (1,): input scale × weight scale / output scale. `lowest` and `highest` are
    where the activation function cuts, in steps. `rounding` is "twice", as `rescale` does and the reference kernels do,
    or "once": the sum times the multiplier in float32, as XNNPACK does.
    """

    weights: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)
    multipliers: np.ndarray = field(repr=False)
    input_zero_point: int
    output_zero_point: int
    lowest: int = -128
    highest: int = 127
    stride: int = 1
    padding: str = "VALID"
    rounding: str = "twice"

    def __post_init__(self) -> None:
        if self.rounding not in ("twice", "once"):
            raise ValueError(f'rounding must be "twice" or "once", got {self.rounding!r}')


def fixed_point(multiplier: float) -> tuple[int, int]:
    """A positive real number as mantissa × 2^(shift − 31), the mantissa an integer in [2^30, 2^31).

    Raises:
        ValueError: If the number isn't positive and finite.

    Source: jacob2018quantization, section 2.2.
    """
    if not 0 < multiplier < math.inf:
        raise ValueError(f"a multiplier must be positive and finite, got {multiplier}")
    fraction, shift = math.frexp(multiplier)
    mantissa = math.floor(fraction * 2**31 + 0.5)
    return (mantissa // 2, shift + 1) if mantissa == 2**31 else (mantissa, shift)


def rescale(sums: np.ndarray, mantissa: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int32 sums × mantissa × 2^(shift − 31), rounded twice as the reference does.

    The product's upper half is rounded to the nearest, and so is what the shift to the right leaves of it, ties away
    from zero; what the first rounding made a tie, the second may carry further than one rounding would.

    Args:
        sums: int32, any shape.
        mantissa: From `fixed_point`, broadcast against the sums.
        shift: The same.

    Returns:
        int64, the sums' shape.

    Source: jacob2018quantization, section 2.2 and appendix B.
    """
    left, right = np.maximum(shift, 0), np.maximum(-np.asarray(shift), 0)
    product = (np.asarray(sums, np.int64) << left) * np.asarray(mantissa, np.int64)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))  # divided as C divides: towards zero
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    return (high >> right) + ((high & mask) > threshold)


def _finish(sums: np.ndarray, layer: IntegerLayer) -> np.ndarray:
    """Bias, rescaling, zero point, activation: from int32 sums (…, outputs) to int8."""
    sums = sums + layer.bias
    if layer.rounding == "once":
        scaled = np.rint(sums.astype(np.float32) * layer.multipliers.astype(np.float32)).astype(np.int64)
    else:
        mantissas, shifts = zip(*(fixed_point(float(m)) for m in layer.multipliers), strict=True)
        scaled = rescale(sums, np.array(mantissas), np.array(shifts))
    return np.clip(scaled + layer.output_zero_point, layer.lowest, layer.highest).astype(np.int8)


def dense(inputs: np.ndarray, layer: IntegerLayer) -> np.ndarray:
    """A dense layer in integers.

    Args:
        inputs: int8, (n, inputs); further axes are flattened.
        layer: Weights (outputs, inputs) and the rest.

    Returns:
        int8, (n, outputs).

    Source: jacob2018quantization, section 2.3.
    """
    centred = inputs.reshape(len(inputs), -1).astype(np.int32) - layer.input_zero_point
    return _finish(centred @ layer.weights.astype(np.int32).T, layer)


def convolve(inputs: np.ndarray, layer: IntegerLayer) -> np.ndarray:
    """A convolution in integers: a dense layer on each patch; what is padded is the zero point, so that it means zero.

    Args:
        inputs: int8, (n, height, width, channels).
        layer: Weights (outputs, height, width, channels) and the rest.

    Returns:
        int8, (n, height, width, outputs), as stride and padding ("SAME" as TensorFlow pads, or "VALID") ask.

    Source: jacob2018quantization, section 2.3.
    """
    outputs, *kernel, _ = layer.weights.shape
    centred = inputs.astype(np.int32) - layer.input_zero_point
    if layer.padding == "SAME":
        missing = [
            max((-(-size // layer.stride) - 1) * layer.stride + side - size, 0)
            for size, side in zip(inputs.shape[1:3], kernel, strict=True)
        ]
        centred = np.pad(centred, ((0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(centred, kernel, axis=(1, 2))
    patches = patches[:, :: layer.stride, :: layer.stride]  # (n, y, x, channels, height, width)
    flat = patches.transpose(0, 1, 2, 4, 5, 3).reshape(*patches.shape[:3], -1)
    return _finish(flat @ layer.weights.reshape(outputs, -1).astype(np.int32).T, layer)
