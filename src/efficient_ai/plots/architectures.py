"""Figures of MobileNet, SqueezeNet and ResNet: what a net's shape costs, and what it buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.records import LatencyStats

HOLLOW = ("o", "s", "^", "D")
PLAIN, RESIDUAL = COLORS["dynamic_int8"], COLORS["clustered"]


def plot_widths(families: Mapping[str, Sequence[tuple[float, float]]]) -> Figure:
    """Published accuracy against MACs, a line for each width; hollow, since the accuracies are not ours.

    Args:
        families: By name, (MACs, top-1 as a fraction) in any order.
    """
    made, axes = figure()
    for (name, points), marker in zip(families.items(), HOLLOW * len(families), strict=False):
        x, y = np.array(sorted(points)).T
        axes.plot(x / 1e6, 100 * y, marker=marker, color=COLORS["float32"], mfc="white", lw=1, ms=6)
        label(axes, name, (x[-1] / 1e6, 100 * y[-1]), offset=(8, -3))
    axes.set(xscale="log", xlabel="million MACs an inference, counted", ylabel="ImageNet top-1 (%), published")
    axes.margins(x=0.16, y=0.08)
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000) if axes.get_xlim()[0] < t < axes.get_xlim()[1]]
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.minorticks_off()
    return made


def plot_inverted(narrow_bytes: Sequence[int], wide_bytes: Sequence[int]) -> Figure:
    """The tensors of a net of inverted residuals, block by block: what the blocks pass on, and what is inside them.

    Args:
        narrow_bytes: Of each block's output.
        wide_bytes: Of the tensor that each block filters.
    """
    made, axes = figure(figsize=(6.6, 2.9))
    blocks = np.arange(len(narrow_bytes))
    axes.bar(
        blocks, np.array(wide_bytes) / 1024, 0.8, color=COLORS["dynamic_int8"], label="wide: filtered inside a block"
    )
    axes.bar(
        blocks, np.array(narrow_bytes) / 1024, 0.45, color=COLORS["clustered"], label="narrow: passed on to the next"
    )
    axes.set(xlabel="block", ylabel="KiB of the tensor")
    axes.set_xticks(blocks)
    axes.legend(loc="upper right")
    return made


def plot_macs_latency(macs: Mapping[str, int], stats: Mapping[str, Sequence[LatencyStats]]) -> Figure:
    """Latency against MACs for some nets at some precisions, with a line of equal speed through the first net.

    Args:
        macs: By net.
        stats: By net, a row a precision.
    """
    made, axes = figure()
    span = np.array([min(macs.values()) * 0.75, max(macs.values()) * 1.35])
    first = next(iter(stats))
    for position, found in enumerate(stats[first]):
        precision = found.variant.split()[-1]
        speed = found.p50_ms / macs[first]
        axes.plot(span / 1e6, span * speed, color=COLORS[precision], lw=1, ls=":")
        x = [macs[name] / 1e6 for name in stats]
        y = [stats[name][position].p50_ms for name in stats]
        axes.plot(x, y, MARKERS[precision], color=COLORS[precision], ms=7, label=precision)
    for name, rows in stats.items():
        highest = max(found.p50_ms for found in rows)
        label(axes, name, (macs[name] / 1e6, highest), offset=(0, 8), ha="center")
    axes.set(xscale="log", yscale="log", xlabel="million MACs an inference", ylabel="milliseconds an inference")
    ticks = [t for t in (1, 2, 3, 4, 5, 7, 10, 15, 20, 30) if span[0] < t * 1e6 < span[1]]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.margins(y=0.2)
    times = [t * 10.0**power for power in range(-3, 3) for t in (1, 2, 5)]
    times = [t for t in times if axes.get_ylim()[0] < t < axes.get_ylim()[1]]
    axes.set_yticks(times, [f"{t:g}" for t in times])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return made


def plot_shares(costs: Mapping[str, Mapping[str, tuple[int, int]]]) -> Figure:
    """Where a net keeps its parameters and where it spends its MACs: a pair of bars a net, split by kind of layer.

    Args:
        costs: By net, by kind of layer: (parameters, MACs).
    """
    made, panels = figure(1, 2, figsize=(7.0, 0.5 * len(costs) + 1.5), sharey=True)
    kinds = list(next(iter(costs.values())))
    colors = (COLORS["clustered"], COLORS["dynamic_int8"], COLORS["pruned"])
    for axes, which, name, unit in ((panels[0], 0, "million parameters", 1e6), (panels[1], 1, "million MACs", 1e6)):
        for row, parts in enumerate(costs.values()):
            left = 0.0
            for kind, color in zip(kinds, colors, strict=False):
                length = parts[kind][which] / unit
                axes.barh(row, length, 0.62, left, color=color, label=None if row else kind)
                left += length
            label(axes, f"{left:,.1f}" if left < 100 else f"{left:,.0f}", (left, row), offset=(4, -3))
        axes.set(xlabel=name, ylim=(len(costs) - 0.4, -0.6))
        axes.margins(x=0.18)
        axes.grid(visible=False, axis="y")
    panels[0].set_yticks(range(len(costs)), list(costs))
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(kinds))
    return made


def plot_depth(
    plain: Mapping[int, Sequence[Sequence[float]]],
    residual: Mapping[int, Sequence[Sequence[float]]],
    quantity: str,
    title: str = "study",
) -> Figure:
    """Training with and without shortcuts: the loss epoch by epoch of the deepest nets, and the end by depth.

    Args:
        plain: By depth, for each seed the training loss of each epoch.
        residual: The same with shortcuts.
        quantity: What the numbers are.
        title: Says what kind of run this is.
    """
    made, (left, right) = figure(1, 2, figsize=(7.0, 3.1), sharey=True)
    deepest = max(plain)
    places = {depth: i for i, depth in enumerate(plain)}
    kinds = (("without shortcuts", plain, "s", PLAIN, "--"), ("with shortcuts", residual, "o", RESIDUAL, "-"))
    for name, found, marker, color, line in kinds:
        for seed in found[deepest]:
            left.plot(range(1, len(seed) + 1), seed, ls=line, color=color, lw=1.2)
        ends = {depth: [seed[-1] for seed in seeds] for depth, seeds in found.items()}
        right.plot(list(places.values()), [np.mean(e) for e in ends.values()], ls=line, color=color, lw=1.3)
        for depth, values in ends.items():
            right.plot([places[depth]] * len(values), values, marker, color=color, mfc="white", ls="none", ms=5.5)
        right.plot([], [], marker=marker, ls=line, color=color, mfc="white", label=name)
    left.set(xlabel="epoch", ylabel=quantity, yscale="log", title=f"{deepest} layers")
    right.set(xlabel="layers", title=title, xlim=(-0.3, len(places) - 0.7))
    right.set_xticks(list(places.values()), [str(depth) for depth in places])
    right.legend(loc="best")
    return made
