"""One stack of 3×3 convolutions as deep as one likes, with shortcuts or without: the ResNet paper's experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras


def deep_narrow(
    depth: int, *, shortcuts: bool, width: int = 8, side: int = 14, classes: int = 10, seed: int | None = 0
) -> keras.Model:
    """Three stages of `width`, 2 `width` and 4 `width` channels on grey pictures; layers in pairs.

    A shortcut adds what a pair was given to what it made. Where the shape changes, it takes every second pixel and
    fills the new channels with zeros, so nets with and without shortcuts have the same parameters.

    Args:
        depth: Layers with weights, 6 n + 2.
        shortcuts: Whether the pairs have them.
        width: Channels of the first stage.
        side: Pixels of the square input.
        classes: How many logits.
        seed: Of the initial weights; the same for both kinds of nets.

    Returns:
        A Keras model from (n, side, side, 1) to logits (n, classes).

    Raises:
        ValueError: If the depth is not 6 n + 2 with n at least 1.

    Source: he2016deep, section 4.2, shortcuts of kind A.
    """
    import keras

    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"depth must be 6 n + 2 with n at least 1, as in 8, 20 or 56, got {depth}")
    initial = he_normals(seed)

    def convolved(x: keras.KerasTensor, filters: int, stride: int, name: str) -> keras.KerasTensor:
        x = keras.layers.Conv2D(
            filters, 3, stride, "same", use_bias=False, kernel_initializer=next(initial), name=f"{name}_conv"
        )(x)
        return keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)

    inputs = keras.Input((side, side, 1))
    x = keras.layers.ReLU(name="stem_relu")(convolved(inputs, width, 1, "stem"))
    for stage in range(3):
        filters = width * 2**stage
        for pair in range((depth - 2) // 6):
            name, before = f"stage{stage + 1}_pair{pair + 1}", x
            stride = 2 if stage and not pair else 1
            x = keras.layers.ReLU(name=f"{name}_relu")(convolved(x, filters, stride, f"{name}_a"))
            x = convolved(x, filters, 1, f"{name}_b")
            if shortcuts:
                x = keras.layers.Add(name=f"{name}_add")([_fitted(before, x.shape), x])
            x = keras.layers.ReLU(name=f"{name}_out")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = keras.layers.Dense(classes, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name=f"{'residual' if shortcuts else 'plain'}{depth}")


def _fitted(x: keras.KerasTensor, shape: tuple[int | None, ...]) -> keras.KerasTensor:
    """Every second pixel, and zeros for the channels that `x` doesn't have; `x` itself where it fits."""
    import keras

    if x.shape[1] != shape[1]:
        x = x[:, ::2, ::2]
    if x.shape[-1] != shape[-1]:
        x = keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, shape[-1] - x.shape[-1])))
    return x
