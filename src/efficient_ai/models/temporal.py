"""A keyword spotter that convolves over time alone: a tenth of DS-CNN's arithmetic in another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from efficient_ai.models.ds_cnn import COEFFICIENTS, FRAMES, KEYWORD_CLASSES
from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras


def temporal(*, width: int = 40, blocks: int = 4, kernel: int = 9, seed: int = 0) -> keras.Model:
    """Convolutions over time alone: a frame's coefficients are its channels, so each filter hears all of them at once.

    A picture's net slides over the pitch axis as well and pays for each step there; here that axis is gone after the
    first layer.

    Args:
        width: Channels throughout.
        blocks: Depthwise-separable blocks after the first convolution, which halves the frames.
        kernel: Frames that a depthwise filter spans.
        seed: Of the initial weights.

    Returns:
        A Keras model from (n, 49, 10, 1) to logits (n, 12).

    Source: choi2019temporal, whose idea this is; the blocks here are depthwise-separable and have no shortcuts.
    """
    import keras

    initial = he_normals(seed)
    inputs = keras.Input((FRAMES, COEFFICIENTS, 1))
    x = keras.layers.Reshape((FRAMES, 1, COEFFICIENTS), name="coefficients_as_channels")(inputs)

    def normalized(x: keras.KerasTensor, name: str, relu: bool = True) -> keras.KerasTensor:
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return keras.layers.ReLU(name=f"{name}_relu")(x) if relu else x

    def mixed(x: keras.KerasTensor, span: int, stride: int, name: str) -> keras.KerasTensor:
        layer = keras.layers.Conv2D(
            width, (span, 1), (stride, 1), "same", use_bias=False, kernel_initializer=next(initial), name=name
        )
        return normalized(layer(x), name)

    x = mixed(x, 3, 2, "stem")
    for i in range(1, blocks + 1):
        filtered = keras.layers.DepthwiseConv2D(
            (kernel, 1), 1, "same", use_bias=False, depthwise_initializer=next(initial), name=f"block{i}_filter"
        )
        x = mixed(normalized(filtered(x), f"block{i}_filter", relu=False), 1, 1, f"block{i}_mix")
    x = keras.layers.AveragePooling2D(x.shape[1:3], name="pool")(x)
    x = keras.layers.Flatten(name="flat")(x)
    outputs = keras.layers.Dense(KEYWORD_CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name="temporal")
