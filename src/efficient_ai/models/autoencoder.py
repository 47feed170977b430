"""MLPerf Tiny's anomaly detector: 640 numbers squeezed through 8 and back; what comes back wrong was unusual."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

BANDS = 640  # five frames of 128 mel bands
UNITS = (128, 128, 128, 128, 8, 128, 128, 128, 128)


def autoencoder(*, seed: int) -> keras.Model:
    """Nine dense layers, each with normalization and ReLU, and one that gives the 640 numbers again.

    There is no data set of machines' sounds in this book, so it is here to be counted and timed.

    Source: banbury2021mlperf.
    """
    import keras

    draws = (keras.initializers.GlorotUniform(seed=seed * 1_000 + i) for i in itertools.count())
    inputs = keras.Input((BANDS,))
    x = inputs
    for i, units in enumerate(UNITS):
        x = keras.layers.Dense(units, kernel_initializer=next(draws), name=f"layer{i + 1}")(x)
        x = keras.layers.BatchNormalization(name=f"layer{i + 1}_bn")(x)
        x = keras.layers.ReLU(name=f"layer{i + 1}_relu")(x)
    outputs = keras.layers.Dense(BANDS, kernel_initializer=next(draws), name="reconstruction")(x)
    return keras.Model(inputs, outputs, name="autoencoder")


BUILDERS: dict[str, Callable[..., keras.Model]] = {"autoencoder": autoencoder}
