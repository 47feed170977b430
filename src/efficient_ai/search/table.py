"""A part of the search space that is small enough to be trained whole: its nets are the table that searches read."""

from __future__ import annotations

import itertools

from efficient_ai.search.space import Candidate

# What a search over the table chooses from; `growth` is 2 and `expansion` 2 throughout.
AXES: dict[str, tuple[str, ...] | tuple[int, ...]] = {
    "block": ("plain", "residual", "separable", "inverted"),
    "width": (8, 12, 16, 24, 32),
    "stages": (2, 3),
    "blocks": (1, 2, 3),
    "kernel": (3, 5),
    "side": (16, 32),
}
MOST_MACS = 8_000_000  # nets above it aren't trained


def tabled(**choice: str | int) -> Candidate:
    """The candidate at a place of the table.

    Args:
        choice: A value for each of `AXES`.

    Raises:
        ValueError: If an axis is missing, unknown, or has no such value.
    """
    if set(choice) != set(AXES):
        raise ValueError(f"expected a value for each of {', '.join(AXES)}, got {', '.join(choice) or 'none'}")
    for axis, value in choice.items():
        if value not in AXES[axis]:
            raise ValueError(f"{axis} must be one of {', '.join(map(str, AXES[axis]))}, got {value!r}")
    return Candidate(growth=2, expansion=2, **choice)


def name_of(candidate: Candidate) -> str:
    """How the table calls a net, as in "separable-16-3x2-k5-32": block, width, stages × blocks, kernel, side."""
    c = candidate
    return f"{c.block}-{c.width}-{c.stages}x{c.blocks}-k{c.kernel}-{c.side}"


def places() -> dict[str, Candidate]:
    """Every place of the table by its net's name, those of nets above `MOST_MACS` too."""
    every = (tabled(**dict(zip(AXES, values, strict=True))) for values in itertools.product(*AXES.values()))
    return {name_of(net): net for net in every}
