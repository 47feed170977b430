"""Figures of deciding: a battery's draw by strategy, what slower devices miss, what an inference costs in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, KINDS, MARKERS, figure, label, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.measure.battery import BatteryLife

PARTS = {
    "always on": ("#BBBBBB", ""),
    "sleep": ("#777777", ""),
    "first net": (COLORS["int8"], ""),
    "second net": (COLORS["dynamic_int8"], "//"),
    "radio": (COLORS["clustered"], ".."),
}
HUES = (KINDS["cloud"], KINDS["edge"], KINDS["tinyml"], COLORS["distilled"])
MARKS = tuple(MARKERS.values())


def plot_strategies(lives: Mapping[str, BatteryLife]) -> Figure:
    """Mean power part by part, a bar a strategy, with the modelled days beside it.

    Args:
        lives: By strategy.
    """
    made, axes = figure(figsize=(6.4, 0.42 * len(lives) + 1.3))
    for row, life in enumerate(lives.values()):
        begin = 0.0
        for part, (color, hatch) in PARTS.items():
            width = life.parts_mw[part]
            axes.barh(row, width, left=begin, color=color, hatch=hatch, edgecolor="white", lw=0.4, height=0.66)
            begin += width
        label(axes, f"{life.days:,.0f} days", (begin, row), offset=(5, -3))
    used = [part for part in PARTS if any(life.parts_mw[part] for life in lives.values())]
    handles = [axes.barh(0, 0, color=PARTS[p][0], hatch=PARTS[p][1], edgecolor="white", label=p) for p in used]
    made.legend(handles=handles, loc="outside upper center", ncols=5, fontsize=8.5)
    axes.set_yticks(range(len(lives)), list(lives))
    axes.set(xlabel="mean power (mW), modelled", ylim=(len(lives) - 0.5, -0.5))
    axes.set_xlim(0, 1.16 * max(life.power_mw for life in lives.values()))
    axes.grid(visible=False, axis="y")
    return made


def plot_slower(
    late: Mapping[str, Mapping[str, Sequence[float]]], slower: Sequence[float], allowed: Mapping[str, float]
) -> Figure:
    """The share of inferences that come late on a device so many times slower.

    Args:
        late: By application, by condition (at most two), a share for each of `slower`.
        slower: Factors, rising.
        allowed: By application, the share that may be late: a dotted line.
    """
    made, axes = figure(figsize=(6.4, 3.5))
    for (name, by), hue in zip(late.items(), HUES, strict=False):
        for (condition, shares), line in zip(by.items(), ("-", "--"), strict=False):
            axes.plot(slower, [100 * share for share in shares], color=hue, ls=line, label=f"{name}, {condition}")
        axes.axhline(100 * allowed[name], color=hue, ls=":", lw=1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 10, 50, 100], ["0", "1", "10", "50", "100"])
    plain_log(axes.xaxis, slower[0], slower[-1], marks=(1,))
    axes.set(xlabel="device slower than this machine by a factor of", ylabel="late (%)", ylim=(-0.05, 130))
    made.legend(loc="outside upper center", ncols=3, fontsize=8)
    return made


def plot_prices(panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], names: Sequence[str]) -> Figure:
    """What a million inferences cost against the accuracy of the net that makes them, a panel a use.

    Args:
        panels: By use, by device, a pair of accuracy (a fraction) and USD for each net.
        names: Of the nets, in the pairs' order; written beside the first device's points in the first panel.
    """
    made, all_axes = figure(1, len(panels), figsize=(6.4, 3.5), sharey=True, squeeze=False)
    for axes, (use, by) in zip(all_axes[0], panels.items(), strict=True):
        for (name, points), hue, marker in zip(by.items(), HUES, MARKS, strict=False):
            xs, ys = zip(*((100 * x, y) for x, y in points), strict=True)
            axes.plot(xs, ys, marker, ls="-", lw=0.8, color=hue, label=name)
        axes.set(yscale="log", xlabel="test accuracy (%)")
        axes.set_title(use, fontsize=10)
        axes.margins(x=0.5, y=0.14)
    first = next(iter(next(iter(panels.values())).values()))
    for place, (name, (x, y)) in enumerate(zip(names, first, strict=True)):
        aside, side = (6, "left") if place else (-6, "right")
        label(all_axes[0][0], name, (100 * x, y), offset=(aside, -10), ha=side)
    all_axes[0][0].set_ylabel("USD a million, modelled")
    handles, labels = all_axes[0][0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=8.5)
    return made
