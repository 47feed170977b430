"""Choosing a network and the array that runs it: both at once, or one after the other.

The hardware is a weight-stationary systolic array, its size and shape open. Silicon is counted in multipliers, time in
cycles; memory is taken to keep up.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from efficient_ai.hardware.systolic import Product, SystolicArray, cycles
from efficient_ai.search.candidate_shapes import candidate_layers
from efficient_ai.search.layer_shapes import LayerShape
from efficient_ai.search.space import Candidate

SIDES = (4, 8, 16, 32, 64)


@dataclass(frozen=True, order=True)
class Grid:
    """An array's rows and columns of multipliers."""

    rows: int
    columns: int

    @property
    def multipliers(self) -> int:
        return self.rows * self.columns

    @property
    def name(self) -> str:
        return f"{self.rows}×{self.columns}"


GRIDS = tuple(sorted((Grid(rows, columns) for rows in SIDES for columns in SIDES), key=lambda g: (g.multipliers, g)))


@dataclass(frozen=True)
class Pair:
    """A network by name, and an array, with the cycles of an inference."""

    net: str
    grid: Grid
    cycles: int


def products(candidate: Candidate) -> tuple[Product, ...]:
    """What a candidate multiplies, layer by layer."""
    return tuple(found for layer in candidate_layers(candidate) if (found := product(layer)) is not None)


def product(layer: LayerShape) -> Product | None:
    """A layer as the matrix product that an array computes; None where nothing is multiplied."""
    if layer.kind == "depthwise":
        return Product(layer.output_pixels, layer.kernel**2, 1, layer.inputs)
    if layer.kind == "conv":
        return Product(layer.output_pixels, layer.kernel**2 * layer.inputs, layer.outputs)
    return Product(1, layer.inputs, layer.outputs) if layer.kind == "dense" else None


@functools.cache
def _cycles(grid: Grid, one: Product) -> int:
    array = SystolicArray(
        name=grid.name,
        rows=grid.rows,
        columns=grid.columns,
        clock_hz=1.0,
        bandwidth_bytes_per_s=1.0,
        activation_memory_bytes=0,
    )
    return cycles(array, one)


def cycle_table(candidates: Mapping[str, Candidate], grids: Sequence[Grid] = GRIDS) -> dict[str, dict[Grid, int]]:
    """Cycles of an inference of each candidate on each array, in closed form.

    Args:
        candidates: By name.
        grids: Arrays.

    Returns:
        By candidate, by array.

    Source: see `hardware.systolic.cycles`.
    """
    return {
        name: {grid: sum(_cycles(grid, one) for one in products(candidate)) for grid in grids}
        for name, candidate in candidates.items()
    }


def smallest_grid(net: str, took: Mapping[Grid, int], *, deadline: int) -> Pair | None:
    """The array with fewest multipliers on which a net meets a deadline; of equals the quicker one.

    Args:
        net: Its name.
        took: Cycles by array.
        deadline: Most cycles.

    Returns:
        None where it meets it on none.
    """
    meets = [Pair(net, grid, count) for grid, count in took.items() if count <= deadline]
    return min(meets, key=lambda pair: (pair.grid.multipliers, pair.cycles), default=None)


def together(nets: Sequence[str], table: Mapping[str, Mapping[Grid, int]], *, deadline: int) -> Pair | None:
    """The pair with fewest multipliers: every net with every array."""
    found = [pair for net in nets if (pair := smallest_grid(net, table[net], deadline=deadline)) is not None]
    return min(found, key=lambda pair: (pair.grid.multipliers, pair.cycles), default=None)


def net_first(
    nets: Sequence[str],
    table: Mapping[str, Mapping[Grid, int]],
    cost: Mapping[str, float],
    *,
    deadline: int,
) -> Pair | None:
    """The net that costs least by a count of one's own, and then the smallest array for it."""
    net = min(nets, key=cost.__getitem__)
    return smallest_grid(net, table[net], deadline=deadline)


def grid_first(
    nets: Sequence[str], table: Mapping[str, Mapping[Grid, int]], default: str, *, deadline: int
) -> Pair | None:
    """The smallest array for a net that is there already, and then the quickest of the nets on it."""
    chosen = smallest_grid(default, table[default], deadline=deadline)
    if chosen is None:
        return None
    meets = [Pair(net, chosen.grid, table[net][chosen.grid]) for net in nets]
    return min((pair for pair in meets if pair.cycles <= deadline), key=lambda pair: pair.cycles, default=None)


def utilisation(candidate: Candidate, grid: Grid) -> float:
    """The share of the multipliers' cycles that a candidate uses."""
    some = products(candidate)
    return sum(one.macs for one in some) / (grid.multipliers * sum(_cycles(grid, one) for one in some))
