"""Figures of techniques side by side and on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What was done to the weights, in the colours of the book; what has none of its own is drawn in grey.
TECHNIQUES = {
    "": COLORS["float32"],
    "pruned": COLORS["pruned"],
    "channels": "#7FBF3F",
    "low rank": COLORS["int16x8"],
    "distilled": COLORS["distilled"],
    "combined": COLORS["combined"],
}


def plot_energy(values: Mapping[str, Sequence[float]], ranks: Mapping[str, int]) -> Figure:
    """How much of a layer's energy its largest singular values hold.

    Args:
        values: Singular values by name, largest first; curves go by twos, a line style for both, a colour for each.
        ranks: By layer, the rank below which two layers are cheaper than one: a dot on its curve.
    """
    made, axes = figure(figsize=(6.4, 3.3))
    lines = ("-", "--", "-.", ":")
    for i, (name, singular) in enumerate(values.items()):
        squares = np.asarray(singular, np.float64) ** 2
        held = np.concatenate([[0], np.cumsum(squares) / squares.sum()])
        share = np.arange(len(held)) / len(singular)
        color = (COLORS["float32"], COLORS["clustered"])[i % 2]
        axes.plot(100 * share, 100 * held, ls=lines[i // 2 % 4], color=color, lw=1.6, label=name)
        axes.plot(100 * share[ranks[name]], 100 * held[ranks[name]], "o", color=color, ms=7)
    axes.set(xlabel="rank (% of full rank)", ylabel="energy held (%)", xlim=(0, 100), ylim=(0, 103))
    axes.legend(loc="lower right", fontsize=8.5)
    return made


def plot_orders(found: Mapping[str, Mapping[str, Sequence[float]]], title: str = "study") -> Figure:
    """Accuracy after each path, a dot a seed; float32 and int8 beside each other.

    Args:
        found: By path, by precision, a fraction for each seed.
        title: Says what kind of run this is.
    """
    made, axes = figure(figsize=(6.8, 0.5 * len(found) + 1.2))
    for row, by in enumerate(found.values()):
        for shift, (precision, seeds) in zip((-0.13, 0.13), by.items(), strict=False):
            percent = [100 * s for s in seeds]
            axes.plot(
                percent,
                [row + shift] * len(percent),
                MARKERS[precision],
                color=COLORS[precision],
                ms=5.5,
                label=None if row else precision,
            )
            axes.plot([np.mean(percent)] * 2, [row + shift - 0.11, row + shift + 0.11], color="black", lw=1.4)
    axes.set_yticks(range(len(found)), [name.replace(", ", ",\n") for name in found])
    axes.set(xlabel="test accuracy (%)", ylim=(len(found) - 0.5, -0.5), title=title)
    made.legend(loc="outside upper center", ncols=2)
    return made


def plot_front(
    points: Sequence[Mapping[str, object]], costs: Mapping[str, str], fronts: Mapping[str, Sequence[int]]
) -> Figure:
    """All variants against each of their costs, with the line of those that no other beats.

    Args:
        points: Each with `technique` (one of `TECHNIQUES`), `precision`, `accuracy` (a fraction), `short` (a name for
            the front) and the costs.
        costs: Axis labels by the points' keys.
        fronts: By the same keys, the indices of the front, by rising cost.
    """
    made, panels = figure(1, len(costs), figsize=(3.7 * len(costs), 4.2), sharey=True, squeeze=False)
    for axes, (key, name) in zip(panels[0], costs.items(), strict=True):
        front = [points[i] for i in fronts[key]]
        axes.step([p[key] for p in front], [100 * p["accuracy"] for p in front], where="post", color="#999999", lw=1.2)
        for i, point in enumerate(points):
            color = TECHNIQUES.get(str(point["technique"]), "#888888")
            axes.plot(
                point[key],
                100 * point["accuracy"],
                MARKERS[str(point["precision"])],
                color=color,
                ms=7,
                mfc=color if i in fronts[key] else "white",
                mew=1.4,
            )
        for point in front:
            label(axes, str(point["short"]), (point[key], 100 * point["accuracy"]), offset=(-6, 7), ha="right")
        axes.set(xscale="log", xlabel=name)
        axes.margins(x=0.14, y=0.12)
    panels[0][0].set_ylabel("test accuracy (%)")
    used = [t for t in TECHNIQUES if any(p["technique"] == t for p in points)]
    handles = [panels[0][0].plot([], [], "o", color=TECHNIQUES[t], label=t or "trained as it is")[0] for t in used]
    precisions = dict.fromkeys(str(p["precision"]) for p in points)
    handles += [
        panels[0][0].plot([], [], MARKERS[p], color="#666666", mfc="white", mew=1.4, label=p)[0] for p in precisions
    ]
    made.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8.5)
    return made
