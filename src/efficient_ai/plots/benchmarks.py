"""Figures of benchmarks' rules: the luck that early stopping rules out, and rates beside published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HUES = ("clustered", "int8", "pruned")


def plot_luck(
    curves: Mapping[str, tuple[Sequence[int], Sequence[float]]], *, limit: float, met: Mapping[float, int]
) -> Figure:
    """The chance of a lucky pass against the number of queries, with the rule's limit and where it is first kept.

    Args:
        curves: By name, numbers of queries and probabilities.
        limit: The highest probability that the rule allows.
        met: The number of queries at which each curve first keeps it, in the curves' order.

    Returns:
        A figure.
    """
    made, axes = figure(figsize=(6.4, 3.2), layout="constrained")
    for (name, (queries, chances)), hue, at in zip(curves.items(), _HUES, met.values(), strict=False):
        axes.plot(queries, chances, color=COLORS[hue], label=name)
        axes.plot(at, limit, "o", color=COLORS[hue])
        axes.annotate(f"{at}", (at, limit), (6, 6), textcoords="offset points", color=COLORS[hue])
    axes.axhline(limit, color=COLORS["float32"], linestyle="--", linewidth=1)
    axes.set(xscale="log", yscale="log", ylim=(limit / 20, 1.5), xlabel="queries", ylabel="chance of a lucky pass")
    axes.legend()
    return made


def plot_rates(rates: Mapping[str, Mapping[str, float]], tasks: Sequence[str]) -> Figure:
    """Inferences a second, a row for each machine and a colour for each task, on a logarithmic axis.

    Args:
        rates: By machine, the rate of each task; a task may be missing.
        tasks: In the order of the legend.

    Returns:
        A figure.
    """
    made, axes = figure(figsize=(6.4, 0.36 * len(rates) + 1.2), layout="constrained")
    for task, hue, marker in zip(tasks, ("clustered", "int8", "pruned", "distilled"), "osD^", strict=False):
        rows = [i for i, by_task in enumerate(rates.values()) if task in by_task]
        found = [by_task[task] for by_task in rates.values() if task in by_task]
        axes.plot(found, rows, marker, color=COLORS[hue], label=task, markersize=6)
    axes.set_yticks(range(len(rates)), list(rates))
    axes.set(xscale="log", xlabel="inferences a second", ylim=(len(rates) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    made.legend(loc="outside upper center", ncols=len(tasks), fontsize=8.5)
    return made
