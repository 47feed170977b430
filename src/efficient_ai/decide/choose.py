"""Choosing among variants: which keep a budget, which of them wins and by what rule, and where metrics disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from efficient_ai import metrics
from efficient_ai.decide.budget import MET, NOT_EVALUATED, Budget, Figure, Verdict, check
from efficient_ai.decide.quantities import AT_LEAST, QUANTITIES


@dataclass(frozen=True)
class Row:
    """A variant with its figures, by the quantities' keys; `technique` is what was done to the model."""

    name: str
    technique: str
    figures: Mapping[str, Figure] = field(repr=False)


@dataclass(frozen=True)
class Loss:
    """Why a variant lost: its verdict on the first limit that it doesn't keep, or, where it keeps all, the rule."""

    row: Row
    verdict: Verdict | None
    reason: str


@dataclass(frozen=True)
class Choice:
    """The winner (None where no variant keeps the budget), the rule, who kept all limits, and why the others lost.

    `open_limits` could be evaluated for no variant at all, as an unknown price: they decide nothing, and stay open.
    """

    budget: str
    rule: str
    winner: Row | None
    passing: tuple[Row, ...]
    losses: tuple[Loss, ...]
    open_limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class RankAgreement:
    """How two metrics order the variants: Kendall's tau, with better first on both, and the pairs that they swap."""

    first: str
    second: str
    tau: float
    variants: int
    swapped: tuple[tuple[str, str], ...]


def choose(rows: Sequence[Row], budget: Budget, *, best: str | None = None) -> Choice:
    """Choose the variant with the best value of one quantity among those that keep every limit.

    A limit that was evaluated for some variants isn't kept by the others. One that was evaluated for none is left
    open. Of equal values the one that stands first wins.

    Args:
        rows: The variants, at least one.
        budget: The limits.
        best: A key of `QUANTITIES`, the budget's own where it is None; its side says whether much or little is good.

    Returns:
        The choice. The losses stand in the rows' order.

    Raises:
        ValueError: If there are no rows, two share a name, or `best` isn't known or missing in a row that keeps all.
    """
    names = [row.name for row in rows]
    if not rows or len(set(names)) != len(names):
        raise ValueError(f"rows must have names of their own, and be at least one, got {', '.join(names) or 'none'}")
    best = best or budget.best
    if best not in QUANTITIES:
        raise ValueError(f"best must be one of {', '.join(QUANTITIES)}, got {best!r}")
    most = QUANTITIES[best].side == AT_LEAST
    rule = f"the {'highest' if most else 'lowest'} {best} of those that keep every limit"
    verdicts = {row.name: check(budget, row.figures) for row in rows}
    unseen = [all(v.outcome == NOT_EVALUATED for v in column) for column in zip(*verdicts.values(), strict=True)]
    open_limits = tuple(limit.key for limit, no in zip(budget.limits, unseen, strict=True) if no)
    broken = {
        name: next((v for v in found if v.outcome != MET and v.limit.key not in open_limits), None)
        for name, found in verdicts.items()
    }
    passing = tuple(row for row in rows if broken[row.name] is None)
    winner = max(passing, key=lambda row: _value(row, best) * (1 if most else -1), default=None)
    losses = tuple(_loss(row, broken[row.name], winner, best) for row in rows if row is not winner)
    return Choice(budget.name, rule, winner, passing, losses, open_limits)


def _loss(row: Row, verdict: Verdict | None, winner: Row | None, best: str) -> Loss:
    if verdict is not None:
        return Loss(row, verdict, f"{verdict.limit.key} {verdict.outcome}: {verdict.reason}")
    assert winner is not None  # the row itself keeps every limit
    return Loss(row, None, f"{best} is {_value(row, best):.4g}, {winner.name} has {_value(winner, best):.4g}")


def rank_agreements(rows: Sequence[Row], keys: Sequence[str]) -> tuple[RankAgreement, ...]:
    """Say for each pair of metrics how far they agree on which variant is better.

    Args:
        rows: The variants, at least two, each with a value for every key.
        keys: Of `QUANTITIES`, at least two; each quantity's side says which end is better.

    Returns:
        An agreement for each pair of keys, in their order. Ties swap nothing.

    Raises:
        ValueError: If there is too little to compare, a value is missing, or a key gives all rows the same value.

    Source: kendall1945treatment.
    """
    if len(keys) < 2 or len(rows) < 2:
        raise ValueError(f"expected at least two variants and two keys, got {len(rows)} and {len(keys)}")
    if unknown := [key for key in keys if key not in QUANTITIES]:
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(QUANTITIES)}")
    goods = {key: [_value(row, key) * (1 if QUANTITIES[key].side == AT_LEAST else -1) for row in rows] for key in keys}
    found = []
    for one, two in combinations(keys, 2):
        pairs = combinations(range(len(rows)), 2)
        swapped = tuple(
            (rows[i].name, rows[j].name)
            for i, j in pairs
            if (goods[one][i] - goods[one][j]) * (goods[two][i] - goods[two][j]) < 0
        )
        found.append(RankAgreement(one, two, metrics.kendall(goods[one], goods[two]), len(rows), swapped))
    return tuple(found)


def _value(row: Row, key: str) -> float:
    figure = row.figures.get(key)
    if figure is None or figure.value is None:
        raise ValueError(f"{row.name} has no value of {key}: give one, or leave it out")
    return figure.value
