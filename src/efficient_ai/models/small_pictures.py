"""MobileNetV1, MobileNetV2 and SqueezeNet, made small for the book's pictures of 32×32×3.

The originals take 224×224 and halve the sides five times, or four. Here the first convolution keeps all pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from efficient_ai.models.architectures import CLASSES
from efficient_ai.models.convolved import convolver
from efficient_ai.models.initial import he_normals
from efficient_ai.models.mobilenet import _channels, inverted_residuals, stages
from efficient_ai.models.mobilenet_v1 import STRIDES, mobilenet_v1

if TYPE_CHECKING:
    import keras

SIDE = 32
HEAD = 320
# Channels that a fire module squeezes to, and that each of its two kinds of filters expands to.
FIRES = ((16, 32), (16, 32), (24, 48), (24, 48), (32, 64), (32, 64))


def mobilenet_v1_025(*, seed: int) -> keras.Model:
    """A quarter of MobileNetV1's channels; the first convolution keeps all pixels (howard2017mobilenets)."""
    return mobilenet_v1(
        width=0.25, classes=CLASSES, side=SIDE, strides=(1, *STRIDES[1:]), seed=seed, name="mobilenet_v1_025"
    )


def mobilenet_v2_035(*, seed: int) -> keras.Model:
    """A third of MobileNetV2's channels, a quarter of its head's, and a first convolution that keeps all pixels.

    Source: sandler2018mobilenetv2, table 2.
    """
    import keras

    initial = he_normals(seed)
    convolved = convolver(initial, ceiling=6.0)
    inputs = keras.Input((SIDE, SIDE, 3))
    x = convolved(inputs, _channels(32 * 0.35), 3, 1, "stem")
    x = inverted_residuals(x, stages(0.35), convolved)
    x = convolved(x, HEAD, 1, 1, "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name="mobilenet_v2_035")


def squeezenet_small(*, seed: int) -> keras.Model:
    """Six fire modules at 16×16, 8×8 and 4×4 pixels.

    Unlike the original it normalizes after each convolution: without that the first epochs teach it little.

    Source: iandola2016squeezenet.
    """
    import keras

    initial = he_normals(seed)
    convolved = convolver(initial)
    inputs = keras.Input((SIDE, SIDE, 3))
    x = convolved(inputs, 24, 3, 1, "stem")
    for i, (squeezed, expanded) in enumerate(FIRES):
        if i % 2 == 0:
            x = keras.layers.MaxPooling2D(2, name=f"pool{i + 2}")(x)
        narrow = convolved(x, squeezed, 1, 1, f"fire{i + 2}_squeeze")
        wide = [convolved(narrow, expanded, kernel, 1, f"fire{i + 2}_expand{kernel}") for kernel in (1, 3)]
        x = keras.layers.Concatenate(name=f"fire{i + 2}_out")(wide)
    x = keras.layers.Conv2D(CLASSES, 1, kernel_initializer=next(initial), name="classes_conv")(x)
    outputs = keras.layers.GlobalAveragePooling2D(name="logits")(x)
    return keras.Model(inputs, outputs, name="squeezenet_small")


BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "mobilenet_v1_025": mobilenet_v1_025,
    "mobilenet_v2_035": mobilenet_v2_035,
    "squeezenet_small": squeezenet_small,
}
