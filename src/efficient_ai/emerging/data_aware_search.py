"""Searches for a spotter, replayed on a table of trained ones: what it hears and what it is, or what it is alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from efficient_ai.emerging.data_aware import BLOCKS, BOOK, FILTERS, HEARINGS, TIME_STRIDES, Spotter
from efficient_ai.search.replay import Place, evolution, random_search

METHODS = ("random", "evolution")
POPULATION = 3  # small, since a search of a dozen trials must begin to breed early


@dataclass(frozen=True)
class TrainedSpotter:
    """A row of the table: a spotter, its memory, and its accuracies, as fractions.

    A search sees the validation accuracy of one training; the test accuracy may be the mean of several.
    """

    spotter: Spotter
    ram_bytes: int
    validation_accuracy: float
    test_accuracy: float


def allowed(table: Sequence[TrainedSpotter], *, ram_bytes: int, joint: bool) -> tuple[TrainedSpotter, ...]:
    """What a search may try: spotters that fit, all of them or those that hear as the book's do.

    Memory is counted without training, so what doesn't fit costs no trial.

    Args:
        table: The table.
        ram_bytes: The budget.
        joint: Whether the hearing is searched too.

    Returns:
        Rows of the table.

    Raises:
        ValueError: If nothing fits.
    """
    found = tuple(row for row in table if row.ram_bytes <= ram_bytes and (joint or row.spotter.hearing == BOOK))
    if not found:
        raise ValueError(f"no spotter of the table fits {ram_bytes:,} bytes")
    return found


def _place(spotter: Spotter, *, joint: bool) -> Place:
    """Where a spotter stands on each axis of its space."""
    net = (
        FILTERS.index(spotter.filters),
        BLOCKS.index(spotter.blocks),
        TIME_STRIDES.index(spotter.time_stride),
    )
    return (HEARINGS.index(spotter.hearing), *net) if joint else net


def replay(
    rows: Sequence[TrainedSpotter], *, joint: bool, trials: int, method: str, seed: int
) -> tuple[TrainedSpotter, ...]:
    """Search once more: the best of all tried so far, after each trial.

    Args:
        rows: What may be tried: see `allowed`.
        joint: Whether the hearing is searched too.
        trials: How many to train; a small space is exhausted earlier, and its best stays.
        method: One of `METHODS`.
        seed: Of the draws.

    Returns:
        The row with the best validation accuracy after the first trial, the second, and so on.

    Raises:
        ValueError: If the method is unknown or `trials` below 1.
    """
    if method not in METHODS or trials < 1:
        raise ValueError(f"expected one of {', '.join(METHODS)} and at least one trial, got {method!r} and {trials}")
    at = {_place(row.spotter, joint=joint): row for row in rows}
    scores = {place: row.validation_accuracy for place, row in at.items()}
    sizes = tuple(map(len, (HEARINGS, FILTERS, BLOCKS, TIME_STRIDES)))[0 if joint else 1 :]
    if method == "evolution":
        tried = evolution(scores, sizes, budget=trials, seed=seed, population=POPULATION, sample=2)
    else:
        tried = random_search(scores, sizes, budget=trials, seed=seed)
    best = [max(tried[: i + 1], key=scores.__getitem__) for i in range(len(tried))]
    return tuple(at[place] for place in best + best[-1:] * (trials - len(best)))


def found_accuracies(
    tables: Sequence[Sequence[TrainedSpotter]], *, ram_bytes: int, trials: int, method: str, replays: int
) -> dict[str, np.ndarray]:
    """What both searches find, again and again: the test accuracy of the best, which was chosen on validation.

    Args:
        tables: The table, once for each seed of training; replays take them in turn.
        ram_bytes: The budget.
        trials: Of each search.
        method: One of `METHODS`.
        replays: How many searches of each kind.

    Returns:
        "alone" and "together": float (replays, trials).
    """
    found = {}
    for name, joint in (("alone", False), ("together", True)):
        rows = [allowed(table, ram_bytes=ram_bytes, joint=joint) for table in tables]
        searches = (
            replay(rows[i % len(rows)], joint=joint, trials=trials, method=method, seed=i) for i in range(replays)
        )
        found[name] = np.array([[row.test_accuracy for row in search] for search in searches])
    return found
