"""Verdicts as lines of a table, and as JSON for another program."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from efficient_ai.decide.budget import MET, MISSED, Budget, Verdict
from efficient_ai.decide.quantities import QUANTITIES
from efficient_ai.errors import EfficientAIError


def parse_given(text: str) -> tuple[str, float]:
    """Read a figure that somebody measured elsewhere.

    Args:
        text: As in `accuracy=0.91`.

    Raises:
        EfficientAIError: If it isn't KEY=VALUE with a known key and a finite value.
    """
    key, _, value = text.partition("=")
    if key not in QUANTITIES:
        raise EfficientAIError(f"unknown figure in {text!r}; expected KEY=VALUE with one of {', '.join(QUANTITIES)}")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise EfficientAIError(f"{key} needs a number, got {text!r}: write {key}=0.9")
    return key, number


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each verdict: the limit, the figure with its kind, what became of it, and how the figure was found."""
    lines = []
    for verdict in verdicts:
        limit, figure = verdict.limit, verdict.figure
        bound = f"{limit.quantity.side} {limit.value:g} {limit.quantity.unit}".strip()
        known = figure is not None and figure.value is not None
        value = f"{'≥ ' if figure.lower_bound else ''}{figure.value:.4g}" if known else "–"
        kind = figure.kind if known else f"{limit.kind} wanted"
        method = f"; {figure.method}" if known else ""
        cells = f"{limit.key:<24} {bound:<18} {value:>10}  {kind:<16} {verdict.outcome:<13}"
        lines.append(f"{cells} {verdict.reason}{method}")
    return lines


def as_json(model: str, budget: Budget, verdicts: Sequence[Verdict]) -> str:
    """The verdicts as JSON, with units; what has no value is null."""

    def entry(verdict: Verdict) -> dict:
        limit, figure = verdict.limit, verdict.figure
        return {
            "key": limit.key,
            "side": limit.quantity.side,
            "limit": limit.value,
            "unit": limit.quantity.unit,
            "value": figure.value if figure else None,
            "lower_bound": figure.lower_bound if figure else False,
            "kind": figure.kind if figure else None,
            "kind_wanted": limit.kind,
            "outcome": verdict.outcome,
            "excess": verdict.excess,
            "reason": verdict.reason,
            "method": figure.method if figure else "",
        }

    outcomes = {verdict.outcome for verdict in verdicts}
    passed = False if MISSED in outcomes else True if outcomes <= {MET} else None
    found = {"model": model, "budget": budget.name, "device": budget.device.name, "passed": passed}
    return json.dumps({**found, "verdicts": [entry(v) for v in verdicts]}, indent=2, ensure_ascii=False) + "\n"
