"""Figures of pruning and quantization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.numerics import Affine
    from efficient_ai.records import Interval, LatencyStats

METHODS = {"one-shot": ("s", "--"), "gradual": ("P", "-")}


def plot_weights(before: np.ndarray, after: np.ndarray, threshold: float) -> Figure:
    """The weights of a model before and after pruning and fine-tuning, between −0.45 and 0.45.

    Zeros are left out of the second panel.

    Args:
        before: All prunable weights, flat.
        after: The same after.
        threshold: The magnitude below which weights were cut.
    """
    made, panels = figure(1, 2, figsize=(7.0, 2.9), sharex=True, sharey=True)
    edges = np.linspace(-0.45, 0.45, 91)
    for axes, values, color, name in (
        (panels[0], before, COLORS["float32"], "dense"),
        (panels[1], after[after != 0], COLORS["pruned"], "pruned and fine-tuned, non-zero"),
    ):
        axes.hist(values, edges, color=color)
        axes.axvspan(-threshold, threshold, color=COLORS["int8"], alpha=0.15, lw=0)
        axes.set(xlabel="weight", title=name)
    panels[0].set_ylabel("number of weights")
    return made


def plot_sensitivity(sparsities: Sequence[float], accuracies: Mapping[str, Sequence[float]], dense: float) -> Figure:
    """Accuracy after pruning without any fine-tuning.

    Args:
        sparsities: Along the axis.
        accuracies: A curve by scope, fractions.
        dense: Accuracy of the dense model.
    """
    made, axes = figure()
    for (name, values), (marker, line) in zip(accuracies.items(), METHODS.values(), strict=False):
        x = [100 * s for s in sparsities]
        axes.plot(x, [100 * a for a in values], marker=marker, ls=line, color=COLORS["pruned"], label=name)
    axes.axhline(100 * dense, color=COLORS["float32"], lw=1.2, label="dense")
    axes.axhline(10, color="#999999", lw=1, ls=":", label="guessing")
    axes.set(xlabel="sparsity (% of weights that are zero)", ylabel="validation accuracy (%)", ylim=(0, 100))
    axes.legend(loc="center left")
    return made


def plot_study(
    accuracies: Mapping[str, Mapping[float, Sequence[float]]], dense: Interval, title: str = "study"
) -> Figure:
    """Accuracy after pruning and fine-tuning: a dot a seed, a line through the means.

    Args:
        accuracies: By method, by sparsity, a fraction for each seed.
        dense: Accuracy of the dense model with its interval.
        title: Says what kind of run this is.
    """
    made, axes = figure()
    axes.axhspan(100 * dense.low, 100 * dense.high, color=COLORS["float32"], alpha=0.1, lw=0)
    axes.axhline(100 * dense.value, color=COLORS["float32"], lw=1.2)
    places = {s: i for i, s in enumerate(next(iter(accuracies.values())))}
    label(axes, "dense", (len(places) - 0.7, 100 * dense.value), offset=(0, 4))
    for shift, (method, points) in zip((-0.07, 0.07), accuracies.items(), strict=True):
        marker, line = METHODS[method]
        face = "white" if method == "one-shot" else COLORS["pruned"]
        x = [places[s] + shift for s in points]
        axes.plot(x, [100 * np.mean(a) for a in points.values()], ls=line, color=COLORS["pruned"], lw=1.3)
        for at, values in zip(x, points.values(), strict=True):
            seeds = [100 * v for v in values]
            axes.plot([at] * len(seeds), seeds, marker, color=COLORS["pruned"], mfc=face, ls="none", ms=5.5)
        axes.plot([], [], marker=marker, ls=line, color=COLORS["pruned"], mfc=face, label=method)
    axes.set_xticks(range(len(places)), [f"{100 * s:.0f}%" for s in places])
    axes.set(xlabel="sparsity", ylabel="test accuracy (%)", xlim=(-0.4, len(places) - 0.35), title=title)
    axes.legend(loc="lower left")
    return made


def plot_quantization_grid(values: np.ndarray, grids: Mapping[str, Affine]) -> Figure:
    """A tensor's values, and the real numbers that integers can stand for, a row a bit width.

    Args:
        values: Any shape.
        grids: By name.
    """
    made, (top, bottom) = figure(2, 1, figsize=(6.4, 3.6), sharex=True, height_ratios=(1.5, 1))
    top.hist(values.ravel(), 80, color=COLORS["float32"])
    top.set_ylabel("weights")
    for row, affine in enumerate(grids.values()):
        points = (np.arange(affine.lowest, affine.highest + 1) - affine.zero_point) * affine.scale
        bottom.vlines(points, row + 0.12, row + 0.88, color=COLORS["int8"], lw=0.8 if len(points) > 64 else 1.3)
    bottom.set_yticks([i + 0.5 for i in range(len(grids))], list(grids))
    bottom.tick_params(axis="y", length=0)
    bottom.grid(visible=False)
    bottom.set(xlabel="real value", ylim=(len(grids), 0))
    return made


def plot_latency(stats: Sequence[LatencyStats]) -> Figure:
    """Latencies by engine and precision: the median as a point, a line from the 10th to the 90th percentile.

    Args:
        stats: Rows that name engine and variant; drawn in the order given, engines grouped.
    """
    engines = list(dict.fromkeys(s.engine for s in stats))
    made, axes = figure(figsize=(6.6, 0.34 * len(stats) + 1.3))
    names: list[str] = []
    ticks: list[float] = []
    row = 0.0
    for engine in engines:
        for s in (s for s in stats if s.engine == engine):
            precision = s.variant.split()[-1]
            color: Any = COLORS["pruned"] if " " in s.variant else COLORS[precision]
            axes.plot([s.percentile_ms(10), s.p90_ms], [row, row], color=color, lw=2.5, alpha=0.5)
            axes.plot(s.p50_ms, row, MARKERS[precision], color=color)
            label(
                axes, f"{s.p50_ms:.2g} ms" if s.p50_ms < 10 else f"{s.p50_ms:.0f} ms", (s.p90_ms, row), offset=(6, -3)
            )
            names.append(f"{engine}  {s.variant}")
            ticks.append(row)
            row += 1
        row += 0.6
    axes.set_yticks(ticks, names, fontsize=8.5)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="milliseconds an inference")
    axes.margins(x=0.12)
    return made
