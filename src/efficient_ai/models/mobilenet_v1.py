"""MobileNetV1: a 3×3 filter for each channel alone, then a 1×1 convolution that mixes them (howard2017mobilenets)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras

FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


def mobilenet_v1(
    *,
    width: float = 1.0,
    classes: int = 1000,
    side: int = 224,
    strides: Sequence[int] = STRIDES,
    seed: int | None = 0,
    name: str = "mobilenet_v1",
) -> keras.Model:
    """A convolution, thirteen depthwise-separable ones, an average, a dense layer.

    Args:
        width: Multiplies the channels, above 0.
        classes: How many logits.
        side: Pixels of the square input.
        strides: Of the first convolution and of the thirteen depthwise ones.
        seed: Of the initial weights; None for zeros, which cost no time when a net is only counted.
        name: The model's.

    Returns:
        A Keras model from (n, side, side, 3) to logits (n, classes).

    Raises:
        ValueError: If `width` is not above 0, or there are not fourteen strides.

    Source: howard2017mobilenets, table 1; its last stride of 2 is read as 1, as everybody does, since 7×7 go on.
    """
    import keras

    if not width > 0:
        raise ValueError(f"width must be above 0, got {width}")
    if len(strides) != len(STRIDES):
        raise ValueError(f"strides must be {len(STRIDES)} numbers, the stem's first, got {len(strides)}")
    initial = he_normals(seed)

    def finished(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return keras.layers.ReLU(6.0, name=f"{name}_relu6")(x)

    def mixed(x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str) -> keras.KerasTensor:
        filters = max(1, int(filters * width))
        return keras.layers.Conv2D(
            filters, kernel, stride, "same", use_bias=False, kernel_initializer=next(initial), name=name
        )(x)

    inputs = keras.Input((side, side, 3))
    x = finished(mixed(inputs, 32, 3, strides[0], "stem_conv"), "stem")
    for i, (filters, stride) in enumerate(zip(FILTERS, strides[1:], strict=True), start=1):
        x = keras.layers.DepthwiseConv2D(
            3, stride, "same", use_bias=False, depthwise_initializer=next(initial), name=f"block{i}_depthwise"
        )(x)
        x = finished(x, f"block{i}_filter")
        x = finished(mixed(x, filters, 1, 1, f"block{i}_pointwise"), f"block{i}_mix")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = keras.layers.Dense(classes, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name=name)
