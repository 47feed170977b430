"""ResNet-18 to ResNet-152: blocks that add to what they were given (he2016deep)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras

# Blocks in each of four stages, and whether a block is a bottleneck (he2016deep, table 1).
DEPTHS = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}
VERSIONS = ("v1", "v1.5")
EXPANSION = 4


def resnet(
    depth: int, *, version: str = "v1.5", classes: int = 1000, side: int = 224, seed: int | None = 0
) -> keras.Model:
    """A ResNet for ImageNet's pictures.

    Args:
        depth: 18, 34, 50, 101 or 152.
        version: Where a bottleneck halves the sides: "v1" in its first 1×1 convolution, as the paper does, or "v1.5"
            in its 3×3 convolution, as torchvision does. The two shallow nets have no bottlenecks and don't care.
        classes: How many logits.
        side: Pixels of the square input.
        seed: Of the initial weights; None for zeros, which cost no time when a net is only counted.

    Returns:
        A Keras model from (n, side, side, 3) to logits (n, classes).

    Raises:
        ValueError: If there is no such depth or version.

    Source: he2016deep, table 1; torchvision2016 for v1.5.
    """
    import keras

    if depth not in DEPTHS:
        raise ValueError(f"depth must be one of {', '.join(map(str, DEPTHS))}, got {depth}")
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {', '.join(VERSIONS)}, got {version!r}")
    stages, bottleneck = DEPTHS[depth]
    initial = he_normals(seed)
    inputs = keras.Input((side, side, 3))
    x = _convolve(inputs, 64, 7, 2, initial, "stem")
    x = keras.layers.ZeroPadding2D(1, name="stem_pool_pad")(x)
    x = keras.layers.MaxPooling2D(3, 2, name="stem_pool")(x)
    for stage, blocks in enumerate(stages):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            name = f"stage{stage + 1}_block{block + 1}"
            x = _block(x, 64 * 2**stage, stride, version, bottleneck, initial, name)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = keras.layers.Dense(classes, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name=f"resnet{depth}")


def _block(
    x: keras.KerasTensor, filters: int, stride: int, version: str, bottleneck: bool, initial: Iterator, name: str
) -> keras.KerasTensor:
    """Two 3×3 convolutions, or 1×1, 3×3, 1×1 through a narrow middle; and the shortcut around them."""
    import keras

    before, wide = x, filters * EXPANSION if bottleneck else filters
    if bottleneck:
        first, second = (stride, 1) if version == "v1" else (1, stride)
        x = _convolve(x, filters, 1, first, initial, f"{name}_narrow")
        x = _convolve(x, filters, 3, second, initial, f"{name}_filter")
        x = _convolve(x, wide, 1, 1, initial, f"{name}_widen", activation=False)
    else:
        x = _convolve(x, filters, 3, stride, initial, f"{name}_a")
        x = _convolve(x, filters, 3, 1, initial, f"{name}_b", activation=False)
    if before.shape != x.shape:
        before = _convolve(before, wide, 1, stride, initial, f"{name}_shortcut", activation=False)
    return keras.layers.ReLU(name=f"{name}_out")(keras.layers.Add(name=f"{name}_add")([before, x]))


def _convolve(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    stride: int,
    initial: Iterator,
    name: str,
    activation: bool = True,
) -> keras.KerasTensor:
    """Convolution without a bias, padded alike on all sides, normalization and, unless switched off, ReLU."""
    import keras

    if kernel > 1 and stride > 1:  # "same" would pad one side more than the other
        x = keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    padding = "valid" if stride > 1 else "same"
    x = keras.layers.Conv2D(
        filters, kernel, stride, padding, use_bias=False, kernel_initializer=next(initial), name=f"{name}_conv"
    )(x)
    x = keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if activation else x
