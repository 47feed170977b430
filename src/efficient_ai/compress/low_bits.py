"""Weights rounded to a few bits, in a Keras model or in a float32 file; computed with in float32 all the same."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.flat_ranges import QuantizedFile
from efficient_ai.errors import BadModel
from efficient_ai.numerics.low_bits import packed_bytes, round_to_bits
from efficient_ai.records import Variant

if TYPE_CHECKING:
    import keras

GRANULARITIES = ("per_tensor", "per_channel", "per_group")


@dataclass(frozen=True)
class LowBits:
    """Weights of `bits` bits: 1 to 16.

    `granularity` says what shares a scale: a kernel ("per_tensor"), an output channel of it ("per_channel"), or
    `group` weights in a row of an output channel ("per_group").
    """

    bits: int
    granularity: str = "per_channel"
    group: int = 32

    def options(self, axis: int) -> dict[str, int | None]:
        """What `numerics.round_to_bits` takes, for a kernel whose output channels lie along `axis`."""
        if self.granularity not in GRANULARITIES:
            raise ValueError(f"granularity must be one of {', '.join(GRANULARITIES)}, got {self.granularity!r}")
        whole = self.granularity == "per_tensor"
        grouped = self.granularity == "per_group"
        return {"bits": self.bits, "axis": None if whole else axis, "group": self.group if grouped else None}


def kernels(model: keras.Model) -> tuple[tuple[keras.Variable, int], ...]:
    """The weights that are rounded, with the axis of their output channels: kernels and embeddings, no biases."""
    found = []
    for layer in model._flatten_layers(include_self=False):
        kernel = getattr(layer, "kernel", None)
        if kernel is not None and hasattr(kernel, "assign"):
            depthwise = type(layer).__name__ == "DepthwiseConv2D"
            found.append((kernel, -2 if depthwise else -1))
        recurrent = getattr(layer, "recurrent_kernel", None)
        if recurrent is not None:
            found.append((recurrent, -1))
        table = getattr(layer, "embeddings", None)
        if table is not None and hasattr(table, "assign"):
            found.append((table, 0))
    return tuple(found)


def fewer_bits(model: keras.Model, how: LowBits) -> keras.Model:
    """Round the weights of a Keras model.

    Args:
        model: Stays as it is.
        how: Bits and granularity.

    Returns:
        A new model with kernels and embeddings rounded; biases and normalizations stay float32.

    Raises:
        ValueError: If bits, granularity or group are out of range.

    Source: krishnamoorthi2018quantizing, section 3.1.
    """
    import keras

    rounded = keras.models.clone_model(model)
    rounded.set_weights(model.get_weights())
    for kernel, axis in kernels(rounded):
        kernel.assign(round_to_bits(np.asarray(kernel), **how.options(axis)))
    return rounded


def packed_size_bytes(model: keras.Model, how: LowBits) -> int:
    """What the weights of a model take with packed bits: kernels and embeddings with scales, all else in float32."""
    treated = kernels(model)
    own = {id(kernel) for kernel, _ in treated}
    rest = sum(4 * int(np.prod(w.shape)) for w in model.weights if id(w) not in own)
    return rest + sum(packed_bytes(tuple(k.shape), **how.options(axis)) for k, axis in treated)


def round_weights(variant: Variant, how: LowBits) -> Variant:
    """Round the weights of a float32 file, in which normalizations are folded into them.

    Args:
        variant: A float32 variant.
        how: Bits and granularity.

    Returns:
        A new variant that still computes in float32.

    Raises:
        BadModel: If the variant isn't float32.
        ValueError: If bits, granularity or group are out of range.
    """
    if variant.precision != "float32":
        raise BadModel(f"weights are rounded in a float32 file, got {variant.precision}")
    file = QuantizedFile.read(variant.content)
    for layer in file.weighted():
        if file.graph.tensors[layer.weights].constant:
            file.set_weights(layer, round_to_bits(file.real(layer.weights), **how.options(layer.axis)))
    return dataclasses.replace(variant, content=bytes(file.content))
