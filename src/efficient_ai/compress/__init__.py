"""Making models smaller: a verb and a small frozen config for each technique."""

from efficient_ai.compress.convert import DynamicInt8, Float16, Float32, Int8, Int16x8, convert, ladder
from efficient_ai.compress.prune import (
    Gradual,
    Magnitude,
    fine_tune,
    magnitude_mask,
    prunable,
    prune,
    sparsities,
    sparsity,
)

__all__ = [
    "DynamicInt8",
    "Float16",
    "Float32",
    "Gradual",
    "Int8",
    "Int16x8",
    "Magnitude",
    "convert",
    "fine_tune",
    "ladder",
    "magnitude_mask",
    "prunable",
    "prune",
    "sparsities",
    "sparsity",
]
