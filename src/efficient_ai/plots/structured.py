"""Figures of structured pruning: what layers bear, and what narrower layers gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.compress import Sensitivity

WAYS = {"same share": ("s", "white", ":"), "one threshold": ("o", "white", "--"), "from the scan": ("P", None, "-")}


def plot_scan(found: Sensitivity, given: Mapping[str, Mapping[str, float]]) -> Figure:
    """What pruning each layer alone costs, beside the sparsities that each way of choosing gives the layers.

    Args:
        found: What `scan` found, with accuracies as scores.
        given: Sparsity by layer, by way: "same share", "one threshold", "from the scan".
    """
    names = list(found.scores)
    lost = np.array([[100 * (found.dense - score) for score in found.scores[name]] for name in names])
    made, (left, right) = figure(1, 2, figsize=(8.2, 0.33 * len(names) + 1.2), sharey=True, width_ratios=(1, 1.15))
    left.imshow(np.clip(lost, 0, 60), cmap="Oranges", aspect="auto", vmin=0, vmax=60)
    for (row, column), value in np.ndenumerate(lost):
        color = "white" if value > 40 else "black"
        left.text(column, row, f"{max(0.0, value):.0f}", ha="center", va="center", fontsize=8.5, color=color)
    left.set_xticks(range(len(found.sparsities)), [f"{100 * s:.0f}%" for s in found.sparsities])
    left.set_yticks(range(len(names)), names, fontsize=8.5)
    left.set(xlabel="sparsity of this layer alone", title="points lost")
    left.grid(visible=False)
    for way, by_layer in given.items():
        marker, face, line = WAYS[way]
        x = [100 * by_layer.get(name, 0.0) for name in names]
        face = face or COLORS["pruned"]
        right.plot(x, range(len(names)), marker, ls=line, lw=1, color=COLORS["pruned"], mfc=face, label=way)
    right.set(xlabel="sparsity given (%)", xlim=(-5, 105), title="chosen for the same total")
    made.legend(loc="outside lower center", ncols=3)
    return made


def plot_gains(points: Mapping[str, Sequence[tuple[float, float, float, float]]]) -> Figure:
    """By how much narrower nets are faster, against by how much less they compute.

    Args:
        points: By the way in which widths were chosen, tuples of the gain in MACs and of the gain in latency with the
            ends of its interval.
    """
    made, axes = figure(figsize=(5.6, 3.6))
    most = max(gain for many in points.values() for gain, *_ in many) * 1.06
    axes.plot([1, most], [1, most], color=COLORS["float32"], lw=1.2)
    label(axes, "as much faster as less work", (most * 0.62, most * 0.62), offset=(-8, 8), ha="right")
    for (name, many), (marker, face, line) in zip(
        points.items(), (("P", None, "-"), ("s", "white", ":")), strict=False
    ):
        x, y, low, high = (list(column) for column in zip(*sorted(many), strict=True))
        reach = ([b - a for a, b in zip(low, y, strict=True)], [b - a for a, b in zip(y, high, strict=True)])
        color = COLORS["pruned"]
        axes.errorbar(x, y, reach, fmt=marker, ls=line, lw=1.2, color=color, mfc=face or color, label=name)
    axes.set(xlabel="MACs, dense / narrow", ylabel="latency, dense / narrow", xlim=(0.9, most), ylim=(0.9, None))
    axes.legend(loc="lower right")
    return made


def plot_criteria(before: Mapping[str, float], after: Mapping[str, Sequence[float]], dense: float) -> Figure:
    """Accuracy without half of the channels, before and after fine-tuning, a row a criterion.

    Args:
        before: A fraction by criterion.
        after: A fraction for each seed, by criterion; a criterion may be missing.
        dense: Accuracy of the dense net.
    """
    made, axes = figure(figsize=(6.4, 0.42 * len(before) + 1.2))
    color = COLORS["pruned"]
    for row, (name, value) in enumerate(before.items()):
        seeds = [100 * a for a in after.get(name, ())]
        axes.plot([100 * value, *seeds[:1]], [row] * (1 + len(seeds[:1])), color="#CCCCCC", lw=1.2, zorder=1)
        axes.plot(100 * value, row, "P", color=color, mfc="white", label=None if row else "before")
        axes.plot(seeds, [row] * len(seeds), "P", ls="none", color=color, label=None if row else "after fine-tuning")
    axes.axvline(100 * dense, color=COLORS["float32"], lw=1.2, label="dense")
    axes.axvline(10, color="#999999", lw=1, ls=":", label="guessing")
    axes.set_yticks(range(len(before)), list(before))
    axes.set(xlabel="accuracy (%)", xlim=(0, 100), ylim=(len(before) - 0.4, -0.6))
    made.legend(loc="outside upper center", ncols=4)
    return made
