"""A convolution, its normalization and its activation: what small nets are made of, built in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def convolver(
    initial: Iterator[keras.initializers.Initializer], *, ceiling: float | None = None
) -> Callable[..., keras.KerasTensor]:
    """Give the function that adds one convolution with what belongs to it.

    Args:
        initial: Initializers, one for each kernel, see `initial.he_normals`.
        ceiling: Where the ReLU is cut off: 6 for ReLU6, None for no ceiling.

    Returns:
        A function of x, filters (None for depthwise), kernel, stride, name and `activation`, which pads as TensorFlow
        pads, and has no bias since the normalization has one.
    """
    import keras

    word = "relu" if ceiling is None else f"relu{ceiling:g}"

    def convolved(
        x: keras.KerasTensor, filters: int | None, kernel: int, stride: int, name: str, activation: bool = True
    ) -> keras.KerasTensor:
        if filters is None:
            x = keras.layers.DepthwiseConv2D(
                kernel, stride, "same", use_bias=False, depthwise_initializer=next(initial), name=f"{name}_depthwise"
            )(x)
        else:
            x = keras.layers.Conv2D(
                filters, kernel, stride, "same", use_bias=False, kernel_initializer=next(initial), name=f"{name}_conv"
            )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return keras.layers.ReLU(ceiling, name=f"{name}_{word}")(x) if activation else x

    return convolved
