"""AlexNet and VGG-16, for contrast: most of their parameters are in dense layers (krizhevsky2012imagenet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras

VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def alexnet(*, classes: int = 1000, seed: int | None = 0) -> keras.Model:
    """AlexNet for one processor, as torchvision has it: without the paper's groups and response normalization.

    Args:
        classes: How many logits.
        seed: Of the initial weights; None for zeros, which cost no time when a net is only counted.

    Returns:
        A Keras model from (n, 224, 224, 3) to logits (n, classes).

    Source: krizhevsky2012imagenet; torchvision2016 for the channels.
    """
    import keras

    initial = he_normals(seed)
    inputs = keras.Input((224, 224, 3))
    x = keras.layers.ZeroPadding2D(2, name="conv1_pad")(inputs)
    layers = ((64, 11, 4, True), (192, 5, 1, True), (384, 3, 1, False), (256, 3, 1, False), (256, 3, 1, True))
    for i, (filters, kernel, stride, pooled) in enumerate(layers, start=1):
        padding = "valid" if stride > 1 else "same"
        x = keras.layers.Conv2D(
            filters, kernel, stride, padding, activation="relu", kernel_initializer=next(initial), name=f"conv{i}"
        )(x)
        if pooled:
            x = keras.layers.MaxPooling2D(3, 2, name=f"pool{i}")(x)
    return keras.Model(inputs, _dense_end(x, classes, initial), name="alexnet")


def vgg16(*, classes: int = 1000, seed: int | None = 0) -> keras.Model:
    """VGG-16: thirteen 3×3 convolutions, five poolings, three dense layers.

    Args:
        classes: How many logits.
        seed: Of the initial weights; None for zeros, which cost no time when a net is only counted.

    Returns:
        A Keras model from (n, 224, 224, 3) to logits (n, classes).

    Source: simonyan2015very, table 1, configuration D.
    """
    import keras

    initial = he_normals(seed)
    x = inputs = keras.Input((224, 224, 3))
    for stage, (filters, convolutions) in enumerate(VGG16, start=1):
        for i in range(1, convolutions + 1):
            name = f"conv{stage}_{i}"
            x = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", kernel_initializer=next(initial), name=name
            )(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{stage}")(x)
    return keras.Model(inputs, _dense_end(x, classes, initial), name="vgg16")


def _dense_end(x: keras.KerasTensor, classes: int, initial: object) -> keras.KerasTensor:
    """Two hidden layers of 4,096 with dropout, and the logits."""
    import keras

    x = keras.layers.Flatten(name="flatten")(x)
    for i in (1, 2):
        x = keras.layers.Dense(4096, "relu", kernel_initializer=next(initial), name=f"hidden{i}")(x)
        x = keras.layers.Dropout(0.5, name=f"dropout{i}")(x)
    return keras.layers.Dense(classes, kernel_initializer=next(initial), name="logits")(x)
