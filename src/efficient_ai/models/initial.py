"""Initial weights: He's, each kernel with a seed of its own, or zeros for nets that are only counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def he_normals(seed: int | None) -> Iterator[keras.initializers.Initializer]:
    """Initializers for one kernel after the other.

    Args:
        seed: Of all of them together; None for zeros, which take no time to draw.

    Returns:
        An endless iterator.
    """
    import keras

    if seed is None:
        return itertools.repeat(keras.initializers.Zeros())
    return (keras.initializers.HeNormal(seed=seed * 1_000 + i) for i in itertools.count())
