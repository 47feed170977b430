"""What a step of training costs, if multiplications with absent weights were skipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from efficient_ai.cost.keras_reader import count

if TYPE_CHECKING:
    import keras


def step_macs(
    model: keras.Model, densities: Mapping[str, float] | float = 1.0, *, all_weight_gradients: bool = False
) -> float:
    """MACs of one step of training on one example.

    A step passes three times through each layer: forwards, backwards to its inputs, and backwards to its weights. A
    layer with half of its weights costs half in each pass, unless the gradients of the absent ones are wanted too.

    Args:
        model: A Keras model that `count` knows.
        densities: The share of weights that each layer has, by its name (left out: all of them), or one for all.
        all_weight_gradients: Whether gradients are computed for weights that are absent.

    Returns:
        Multiply-accumulates.

    Raises:
        ValueError: If a density is outside [0, 1] or of a layer that the model doesn't have.

    Source: evci2020rigging, appendix H.
    """
    layers = count(model).layers
    shares = {layer.name: densities for layer in layers} if isinstance(densities, (int, float)) else dict(densities)
    unknown = set(shares) - {layer.name for layer in layers}
    if unknown:
        raise ValueError(f"the model has no layers {', '.join(sorted(unknown))}")
    wrong = {name: share for name, share in shares.items() if not 0 <= share <= 1}
    if wrong:
        raise ValueError(f"densities must be in [0, 1], got {wrong}")
    sparse = sum(shares.get(layer.name, 1.0) * layer.macs for layer in layers)
    dense = sum(layer.macs for layer in layers)
    return 2 * sparse + (dense if all_weight_gradients else sparse)
