"""Verdicts as lines of a table, and as JSON for another program."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

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
    rows = [_cells(verdict) for verdict in verdicts]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cells(verdict: Verdict) -> tuple[str, ...]:
    limit, figure = verdict.limit, verdict.figure
    bound = f"{limit.quantity.side} {limit.value:g} {limit.quantity.unit}".strip()
    if figure is None or figure.value is None:
        return limit.key, bound, "–", f"{limit.kind} wanted", verdict.outcome, verdict.reason
    value = f"{'≥ ' if figure.lower_bound else ''}{figure.value:.4g}"
    return limit.key, bound, value, figure.kind, verdict.outcome, f"{verdict.reason}; {figure.method}"


def verdict_entry(verdict: Verdict) -> dict[str, Any]:
    """A verdict for JSON, in its quantity's unit; what has no finite value is None."""
    limit, figure = verdict.limit, verdict.figure
    known = figure is not None and figure.value is not None and math.isfinite(figure.value)
    return {
        "key": limit.key,
        "side": limit.quantity.side,
        "limit": limit.value,
        "unit": limit.quantity.unit,
        "value": figure.value if known else None,
        "lower_bound": figure.lower_bound if known else False,
        "kind": figure.kind if figure else None,
        "kind_wanted": limit.kind,
        "outcome": verdict.outcome,
        "excess": verdict.excess if known else None,
        "reason": verdict.reason,
        "method": figure.method if figure else "",
    }


def as_json(model: str, budget: Budget, verdicts: Sequence[Verdict]) -> str:
    """The verdicts as JSON, an entry each as in `verdict_entry`."""
    outcomes = {verdict.outcome for verdict in verdicts}
    passed = False if MISSED in outcomes else True if outcomes <= {MET} else None
    found = {"model": model, "budget": budget.name, "device": budget.device.name, "passed": passed}
    entries = [verdict_entry(verdict) for verdict in verdicts]
    return json.dumps({**found, "verdicts": entries}, indent=2, ensure_ascii=False) + "\n"
