"""SqueezeNet 1.0 and 1.1: fire modules, which squeeze the channels before the 3×3 filters see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from efficient_ai.models.initial import he_normals

if TYPE_CHECKING:
    import keras

# Channels that a fire module squeezes to, and that each of its two kinds of filters expands to.
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
# Of each version: channels and kernel of the first convolution, and before which fire modules the sides are halved.
VERSIONS = {"1.0": (96, 7, (0, 3, 7)), "1.1": (64, 3, (0, 2, 4))}


def squeezenet(version: str = "1.0", *, classes: int = 1000, side: int = 224, seed: int | None = 0) -> keras.Model:
    """Eight fire modules between two convolutions, and no dense layer.

    Args:
        version: "1.0" or "1.1", which has a smaller first convolution and halves the sides earlier.
        classes: How many logits.
        side: Pixels of the square input.
        seed: Of the initial weights; None for zeros, which cost no time when a net is only counted.

    Returns:
        A Keras model from (n, side, side, 3) to logits (n, classes).

    Raises:
        ValueError: If there is no such version.

    Source: iandola2016squeezenet, table 1; torchvision2016 for the pooling, which rounds up.
    """
    import keras

    if version not in VERSIONS:
        raise ValueError(f'version must be one of "1.0", "1.1", got {version!r}')
    channels, kernel, halved = VERSIONS[version]
    initial = he_normals(seed)
    inputs = keras.Input((side, side, 3))
    x = _convolve(inputs, channels, kernel, initial, "stem", stride=2, padding="valid")
    for i, (squeezed, expanded) in enumerate(FIRES):
        if i in halved:
            x = pool_up(x, f"pool{i + 1}")
        x = fire(x, squeezed, expanded, initial, f"fire{i + 2}")
    x = keras.layers.Dropout(0.5, name="dropout")(x)
    x = _convolve(x, classes, 1, initial, "classes")
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="logits")(x), name=f"squeezenet_{version}")


def fire(x: keras.KerasTensor, squeezed: int, expanded: int, initial: Iterator, name: str) -> keras.KerasTensor:
    """A 1×1 convolution to few channels, then 1×1 and 3×3 filters side by side.

    Args:
        x: Activations (n, height, width, channels).
        squeezed: Channels in between.
        expanded: Channels of each of the two kinds of filters.
        initial: Initializers for the three kernels.
        name: What the layers' names begin with.

    Returns:
        Activations (n, height, width, 2 × `expanded`).

    Source: iandola2016squeezenet, section 3.2.
    """
    import keras

    narrow = _convolve(x, squeezed, 1, initial, f"{name}_squeeze")
    wide = [_convolve(narrow, expanded, kernel, initial, f"{name}_expand{kernel}") for kernel in (1, 3)]
    return keras.layers.Concatenate(name=f"{name}_out")(wide)


def pool_up(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The maximum over 3×3 at every second pixel; a last window may reach over the edge (Caffe's way)."""
    import keras

    over = [(size - 3) % 2 for size in x.shape[1:3]]
    if any(over):  # zeros change no maximum: what comes in is never negative
        x = keras.layers.ZeroPadding2D(((0, over[0]), (0, over[1])), name=f"{name}_pad")(x)
    return keras.layers.MaxPooling2D(3, 2, name=name)(x)


def _convolve(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    initial: Iterator,
    name: str,
    *,
    stride: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    """Convolution with a bias, and ReLU."""
    import keras

    return keras.layers.Conv2D(
        filters, kernel, stride, padding, activation="relu", kernel_initializer=next(initial), name=f"{name}_conv"
    )(x)
