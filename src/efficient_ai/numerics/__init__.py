"""Arithmetic without a model: real numbers as few bits."""

from efficient_ai.numerics.affine import Affine, affine_for, dequantize, quantize

__all__ = ["Affine", "affine_for", "dequantize", "quantize"]
