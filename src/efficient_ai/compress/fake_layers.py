"""Keras layers that round while they train: weights in few bits, and what is stored between two operators.

The classes inherit from Keras's own, so this module imports Keras at its head; whoever needs it imports it inside a
function.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

SMALLEST = 1e-8


def widest(bits: int, zero: bool) -> float:
    """The largest point of a weights' grid in steps: 7 for 4 bits with zero, 7.5 without."""
    return 2 ** (bits - 1) - (1.0 if zero else 0.5)


def nearest(steps: Any, top: float, zero: bool) -> Any:
    """The nearest point of a grid: whole numbers from −top to top, or those halfway between whole numbers."""
    points = tf.round(steps) if zero else tf.floor(steps) + 0.5
    return tf.clip_by_value(points, -top, top)


def _softened(variable: Any, count: int, top: float) -> tf.Tensor:
    """A learned scale whose gradient is divided by √(count · top), as every one of `count` values has a part in it."""
    share = 1 / np.sqrt(max(1.0, count * top))
    value = tf.convert_to_tensor(variable)
    return value * share + tf.stop_gradient(value * (1 - share))


class Fake(keras.layers.Layer):
    """A layer whose kernel is rounded wherever it is used.

    The kernel itself stays float32 and is what the optimizer moves. `scale` is the spacing of each output channel's
    grid: a trainable variable if `learned`; else it follows the kernel, from step to step: the largest magnitude at 8
    bits and more, the least squared error below.
    """

    def __init__(self, *args: Any, bits: int = 8, zero: bool = True, learned: bool = False, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.bits, self.zero, self.learned = bits, zero, learned

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bits": self.bits, "zero": self.zero, "learned": self.learned}

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        shape = self.scale_shape()
        self.scale = self.add_weight(shape=shape, name="scale", initializer="ones", trainable=self.learned)

    def scale_shape(self) -> tuple[int, ...]:
        return (self.kernel.shape[-1],)

    def weights_to_round(self) -> Any:
        return self.kernel

    @property
    def top(self) -> float:
        return widest(self.bits, self.zero)

    def spread(self) -> tuple[int, ...]:
        """The axes of the kernel over which one scale reaches."""
        kernel, shape = self.weights_to_round(), self.scale_shape()
        first = len(kernel.shape) - len(shape)
        return (*range(first), *(first + i for i, n in enumerate(shape) if n == 1 != kernel.shape[first + i]))

    def _followed(self, kernel: tf.Tensor) -> tf.Tensor:
        """The scale that fits the kernel as it is now."""
        axes, shape = self.spread(), self.scale_shape()
        if self.bits >= 8:
            return tf.maximum(tf.reshape(tf.reduce_max(tf.abs(kernel), axes), shape) / self.top, SMALLEST)
        points = nearest(kernel / self.scale, self.top, self.zero)
        fitted = tf.reduce_sum(points * kernel, axes) / tf.maximum(tf.reduce_sum(points**2, axes), SMALLEST)
        return tf.maximum(tf.reshape(fitted, shape), SMALLEST)

    def rounded(self, training: bool | None) -> tf.Tensor:
        """The kernel on its grid, with a gradient that passes as far as the grid reaches."""
        kernel = tf.convert_to_tensor(self.weights_to_round())
        if self.learned:
            count = int(np.prod(kernel.shape)) // int(np.prod(self.scale_shape()))
            scale = tf.maximum(_softened(self.scale, count, self.top), SMALLEST)
        else:
            if training:
                self.scale.assign(tf.stop_gradient(self._followed(kernel)))
            scale = tf.convert_to_tensor(self.scale)
        edge = self.top + 0.5
        within = tf.clip_by_value(kernel / scale, -edge, edge)
        return (within + tf.stop_gradient(nearest(within, self.top, self.zero) - within)) * scale

    def points(self) -> np.ndarray:
        """The kernel as points of its grid, in steps: whole numbers, or halves where the grid has no zero."""
        kernel = np.asarray(self.weights_to_round()) / np.maximum(np.asarray(self.scale), SMALLEST)
        return np.asarray(nearest(kernel, self.top, self.zero), np.float32)


@keras.saving.register_keras_serializable("efficient_ai")
class FakeConv2D(Fake, keras.layers.Conv2D):
    """A convolution with rounded weights."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return _biased(self, self.convolution_op(inputs, self.rounded(training)))


@keras.saving.register_keras_serializable("efficient_ai")
class FakeConv1D(Fake, keras.layers.Conv1D):
    """A convolution over time with rounded weights."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel, padding = self.rounded(training), self.padding
        if padding == "causal":
            inputs, padding = ops.pad(inputs, self._compute_causal_padding()), "valid"
        strides, dilation = list(self.strides), self.dilation_rate
        return _biased(self, ops.conv(inputs, kernel, strides=strides, padding=padding, dilation_rate=dilation))


@keras.saving.register_keras_serializable("efficient_ai")
class FakeDepthwiseConv2D(Fake, keras.layers.DepthwiseConv2D):
    """A depthwise convolution with rounded weights, a scale for each filter."""

    def scale_shape(self) -> tuple[int, ...]:
        return tuple(self.kernel.shape[-2:])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel, sizes = self.rounded(training), (self.strides, self.padding)
        return _biased(self, ops.depthwise_conv(inputs, kernel, *sizes, dilation_rate=self.dilation_rate))


@keras.saving.register_keras_serializable("efficient_ai")
class FakeDense(Fake, keras.layers.Dense):
    """A dense layer with rounded weights."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return _biased(self, ops.matmul(inputs, self.rounded(training)))


@keras.saving.register_keras_serializable("efficient_ai")
class FakeEmbedding(Fake, keras.layers.Embedding):
    """A table of rounded rows, a scale for each."""

    def scale_shape(self) -> tuple[int, ...]:
        return (self.embeddings.shape[0], 1)

    def weights_to_round(self) -> Any:
        return self.embeddings

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return ops.take(self.rounded(training), ops.cast(inputs, "int32"), axis=0)


def _biased(layer: Any, outputs: Any) -> Any:
    """Bias and activation, as Keras's own layers add them."""
    if layer.use_bias:
        outputs = outputs + layer.bias
    return outputs if layer.activation is None else layer.activation(outputs)


@keras.saving.register_keras_serializable("efficient_ai")
class FakeActivation(keras.layers.Layer):
    """Rounds what one operator stores for the next: affine, one grid from `low` to `high`, zero on it.

    The two ends are trainable variables if `learned`; else they follow the smallest and the largest value of the
    batches that are seen in training, as moving averages of which `momentum` is kept at each step.
    """

    def __init__(self, *, bits: int = 8, learned: bool = False, momentum: float = 0.99, **rest: Any) -> None:
        super().__init__(**rest)
        self.bits, self.learned, self.momentum = bits, learned, momentum

    def get_config(self) -> dict[str, Any]:
        own = {"bits": self.bits, "learned": self.learned, "momentum": self.momentum}
        return {**super().get_config(), **own}

    def build(self, input_shape: Any) -> None:
        self.count = int(np.prod([n for n in input_shape[1:] if n]))
        self.low = self.add_weight(shape=(), name="low", initializer="zeros", trainable=self.learned)
        self.high = self.add_weight(shape=(), name="high", initializer="ones", trainable=self.learned)

    def call(self, inputs: Any, training: bool | None = None, follow: bool = True) -> Any:
        """Round; `follow=False` for what is stored on a grid that belongs to another tensor, as pools do."""
        low, high = tf.convert_to_tensor(self.low), tf.convert_to_tensor(self.high)
        if self.learned:
            low, high = (_softened(end, self.count, 2.0**self.bits - 1) for end in (low, high))
        elif training and follow:
            for end, seen in ((self.low, tf.reduce_min(inputs)), (self.high, tf.reduce_max(inputs))):
                end.assign(end * self.momentum + seen * (1 - self.momentum))
            low, high = tf.convert_to_tensor(self.low), tf.convert_to_tensor(self.high)
        return _rounded(inputs, tf.minimum(low, 0.0), tf.maximum(high, SMALLEST), self.bits)


def _rounded(values: tf.Tensor, low: tf.Tensor, high: tf.Tensor, bits: int) -> tf.Tensor:
    """Rounded on a grid from `low` to `high`, zero on it.

    The gradient of a value passes within the grid and is zero without. That of an end is the sum over the values that
    were clipped to it, and within, as the spacing changes, of the rounding errors in steps.
    """

    @tf.custom_gradient
    def rounding(x: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, Any]:
        y = tf.quantization.fake_quant_with_min_max_vars(x, low, high, num_bits=bits)

        def back(above: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            passed = tf.where((x >= low) & (x <= high), above, 0.0)
            spacing = tf.reduce_sum(passed * (y - x)) / (high - low)
            under = tf.reduce_sum(tf.where(x < low, above, 0.0))
            over = tf.reduce_sum(tf.where(x > high, above, 0.0))
            return passed, under - spacing, over + spacing

        return y, back

    return rounding(values, low, high)


LAYERS = {
    "Conv1D": FakeConv1D,
    "Conv2D": FakeConv2D,
    "DepthwiseConv2D": FakeDepthwiseConv2D,
    "Dense": FakeDense,
    "Embedding": FakeEmbedding,
}
