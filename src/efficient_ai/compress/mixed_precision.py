"""Training in sixteen-bit floats: a model that computes in half precision, and what its gradients lose there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

HALVES = ("float16", "bfloat16")


def half_precision(model: keras.Model, dtype: str, *, master: bool = True, wide_logits: bool = True) -> keras.Model:
    """A model that computes in float16 or bfloat16.

    Args:
        model: Stays as it is; a functional Keras model.
        dtype: "float16" or "bfloat16".
        master: Keep the weights in float32 and round them wherever they are used (Keras's "mixed" policies); without
            it they are kept in `dtype` themselves, and the optimizer's slots with them.
        wide_logits: Keep the last layer in float32, as Keras advises. Without it the gradients of the logits, which
            are the smallest of all where a loss is a mean over many outputs, have to pass through `dtype` as well.

    Returns:
        A new model with the weights of `model`.

    Raises:
        ValueError: If `dtype` is another.
        BadModel: If the model isn't functional.

    Source: micikevicius2018mixed, section 3.1, for the master copy.
    """
    import keras

    if dtype not in HALVES:
        raise ValueError(f"dtype must be one of {', '.join(HALVES)}, got {dtype!r}")
    if not isinstance(model, keras.models.Model) or not getattr(model, "outputs", None):
        raise BadModel(f"a functional Keras model is needed, got {type(model).__name__}")
    last = {output._keras_history.operation.name for output in model.outputs}
    policy = f"mixed_{dtype}" if master else dtype

    def recast(layer: Any) -> Any:
        if isinstance(layer, keras.layers.InputLayer):
            return type(layer).from_config(layer.get_config())
        wanted = "float32" if wide_logits and layer.name in last else policy
        return type(layer).from_config({**layer.get_config(), "dtype": wanted})

    twin = keras.models.clone_model(model, clone_function=recast)
    twin.set_weights([np.asarray(w, np.float32) for w in model.get_weights()])
    return twin


@dataclass(frozen=True)
class Gradients:
    """The gradients of one batch with respect to each kernel, float32, by the layer's name, already divided by
    `scale`; and how they came out in the arithmetic of the model, before the division."""

    by_layer: dict[str, np.ndarray]
    raw: dict[str, np.ndarray]
    scale: float

    def flat(self) -> np.ndarray:
        """All of them in one row."""
        return np.concatenate([value.ravel() for value in self.by_layer.values()])


def gradients(
    model: keras.Model,
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    scale: float = 1.0,
    loss: Callable[[Any, Any], Any] | None = None,
) -> Gradients:
    """What a batch wants to change, computed in the model's own arithmetic.

    Args:
        model: Gives logits.
        inputs: A batch, (n, ...).
        labels: Integer classes, (n,) or (n, steps).
        scale: The loss is multiplied by it before the gradients are computed, and they are divided by it after.
        loss: Takes (labels, logits), gives a scalar; mean cross-entropy when left out.

    Returns:
        The gradients of the kernels.

    Raises:
        ValueError: If the scale isn't positive.

    Source: micikevicius2018mixed, section 3.2.
    """
    import tensorflow as tf

    if scale <= 0:
        raise ValueError(f"scale must be positive, got {scale}")
    kernels = {layer.name: layer.kernel for layer in model.layers if hasattr(layer, "kernel")}

    state = [np.asarray(variable) for variable in model.non_trainable_variables]
    with tf.GradientTape() as tape:
        logits = tf.cast(model(inputs, training=True), tf.float32)
        if loss is None:
            classes = tf.cast(labels, tf.int32)
            value = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))
        else:
            value = loss(labels, logits)
        value *= scale
    found = tape.gradient(value, [kernel.value for kernel in kernels.values()])
    raw = {name: np.asarray(tf.cast(value, tf.float32)) for name, value in zip(kernels, found, strict=True)}
    for variable, before in zip(model.non_trainable_variables, state, strict=True):
        variable.assign(before)  # the moving statistics of normalizations stay as they were
    return Gradients({name: value / scale for name, value in raw.items()}, raw, scale)
