"""The figure of the shoot-out: the same models on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.records import EngineRun


def way_name(engine: str, delegate: str) -> str:
    """An engine, with the way in which it runs where it has several worth telling apart."""
    return f"{engine} {delegate}" if engine in ("keras", "torch", "executorch") else engine


def engine_name(run: EngineRun) -> str:
    """An engine with the way in which it ran, as a figure or a table names it."""
    return way_name(run.engine, run.delegate) + (f" {run.threads} threads" if run.threads > 1 else "")


def plot_shootout(models: Mapping[str, Sequence[EngineRun]]) -> Figure:
    """Latency of each engine and precision: the median as a point, a line from the 10th to the 90th percentile.

    Args:
        models: By title, a panel each; the engines' order is that of the first model's fastest precision.
    """
    first = next(iter(models.values()))
    best: dict[str, float] = {}
    for run in first:
        name = engine_name(run)
        best[name] = min(best.get(name, float("inf")), run.latency.p50_ms)
    places = {name: place for place, name in enumerate(sorted(best, key=best.__getitem__))}
    made, panels = figure(1, len(models), figsize=(6.4, 0.29 * len(places) + 1.2), sharey=True, squeeze=False)
    shifts = {"float32": -0.16, "int8": 0.16}
    for axes, (title, runs) in zip(panels[0], models.items(), strict=True):
        for run in (run for run in runs if engine_name(run) in places):
            row, color = places[engine_name(run)] + shifts[run.precision], COLORS[run.precision]
            low, high = run.latency.percentile_ms(10), run.latency.p90_ms
            axes.plot([low, high], [row, row], color=color, lw=2.5, alpha=0.5)
            axes.plot(run.latency.p50_ms, row, MARKERS[run.precision], color=color, ms=5)
        axes.set(xscale="log", xlabel="milliseconds an inference", title=title)
        axes.grid(visible=True, which="major", axis="x", alpha=0.5)
    panels[0][0].set_yticks(range(len(places)), list(places), fontsize=8.5)
    panels[0][0].invert_yaxis()
    for precision in shifts:
        panels[0][-1].plot([], [], MARKERS[precision], color=COLORS[precision], label=precision)
    panels[0][-1].legend(loc="lower left", fontsize=8.5)
    return made
