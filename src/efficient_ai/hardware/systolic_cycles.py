"""The systolic array moved register by register: slow, and for small arrays. It computes, and it counts.

A cell has four registers: the weight that it works with, the weight that waits, the activation on its way to the right
and the sum on its way down. Everything that a cell reads in a cycle was there before the cycle began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_CELLS = 4096


@dataclass(frozen=True)
class _Job:
    """Vectors `first` to `last` through one tile: its rows and columns of the weights, and when values may enter."""

    first: int
    last: int
    inner: slice
    outputs: slice
    load: int = 0
    start: int = 0
    end: int = 0


def run(
    left: np.ndarray,
    right: np.ndarray,
    *,
    rows: int,
    columns: int,
    groups: int = 1,
    double_buffered: bool = True,
    accumulators: int | None = None,
) -> tuple[np.ndarray, int]:
    """Multiply two matrices on a weight-stationary array, cycle by cycle.

    Args:
        left: Activations, integers, shape (vectors, groups · inner).
        right: Weights, integers, shape (inner, groups · outputs).
        rows: Of the array.
        columns: Of the array.
        groups: Products side by side, each with its part of the activations and of the weights.
        double_buffered: Whether the next weights move in while the present ones work.
        accumulators: Sums that a column can keep; None for as many as there are vectors.

    Returns:
        The product, int64, shape (vectors, groups · outputs), and the cycles that passed.

    Raises:
        ValueError: If the shapes don't fit together, or the array has no cells or more than `MAX_CELLS`.
    """
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != groups * right.shape[0] or right.shape[1] % groups:
        raise ValueError(f"left (m, groups · k) and right (k, groups · n) must fit, got {left.shape}, {right.shape}")
    if min(rows, columns) < 1 or rows * columns > MAX_CELLS:
        raise ValueError(f"rows × columns must be in 1 to {MAX_CELLS}, got {rows} × {columns}")
    weights = _block_diagonal(right, groups)
    result = np.zeros((left.shape[0], weights.shape[1]), np.int64)
    grid = _Grid(left, weights, result, rows, columns)
    tiles = _tiles(right.shape[0], right.shape[1] // groups, groups, rows, columns)
    chunk = accumulators or left.shape[0]
    start = rows
    queue: list[_Job] = []
    for first in range(0, left.shape[0], chunk):
        last = min(first + chunk, left.shape[0])
        for inner, outputs in tiles:
            end = start + (last - first) + rows + (outputs.stop - outputs.start) - 2
            load = queue[-1].start if double_buffered and queue else start - rows
            queue.append(_Job(first, last, inner, outputs, load, start, end))
            start = start + max(last - first, rows) if double_buffered else end + rows
    for now in range(max(job.end for job in queue)):
        grid.step(now, [job for job in queue if job.load <= now < job.end])
    return result, grid.last_out + 1


def _block_diagonal(right: np.ndarray, groups: int) -> np.ndarray:
    inner, outputs = right.shape[0], right.shape[1] // groups
    weights = np.zeros((groups * inner, groups * outputs), np.int64)
    for g in range(groups):
        own = slice(g * outputs, (g + 1) * outputs)
        weights[g * inner : (g + 1) * inner, own] = right[:, own]
    return weights


def _tiles(inner: int, outputs: int, groups: int, rows: int, columns: int) -> list[tuple[slice, slice]]:
    """The tiles in their order: whole groups along the diagonal where they fit, else parts of one group."""
    if groups > 1 and 2 * inner <= rows and 2 * outputs <= columns:
        together = min(rows // inner, columns // outputs)
        ends = [(g, min(g + together, groups)) for g in range(0, groups, together)]
        return [(slice(g * inner, h * inner), slice(g * outputs, h * outputs)) for g, h in ends]
    return [
        (
            slice(g * inner + k, g * inner + min(k + rows, inner)),
            slice(g * outputs + n, g * outputs + min(n + columns, outputs)),
        )
        for g in range(groups)
        for n in range(0, outputs, columns)
        for k in range(0, inner, rows)
    ]


class _Grid:
    """The cells' registers, with the matrices that they read from and add to at the edges."""

    def __init__(self, left: np.ndarray, right: np.ndarray, result: np.ndarray, rows: int, columns: int) -> None:
        self.left, self.right, self.result = left, right, result
        self.rows, self.columns = rows, columns
        self.weight, self.waiting, self.sums, self.activation = (np.zeros((rows, columns), np.int64) for _ in range(4))
        self.row, self.column = np.indices((rows, columns))
        self.last_out = 0

    def step(self, now: int, jobs: list[_Job]) -> None:
        """One cycle: swap in waiting weights where their wave is, multiply and add, move, load, collect."""
        entering = np.zeros(self.rows, np.int64)
        for job in jobs:
            for i in range(job.inner.stop - job.inner.start):
                vector = job.first + now - job.start - i  # each row one cycle after the row above
                if job.first <= vector < job.last:
                    entering[i] = self.left[vector, job.inner.start + i]
            swap = self.row + self.column == now - job.start
            self.weight[swap] = self.waiting[swap]
        self.activation = np.concatenate([entering[:, None], self.activation[:, :-1]], axis=1)
        above = np.concatenate([np.zeros((1, self.columns), np.int64), self.sums[:-1]])
        self.sums = above + self.weight * self.activation
        before = self.waiting
        for job in jobs:
            if now < job.load + self.rows + self.columns:
                self._load(job, now - job.load, before)
            self._collect(job, now)

    def _load(self, job: _Job, step: int, before: np.ndarray) -> None:
        """Move waiting weights a row down; the lowest row's enters first, each column a cycle after the one before."""
        above = np.concatenate([np.zeros((1, self.columns), np.int64), before[:-1]])
        for j in range(self.columns):
            row, column = job.inner.start + self.rows - 1 - (step - j), job.outputs.start + j
            if job.inner.start <= row < job.inner.stop and column < job.outputs.stop:
                above[0, j] = self.right[row, column]
        # A cell lets weights in from when the wave of the tile before has passed it until its own is there.
        moving = (step - self.column >= self.row) & (step - self.column < self.rows)
        self.waiting = np.where(moving, above, self.waiting)

    def _collect(self, job: _Job, now: int) -> None:
        """Add the sums that have just come out of the bottom row to their accumulators."""
        for j in range(job.outputs.stop - job.outputs.start):
            vector = job.first + now - job.start - (self.rows - 1) - j
            if job.first <= vector < job.last:
                self.result[vector, job.outputs.start + j] += self.sums[-1, j]
                self.last_out = now
