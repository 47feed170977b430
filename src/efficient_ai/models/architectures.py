"""Architectures for the book's pictures, from one matrix to ResNet-20; MobileNetV2 has a module of its own.

Every builder gives logits, and draws its initial weights from `seed` alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

CLASSES = 10


def _initial(seed: int) -> Iterator[keras.initializers.Initializer]:
    """He's initializers, each with a seed of its own."""
    import keras

    return (keras.initializers.HeNormal(seed=seed * 1_000 + i) for i in itertools.count())


def softmax_regression(*, seed: int) -> keras.Model:
    """One matrix and ten biases on 28×28 pixels: the least that can be called a model."""
    import keras

    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(_initial(seed)), name="logits")(x)
    return keras.Model(inputs, outputs, name="softmax_regression")


def lenet_300_100(*, seed: int) -> keras.Model:
    """Two hidden layers of 300 and 100 units (lecun1998gradient)."""
    import keras

    initial = _initial(seed)
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(inputs)
    for units in (300, 100):
        x = keras.layers.Dense(units, "relu", kernel_initializer=next(initial), name=f"hidden_{units}")(x)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name="lenet_300_100")


def lenet5(*, seed: int) -> keras.Model:
    """LeNet-5 as Caffe has it and as Deep Compression compressed it: 431,080 parameters (han2016deep)."""
    import keras

    initial = _initial(seed)
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(20, 5, kernel_initializer=next(initial), name="conv_1")(inputs)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Conv2D(50, 5, kernel_initializer=next(initial), name="conv_2")(x)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(500, "relu", kernel_initializer=next(initial), name="hidden")(x)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name="lenet5")


def _convolve(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, initial: Iterator, name: str, activation: bool = True
) -> keras.KerasTensor:
    """Convolution, batch normalization and, unless switched off, ReLU."""
    import keras

    x = keras.layers.Conv2D(filters, kernel, stride, "same", kernel_initializer=next(initial), name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if activation else x


def _residual(x: keras.KerasTensor, filters: int, stride: int, initial: Iterator, name: str) -> keras.KerasTensor:
    """Two 3×3 convolutions around a shortcut; a 1×1 convolution fits the shortcut where the shape changes."""
    import keras

    y = _convolve(x, filters, 3, stride, initial, f"{name}_a")
    y = _convolve(y, filters, 3, 1, initial, f"{name}_b", activation=False)
    if stride != 1 or x.shape[-1] != filters:
        x = keras.layers.Conv2D(
            filters, 1, stride, "same", kernel_initializer=next(initial), name=f"{name}_shortcut_conv"
        )(x)
    return keras.layers.ReLU(name=f"{name}_out")(keras.layers.Add(name=f"{name}_add")([x, y]))


def _resnet_cifar(blocks: int, name: str, seed: int) -> keras.Model:
    """Three stages of 16, 32 and 64 channels on 32×32×3 pictures, `blocks` residual blocks each."""
    import keras

    initial = _initial(seed)
    inputs = keras.Input((32, 32, 3))
    x = _convolve(inputs, 16, 3, 1, initial, "stem")
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            x = _residual(x, filters, stride, initial, f"stage{stage + 1}_block{block + 1}")
    x = keras.layers.AveragePooling2D(8, name="pool")(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name=name)


def resnet8(*, seed: int) -> keras.Model:
    """MLPerf Tiny's image classifier: one residual block a stage, 78,666 parameters (banbury2021mlperf)."""
    return _resnet_cifar(1, "resnet8", seed)


def resnet20(*, seed: int) -> keras.Model:
    """Three residual blocks a stage, as for CIFAR-10; shortcuts that change shape are 1×1 convolutions (he2016deep)."""
    return _resnet_cifar(3, "resnet20", seed)


BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "softmax_regression": softmax_regression,
    "lenet_300_100": lenet_300_100,
    "lenet5": lenet5,
    "resnet8": resnet8,
    "resnet20": resnet20,
}
