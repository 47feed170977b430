"""Arithmetic without a model: real numbers as few bits."""

from efficient_ai.numerics import convolutions, huffman, integer_layers
from efficient_ai.numerics.affine import Affine, affine_for, dequantize, quantize
from efficient_ai.numerics.convolution_counts import ConvolutionCount, count_convolution
from efficient_ai.numerics.formats import (
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
from efficient_ai.numerics.integer_layers import IntegerLayer, fixed_point, rescale
from efficient_ai.numerics.low_bits import packed_bytes, round_to_bits
from efficient_ai.numerics.ranges import affine_over, choose_range

__all__ = [
    "Affine",
    "Binary",
    "ConvolutionCount",
    "FloatFormat",
    "IntFormat",
    "IntegerLayer",
    "Ternary",
    "affine_for",
    "affine_over",
    "choose_range",
    "convolutions",
    "count_convolution",
    "dequantize",
    "fixed_point",
    "grid",
    "huffman",
    "integer_layers",
    "packed_bytes",
    "quantize",
    "rescale",
    "round_to",
    "round_to_bits",
    "rounded_gradient",
    "step_of",
    "straight_through",
]
