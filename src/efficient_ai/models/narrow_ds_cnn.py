"""DS-CNN made narrower, shorter and coarser in time, for a battery that allows a tenth of its arithmetic."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from efficient_ai.models.ds_cnn import COEFFICIENTS, FRAMES, KEYWORD_CLASSES

if TYPE_CHECKING:
    import keras


def narrow_ds_cnn(*, seed: int, filters: int, blocks: int, time_stride: int = 2) -> keras.Model:
    """DS-CNN's form with other sizes, without dropout: a small net that learns from a large one has little to forget.

    Args:
        seed: Of the initial weights.
        filters: Channels of every convolution; DS-CNN has 64.
        blocks: Depthwise-separable blocks; DS-CNN has four.
        time_stride: Frames that the first convolution moves on by; DS-CNN's is 2.

    Returns:
        A Keras model from (n, 49, 10, 1) to logits (n, 12).

    Raises:
        ValueError: If a size is below 1.
    """
    import keras

    if min(filters, blocks, time_stride) < 1:
        raise ValueError(f"expected sizes of at least 1, got {filters} filters, {blocks} blocks, stride {time_stride}")
    draws = (keras.initializers.GlorotUniform(seed=seed * 1_000 + i) for i in itertools.count())

    def normalized(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
        return keras.layers.ReLU(name=f"{name}_relu")(x)

    inputs = keras.Input((FRAMES, COEFFICIENTS, 1))
    stem = keras.layers.Conv2D(
        filters, (10, 4), (time_stride, 2), "same", kernel_initializer=next(draws), name="stem_conv"
    )
    x = normalized(stem(inputs), "stem")
    for i in range(1, blocks + 1):
        name = f"block{i}_depthwise"
        x = keras.layers.DepthwiseConv2D(3, padding="same", depthwise_initializer=next(draws), name=name)(x)
        x = normalized(x, name)
        x = keras.layers.Conv2D(filters, 1, kernel_initializer=next(draws), name=f"block{i}_pointwise")(x)
        x = normalized(x, f"block{i}_pointwise")
    x = keras.layers.AveragePooling2D(x.shape[1:3], name="pool")(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(KEYWORD_CLASSES, kernel_initializer=next(draws), name="logits")(x)
    return keras.Model(inputs, outputs, name=f"ds_cnn_{filters}x{blocks}")
