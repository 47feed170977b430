"""The converter's precisions by their names, as a command line or a table gives them."""

from __future__ import annotations

import numpy as np

from efficient_ai.compress.convert import DynamicInt8, Float16, Float32, Int8, Int16x8, Precision

KINDS = {kind.name: kind for kind in (Float32, Float16, DynamicInt8, Int8, Int16x8)}


def precision(name: str, calibration_set: np.ndarray | None = None) -> Precision:
    """Give the precision of a name.

    Args:
        name: "float32", "float16", "dynamic_int8", "int8" or "int16x8".
        calibration_set: Examples of the input, float32 (n, ...); for the last two, and not looked at for the others.

    Raises:
        ValueError: If there is no such precision.
    """
    if name not in KINDS:
        raise ValueError(f"precision must be one of {', '.join(KINDS)}, got {name!r}")
    return KINDS[name](calibration_set) if name.startswith("int") else KINDS[name]()
