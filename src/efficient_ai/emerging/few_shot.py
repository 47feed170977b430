"""Few-shot tasks: a handful of new classes, a few examples of each, and a small net that is a function of its weights.

Where weights begin is what learning to learn learns, so they are arguments here, and no part of a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

FILTERS = 32
LAYERS = 4
SIDE = 28
FEATURES = FILTERS * 2 * 2  # four strides of two leave 2 x 2 places of 28 x 28
BACKWARD = 2  # a step's passes backwards, to inputs and to weights, cost as much again each


@dataclass(frozen=True)
class Episodes:
    """Few-shot tasks: pictures float32 in [0, 1] (tasks, n, 28, 28, 1), labels int32 (tasks, n) from 0 to ways - 1.

    Pictures are in the order of their shots: all classes' first, then all classes' second.
    """

    support: np.ndarray = field(repr=False)
    support_labels: np.ndarray = field(repr=False)
    query: np.ndarray = field(repr=False)
    query_labels: np.ndarray = field(repr=False)
    ways: int

    def __len__(self) -> int:
        return len(self.support)


def episodes(
    pictures: np.ndarray, *, tasks: int, ways: int, shots: int, queries: int, random: np.random.Generator
) -> Episodes:
    """Draw tasks: which classes, in which order, and which of their faces to learn from and to be asked about.

    A face never stands among the examples and among the questions of the same class.

    Args:
        pictures: uint8 (classes, faces, copies, 28, 28): see `data.glyphs`.
        tasks: How many.
        ways: Classes in a task.
        shots: Examples of each class.
        queries: Questions of each class.
        random: Decides.

    Returns:
        The tasks.

    Raises:
        ValueError: If there are too few classes or faces, or a size is below 1.
    """
    classes, faces, copies = pictures.shape[:3]
    if min(tasks, ways, shots, queries) < 1:
        raise ValueError(f"expected sizes of at least 1, got {tasks=}, {ways=}, {shots=}, {queries=}")
    if ways > classes or shots + queries > faces:
        raise ValueError(f"{ways} ways of {shots} + {queries} pictures don't fit {classes} classes of {faces} faces")
    many = shots + queries
    chosen = np.stack([random.choice(classes, ways, replace=False) for _ in range(tasks)])
    face = random.random((tasks, ways, faces)).argsort(axis=2)[:, :, :many]
    copy = random.integers(0, copies, (tasks, ways, many))
    found = pictures[chosen[:, :, None], face, copy].swapaxes(1, 2).astype(np.float32)[..., None] / 255
    labels = np.broadcast_to(np.arange(ways, dtype=np.int32), (tasks, many, ways))

    def flat(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array.reshape(tasks, -1, *array.shape[3:]))

    support, query = found[:, :shots], found[:, shots:]
    return Episodes(flat(support), flat(labels[:, :shots]), flat(query), flat(labels[:, shots:]), ways)


def initial_weights(*, ways: int, seed: int) -> list[np.ndarray]:
    """Weights to begin with: for each layer a kernel (He's normal), gains and biases; at last a head of zeros.

    A head of zeros takes no side among classes whose order means nothing.

    Returns:
        float32 arrays: (3, 3, channels, 32), (32,), (32,) a layer; (128, ways), (ways,).
    """
    random = np.random.default_rng(seed)
    weights: list[np.ndarray] = []
    for channels in (1, *[FILTERS] * (LAYERS - 1)):
        kernel = random.normal(0, np.sqrt(2 / (9 * channels)), (3, 3, channels, FILTERS))
        weights += [kernel, np.ones(FILTERS), np.zeros(FILTERS)]
    return [np.asarray(w, np.float32) for w in (*weights, np.zeros((FEATURES, ways)), np.zeros(ways))]


def with_new_head(weights: Sequence[np.ndarray], *, ways: int) -> list[np.ndarray]:
    """The same weights with a head of zeros for another number of classes."""
    return [*weights[:-2], np.zeros((FEATURES, ways), np.float32), np.zeros(ways, np.float32)]


def features(weights: Sequence[tf.Tensor], pictures: tf.Tensor) -> tf.Tensor:
    """What the convolutions make of pictures.

    Each picture is normalized by its own mean and variance in each layer, so no answer depends on which other
    questions are asked beside it.

    Args:
        weights: As `initial_weights` gives them.
        pictures: (n, 28, 28, 1).

    Returns:
        (n, 128).
    """
    import tensorflow as tf

    x = pictures
    for layer in range(LAYERS):
        kernel, gain, bias = weights[3 * layer : 3 * layer + 3]
        x = tf.nn.conv2d(x, kernel, strides=2, padding="SAME")
        mean, variance = tf.nn.moments(x, axes=[1, 2, 3], keepdims=True)
        x = tf.nn.relu((x - mean) * tf.math.rsqrt(variance + 1e-5) * gain + bias)
    return tf.reshape(x, (-1, FEATURES))


def logits(weights: Sequence[tf.Tensor], pictures: tf.Tensor) -> tf.Tensor:
    """The net's answers: (n, ways)."""
    return features(weights, pictures) @ weights[-2] + weights[-1]


def nearest_centroid(support: tf.Tensor, labels: tf.Tensor, query: tf.Tensor, ways: int) -> tf.Tensor:
    """Name each question after the class whose examples' mean is nearest, by the cosine.

    Args:
        support: Features of the examples, (n, features).
        labels: Their classes, (n,).
        query: Features of the questions, (m, features).
        ways: How many classes there are.

    Returns:
        Classes, int32 (m,).

    Source: snell2017prototypical, with the cosine for the distance.
    """
    import tensorflow as tf

    belongs = tf.one_hot(labels, ways)
    centroids = tf.matmul(belongs, tf.math.l2_normalize(support, -1), transpose_a=True)
    likeness = tf.matmul(query, tf.math.l2_normalize(centroids, -1), transpose_b=True)
    return tf.argmax(likeness, -1, output_type=tf.int32)


def as_keras(weights: Sequence[np.ndarray]) -> keras.Model:
    """The same net as a Keras model, to be counted, converted and compared with."""
    import keras

    inputs = keras.Input((SIDE, SIDE, 1))
    x = inputs
    for layer in range(LAYERS):
        kernel, gain, bias = weights[3 * layer : 3 * layer + 3]
        conv = keras.layers.Conv2D(FILTERS, 3, 2, "same", use_bias=False, name=f"conv{layer + 1}")
        x = conv(x)
        conv.set_weights([np.asarray(kernel)])
        x = keras.layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, epsilon=1e-5)(x)
        gains = keras.layers.DepthwiseConv2D(1, name=f"gain{layer + 1}")
        x = gains(x)
        gains.set_weights([np.asarray(gain).reshape(1, 1, FILTERS, 1), np.asarray(bias)])
        x = keras.layers.ReLU()(x)
    head = keras.layers.Dense(weights[-1].shape[-1], name="head")
    outputs = head(keras.layers.Flatten()(x))
    head.set_weights([np.asarray(w) for w in weights[-2:]])
    return keras.Model(inputs, outputs, name="few_shot")


def forward_macs(*, ways: int) -> int:
    """Multiply-accumulates of the convolutions and the head for one picture."""
    sides = [SIDE]
    for _ in range(LAYERS):
        sides.append((sides[-1] + 1) // 2)
    channels = (1, *[FILTERS] * (LAYERS - 1))
    return sum(side**2 * 9 * c * FILTERS for side, c in zip(sides[1:], channels, strict=True)) + FEATURES * ways


def adaptation_macs(*, ways: int, shots: int, steps: int) -> int:
    """Multiply-accumulates of learning a task: `steps` of gradient descent on all its examples, or their centroids.

    Args:
        ways: Classes.
        shots: Examples of each.
        steps: Gradient steps; 0 for nearest centroid, which only looks at each example once.
    """
    passes = steps * (1 + BACKWARD) if steps else 1
    return ways * shots * passes * forward_macs(ways=ways)
