"""Byte-level language models: causal convolutions that guess the next byte of a text.

All of them see the same window and differ in their width alone: a small one, the book's own, and a large one that can
teach the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

BYTES = 256
WINDOW = 256
DILATIONS = (1, 2, 4, 8, 16, 32)
KERNEL = 3
CONTEXT = 1 + (KERNEL - 1) * sum(DILATIONS)  # how many bytes, its own included, a prediction can see


def _language_model(width: int, name: str, seed: int) -> keras.Model:
    """An embedding, a residual block for each of `DILATIONS`, and logits for the next byte.

    A block is a causal convolution whose taps stand `dilation` bytes apart, ReLU, and a 1×1 convolution that is added
    to what came in: each block doubles the distance that the next one sees. The 1×1 convolutions start small, so
    that the untrained sum of six blocks is no larger than one.
    """
    import keras

    inputs = keras.Input((WINDOW,), dtype="int32", name="bytes")
    draw = keras.initializers.RandomNormal(stddev=0.05, seed=seed * 1_000)
    x = keras.layers.Embedding(BYTES, width, embeddings_initializer=draw, name="embedding")(inputs)
    for i, dilation in enumerate(DILATIONS):
        y = keras.layers.Conv1D(
            width,
            KERNEL,
            padding="causal",
            dilation_rate=dilation,
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=seed * 1_000 + 2 * i + 1),
            name=f"block{i + 1}_past",
        )(x)
        small = keras.initializers.RandomNormal(stddev=(width * len(DILATIONS)) ** -0.5, seed=seed * 1_000 + 2 * i + 2)
        y = keras.layers.Conv1D(width, 1, kernel_initializer=small, name=f"block{i + 1}_mix")(y)
        x = keras.layers.Add(name=f"block{i + 1}")([x, y])
    last = keras.initializers.GlorotUniform(seed=seed * 1_000 + 99)
    outputs = keras.layers.Dense(BYTES, kernel_initializer=last, name="logits")(x)
    return keras.Model(inputs, outputs, name=name)


def byte_lm(*, seed: int) -> keras.Model:
    """The book's language model: 64 channels, 132,096 parameters."""
    return _language_model(64, "byte_lm", seed)


def byte_lm_large(*, seed: int) -> keras.Model:
    """144 channels: four times the parameters of `byte_lm`, which it can teach."""
    return _language_model(144, "byte_lm_large", seed)


def byte_lm_small(*, seed: int) -> keras.Model:
    """24 channels: a fifth of the parameters of `byte_lm`, to be taught."""
    return _language_model(24, "byte_lm_small", seed)


BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "byte_lm": byte_lm,
    "byte_lm_small": byte_lm_small,
    "byte_lm_large": byte_lm_large,
}
