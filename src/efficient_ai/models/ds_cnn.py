"""DS-CNN, MLPerf Tiny's keyword spotter: a convolution over a second of sound, then depthwise-separable blocks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

FRAMES, COEFFICIENTS = 49, 10
KEYWORD_CLASSES = 12
FILTERS = 64
BLOCKS = 4


def ds_cnn(*, seed: int) -> keras.Model:
    """49 frames of 10 cepstral coefficients to ten words, "unknown" and "silence"; dropout is for training only.

    Source: banbury2021mlperf; the architecture is zhang2017hello's small one.
    """
    import keras

    draws = (keras.initializers.GlorotUniform(seed=seed * 1_000 + i) for i in itertools.count())

    def normalized(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
        return keras.layers.ReLU(name=f"{name}_relu")(x)

    inputs = keras.Input((FRAMES, COEFFICIENTS, 1))
    x = keras.layers.Conv2D(FILTERS, (10, 4), 2, "same", kernel_initializer=next(draws), name="stem_conv")(inputs)
    x = normalized(x, "stem")
    x = keras.layers.Dropout(0.2, seed=seed)(x)
    for i in range(1, BLOCKS + 1):
        x = keras.layers.DepthwiseConv2D(
            3, padding="same", depthwise_initializer=next(draws), name=f"block{i}_depthwise"
        )(x)
        x = normalized(x, f"block{i}_depthwise")
        x = keras.layers.Conv2D(FILTERS, 1, kernel_initializer=next(draws), name=f"block{i}_pointwise")(x)
        x = normalized(x, f"block{i}_pointwise")
    x = keras.layers.Dropout(0.4, seed=seed + 1)(x)
    x = keras.layers.AveragePooling2D(x.shape[1:3], name="pool")(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(KEYWORD_CLASSES, kernel_initializer=next(draws), name="logits")(x)
    return keras.Model(inputs, outputs, name="ds_cnn")


BUILDERS: dict[str, Callable[..., keras.Model]] = {"ds_cnn": ds_cnn}
