"""Keras layers that compute in few bits: operands rounded going forward, gradients going back, weights when updated.

The classes inherit from Keras's own, so this module imports Keras at its head; whoever needs it imports it inside a
function.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from efficient_ai.numerics import formats as fm

ROLES = ("weights", "activations", "gradients", "updates")
KINDS = {kind.__name__: kind for kind in (fm.FloatFormat, fm.IntFormat, fm.Ternary, fm.Binary)}
# What is drawn at random in a step, each from a seed of its own.
DRAWS = ("weights", "activations", "gradients", "weights' gradients", "updates")


def plain(formats: Any) -> dict[str, Any]:
    """A recipe as dicts of words and numbers, as a layer's config keeps it."""
    return {
        role: None if fmt is None else {"kind": type(fmt).__name__, **dataclasses.asdict(fmt)}
        for role in ROLES
        for fmt in (getattr(formats, role),)
    }


def _format(config: dict[str, Any] | None) -> fm.Format | None:
    if config is None:
        return None
    return KINDS[config["kind"]](**{name: value for name, value in config.items() if name != "kind"})


class _Low:
    """What all of them do; a subclass says how its product is computed, and along which axis its channels lie.

    `formats` is what `plain` gives. `seed` tells the layers of a net apart; `steps` counts the training steps, so that
    each draws other random numbers, and a run that is resumed draws those that it would have drawn.
    """

    channels = -1

    def __init__(self, *args: Any, formats: dict[str, Any], seed: int = 0, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.plain_formats, self.seed = formats, seed
        self.weights_fmt, self.activations_fmt, self.gradients_fmt, self.updates_fmt = (
            _format(formats[role]) for role in ROLES
        )
        if getattr(self.weights_fmt, "axis", None) is not None:
            self.weights_fmt = dataclasses.replace(self.weights_fmt, axis=self.channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "formats": self.plain_formats, "seed": self.seed}

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.steps = self.add_weight(shape=(), name="steps", initializer="zeros", dtype="int32", trainable=False)
        if self.updates_fmt is not None:
            if isinstance(self.updates_fmt, fm.IntFormat):
                self.scale = self.add_weight(shape=(), name="scale", initializer="ones", trainable=False)
            self.matrix().constraint = self.stored

    def matrix(self) -> Any:
        """The variable that is rounded."""
        return self.kernel

    def drawn(self, what: str) -> tf.Tensor:
        """The seed of one of `DRAWS` in this step."""
        return tf.stack([len(DRAWS) * tf.convert_to_tensor(self.steps) + DRAWS.index(what), self.seed])

    def stored(self, values: Any) -> tf.Tensor:
        """The weights as they are kept after an update; integers double their scale when the largest doesn't fit."""
        values, fmt, rest = tf.convert_to_tensor(values), self.updates_fmt, {}
        if isinstance(fmt, fm.IntFormat):
            scale = tf.convert_to_tensor(self.scale)
            scale = tf.where(tf.reduce_max(tf.abs(values)) > (fmt.top + 0.5) * scale, 2 * scale, scale)
            self.scale.assign(scale)
            rest = {"scale": scale}
        return fm.round_to(values, fmt, seed=self.drawn("updates"), **rest)

    def start(self) -> None:
        """Bring the first weights onto the grid that they are kept on."""
        if self.updates_fmt is None:
            return
        fmt = self.updates_fmt
        if isinstance(fmt, fm.IntFormat):
            self.scale.assign(tf.reshape(fm.step_of(self.matrix(), fmt), ()))
        self.matrix().assign(fm.round_to(self.matrix(), dataclasses.replace(fmt, rounding="nearest")))

    def operands(self, inputs: Any, training: bool | None) -> tuple[Any, tf.Tensor]:
        """Inputs and weights as the product takes them."""
        if training:
            self.steps.assign_add(1)
        weights = tf.convert_to_tensor(self.matrix())
        if self.gradients_fmt is not None:
            weights = fm.rounded_gradient(weights, self.gradients_fmt, seed=self.drawn("weights' gradients"))
        if self.weights_fmt is not None:
            weights = fm.straight_through(weights, self.weights_fmt, seed=self.drawn("weights"))
        if self.activations_fmt is not None and inputs.dtype.is_floating:
            inputs = fm.straight_through(inputs, self.activations_fmt, seed=self.drawn("activations"))
        return inputs, weights

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = self.product(*self.operands(inputs, training))
        if getattr(self, "use_bias", False):
            outputs = outputs + self.bias
        if self.gradients_fmt is not None:
            outputs = fm.rounded_gradient(outputs, self.gradients_fmt, seed=self.drawn("gradients"))
        activation = getattr(self, "activation", None)
        return outputs if activation is None else activation(outputs)


@keras.saving.register_keras_serializable("efficient_ai")
class LowConv2D(_Low, keras.layers.Conv2D):
    """A convolution in few bits."""

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        return self.convolution_op(inputs, weights)


@keras.saving.register_keras_serializable("efficient_ai")
class LowConv1D(_Low, keras.layers.Conv1D):
    """A convolution over time in few bits."""

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        padding = self.padding
        if padding == "causal":
            inputs, padding = ops.pad(inputs, self._compute_causal_padding()), "valid"
        strides, dilation = list(self.strides), self.dilation_rate
        return ops.conv(inputs, weights, strides=strides, padding=padding, dilation_rate=dilation)


@keras.saving.register_keras_serializable("efficient_ai")
class LowDepthwiseConv2D(_Low, keras.layers.DepthwiseConv2D):
    """A depthwise convolution in few bits; its channels are its filters."""

    channels = -2

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        return ops.depthwise_conv(inputs, weights, self.strides, self.padding, dilation_rate=self.dilation_rate)


@keras.saving.register_keras_serializable("efficient_ai")
class LowDense(_Low, keras.layers.Dense):
    """A dense layer in few bits."""

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        return ops.matmul(inputs, weights)


@keras.saving.register_keras_serializable("efficient_ai")
class LowEmbedding(_Low, keras.layers.Embedding):
    """A table in few bits; its channels are its rows."""

    channels = 0

    def matrix(self) -> Any:
        return self.embeddings

    def product(self, inputs: Any, weights: tf.Tensor) -> Any:
        return ops.take(_summed(weights), ops.cast(inputs, "int32"), axis=0)


@tf.custom_gradient
def _summed(table: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """The table itself; its gradient as one tensor, in which rows that were used several times are summed.

    As slices with repeated rows, which is how TensorFlow gives it, Adam would square each of them on its own.
    """
    return tf.identity(table), lambda above: tf.convert_to_tensor(above)


LAYERS = {
    "Conv1D": LowConv1D,
    "Conv2D": LowConv2D,
    "DepthwiseConv2D": LowDepthwiseConv2D,
    "Dense": LowDense,
    "Embedding": LowEmbedding,
}
