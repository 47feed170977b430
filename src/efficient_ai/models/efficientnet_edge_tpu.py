"""EfficientNet-EdgeTPU: nets that were searched for the Edge TPU, and that avoid depthwise convolutions early on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from efficient_ai.models.mobilenet import _channels

if TYPE_CHECKING:
    import keras

# Width and depth against the small net, and side of the input.
SIZES = {"S": (1.0, 1.0, 224), "M": (1.0, 1.1, 240), "L": (1.2, 1.4, 300)}
# Repeats, kernel, stride, expansion, filters, whether the expansion is a full convolution, whether there are shortcuts.
_STAGES = (
    (1, 3, 1, 4, 24, True, False),
    (2, 3, 2, 8, 32, True, True),
    (4, 3, 2, 8, 48, True, True),
    (5, 5, 2, 8, 96, False, True),
    (4, 5, 1, 8, 144, False, True),
    (2, 5, 2, 8, 192, False, True),
)


def efficientnet_edge_tpu(size: str = "S", *, classes: int = 1001) -> keras.Model:
    """Build an EfficientNet-EdgeTPU.

    Args:
        size: "S", "M" or "L".
        classes: Number of logits.

    Returns:
        An untrained Keras model for pictures of 224, 240 or 300 pixels a side.

    Raises:
        ValueError: If there is no such size.

    Source: gupta2019efficientnetedgetpu.
    """
    import keras
    from keras import layers

    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, got {size!r}")
    width, depth, side = SIZES[size]

    def normalized(x, relu: bool = True):
        x = layers.BatchNormalization()(x)
        return layers.ReLU()(x) if relu else x

    source = keras.Input(batch_shape=(1, side, side, 3))
    x = normalized(layers.Conv2D(_channels(32 * width), 3, 2, "same", use_bias=False)(source))
    for repeats, kernel, first_stride, expansion, filters, full, shortcuts in _STAGES:
        for block in range(math.ceil(repeats * depth)):
            stride = first_stride if block == 0 else 1
            entered, wide = x, x.shape[-1] * expansion
            if full:
                x = normalized(layers.Conv2D(wide, kernel, stride, "same", use_bias=False)(x))
            else:
                x = normalized(layers.Conv2D(wide, 1, use_bias=False)(x))
                x = normalized(layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False)(x))
            x = normalized(layers.Conv2D(_channels(filters * width), 1, use_bias=False)(x), relu=False)
            if shortcuts and x.shape == entered.shape:
                x = layers.Add()([x, entered])
    x = normalized(layers.Conv2D(_channels(1280 * width), 1, use_bias=False)(x))
    x = layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(source, x, name=f"efficientnet_edge_tpu_{size.lower()}")
