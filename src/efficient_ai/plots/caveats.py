"""Figures of the caveats: how far metrics agree, which ranks they swap, and what a mean accuracy hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.decide import RankAgreement
    from efficient_ai.records import Interval

HUES = tuple(COLORS[name] for name in ("int8", "clustered", "pruned", "distilled", "dynamic_int8", "float16"))
STILL = "#9A9A9A"


def plot_agreements(agreements: Sequence[RankAgreement], names: Mapping[str, str]) -> Figure:
    """Kendall's tau of each pair of metrics, as a triangle of squares with the number in each.

    Args:
        agreements: One for each pair of the metrics.
        names: What to write for each metric, by its key, in the order wanted.

    Raises:
        ValueError: If a pair is missing.
    """
    keys = list(names)
    tau = {frozenset((a.first, a.second)): a.tau for a in agreements}
    made, axes = figure(figsize=(6.4, 0.46 * len(keys) + 1.3))
    grid = np.full((len(keys) - 1, len(keys) - 1), np.nan)
    for row, second in enumerate(keys[1:]):
        for column, first in enumerate(keys[: row + 1]):
            if frozenset((first, second)) not in tau:
                raise ValueError(f"there is no agreement of {first} and {second}: give one for each pair")
            value = grid[row, column] = tau[frozenset((first, second))]
            ink = "white" if abs(value) > 0.6 else "#222222"
            axes.text(column, row, f"{value:+.2f}".replace("-", "−"), ha="center", va="center", color=ink, fontsize=8.5)
    axes.imshow(grid, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
    axes.set_xticks(range(len(keys) - 1), [names[k] for k in keys[:-1]], rotation=35, ha="right")
    axes.set_yticks(range(len(keys) - 1), [names[k] for k in keys[1:]])
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    return made


def _ink(ground: str) -> str:
    """White or dark, whichever is the easier to read on a colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(ground)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else "#222222"


def plot_rank_flips(ranks: Mapping[str, Sequence[int]], metrics: Sequence[str], *, moved: int = 3) -> Figure:
    """A line for each variant through its ranks under several metrics; the cheapest stands on top.

    Args:
        ranks: By variant, its rank from 1 under each metric; each rank is taken once.
        metrics: What to write above each column.
        moved: From how many places between its best and its worst rank a line has a colour.

    Raises:
        ValueError: If a variant has not a rank for each metric.
    """
    if wrong := [name for name, places in ranks.items() if len(places) != len(metrics)]:
        raise ValueError(f"{wrong[0]} needs {len(metrics)} ranks, got {len(ranks[wrong[0]])}")
    made, axes = figure(figsize=(6.4, 0.36 * len(ranks) + 0.9))
    looks = iter([(hue, style) for style in ("-", (0, (4, 1.4))) for hue in HUES])
    smooth = np.linspace(0, 1, 40)
    eased = smooth * smooth * (3 - 2 * smooth)
    for name, places in sorted(ranks.items(), key=lambda item: min(item[1]) - max(item[1])):
        moves = max(places) - min(places) >= moved
        color, style = next(looks, (STILL, "-")) if moves else (STILL, "-")
        xs = np.concatenate([i + smooth for i in range(len(places) - 1)])
        ys = np.concatenate([a + (b - a) * eased for a, b in pairwise(places)])
        axes.plot(xs, ys, color=color, ls=style, lw=2.6 if moves else 1.3, zorder=3 if moves else 2)
        axes.scatter(range(len(places)), places, s=210, color=color, zorder=4, linewidths=0)
        for i, place in enumerate(places):
            axes.text(i, place, str(place), color=_ink(color), ha="center", va="center", fontsize=7.5, zorder=5)
        weight = "bold" if moves else "normal"
        ink = "#222222" if moves else "#777777"
        axes.text(-0.18, places[0], name, ha="right", va="center", color=ink, fontsize=8.5, fontweight=weight)
        end = len(places) - 1
        axes.text(end + 0.18, places[-1], name, ha="left", va="center", color=ink, fontsize=8.5, fontweight=weight)
    axes.set(xlim=(-1.45, len(metrics) + 0.45), ylim=(len(ranks) + 0.6, 0.4))
    axes.set_xticks(range(len(metrics)), metrics)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    return made


def plot_class_changes(changes: Mapping[str, Mapping[str, Interval]], looks: Mapping[str, str]) -> Figure:
    """How many points of accuracy each class gained or lost, with intervals.

    Args:
        changes: By variant, by class: the difference from the parent's accuracy, a fraction.
        looks: By variant, the technique whose colour and marker it has.
    """
    classes = list(next(iter(changes.values())))
    made, axes = figure(figsize=(6.4, 0.34 * len(classes) + 1.4))
    axes.axvline(0, color="#777777", lw=1)
    for i, (name, by) in enumerate(changes.items()):
        at = np.arange(len(classes)) + 0.22 * (i - (len(changes) - 1) / 2)
        middle = np.array([100 * by[c].value for c in classes])
        ends = np.array([[100 * (by[c].value - by[c].low), 100 * (by[c].high - by[c].value)] for c in classes]).T
        color, marker = COLORS[looks[name]], MARKERS[looks[name]]
        axes.errorbar(middle, at, xerr=np.abs(ends), fmt=marker, color=color, ms=5, lw=1.2, label=name)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="change of the class's accuracy (percentage points)", ylim=(len(classes) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    made.legend(loc="outside upper center", ncols=3)
    return made
