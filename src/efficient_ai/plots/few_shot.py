"""Figures of few-shot learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, plain_log
from efficient_ai.records import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# How initial weights are drawn: marker and colour.
STARTS = {
    "scratch": ("o", COLORS["float32"]),
    "first-order MAML": ("^", COLORS["int8"]),
    "Reptile": ("s", COLORS["clustered"]),
    "pretrained": ("P", COLORS["pruned"]),
}
CENTROID = "nearest centroid"


def plot_glyphs(rows: Mapping[str, np.ndarray], *, split_at: int | None = None) -> Figure:
    """Letters in their faces, a row for each class, white on black.

    Args:
        rows: Pictures (faces, 28, 28) by what stands beside the row.
        split_at: The number of the row above which a line is drawn.
    """
    made, axes = figure(figsize=(6.4, 0.5 * len(rows) + 0.2))
    sheet = np.concatenate([np.concatenate(list(faces), axis=1) for faces in rows.values()])
    axes.imshow(sheet, cmap="gray", interpolation="nearest")
    side = sheet.shape[0] / len(rows)
    if split_at is not None:
        axes.axhline(split_at * side - 0.5, color=COLORS["dynamic_int8"], lw=2)
    axes.set_yticks([(i + 0.5) * side for i in range(len(rows))], list(rows), fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.grid(visible=False)
    return made


def plot_learning(losses: Sequence[float], title: str = "live") -> Figure:
    """A loss by outer step, with its running mean.

    Args:
        losses: One for each step.
        title: Says what kind of run this is.
    """
    made, axes = figure(figsize=(5.4, 2.6))
    _, color = STARTS["Reptile"]
    steps = np.arange(1, len(losses) + 1)
    axes.plot(steps, losses, ".", ms=4, color="#999999", label="a step's tasks")
    width = max(len(losses) // 8, 1)
    mean = np.convolve(losses, np.ones(width) / width, mode="valid")
    axes.plot(steps[width - 1 :], mean, color=color, lw=1.8, label=f"mean of the last {width}")
    axes.set(xlabel="outer step", ylabel="loss at the last inner step", title=title)
    axes.legend(frameon=False)
    return made


def plot_adaptation(
    panels: Mapping[str, Mapping[str, Mapping[str, tuple[float, Interval]]]], *, chance: float, title: str = "study"
) -> Figure:
    """Accuracy on new classes against what it costs to learn them.

    Args:
        panels: By heading, by start (one of `STARTS`), by way ("nearest centroid" or any other name, which is a number
            of gradient steps): the cost in forward passes of one picture, and the accuracy, a fraction.
        chance: Accuracy of guessing.
        title: Says what kind of run this is.
    """
    made, drawn = figure(1, len(panels), figsize=(6.4, 3.7), squeeze=False, sharey=True)
    for axes, (name, starts) in zip(drawn[0], panels.items(), strict=True):
        costs = []
        for start, ways in starts.items():
            marker, color = STARTS[start]
            for group, face, line in (
                ([w for n, w in ways.items() if n != CENTROID], color, "-"),
                ([w for n, w in ways.items() if n == CENTROID], "white", "none"),
            ):
                x = [cost for cost, _ in group]
                y = [100 * found.value for _, found in group]
                reach = [[100 * abs(f.value - b) for _, f in group for b in (end(f),)] for end in (_low, _high)]
                axes.errorbar(x, y, reach, fmt=marker, ls=line, lw=1.2, color=color, mfc=face, ms=6)
                costs += x
        axes.axhline(100 * chance, color="#999999", lw=1, ls=":")
        plain_log(axes.xaxis, min(costs), max(costs), marks=(1, 3))
        axes.set_xlim(min(costs) / 1.6, max(costs) * 1.6)
        axes.set(xlabel="work to learn a task\n(forward passes of a picture)", title=f"{name} ({title})")
    drawn[0][0].set_ylabel("accuracy on new letters (%)")
    first = drawn[0][0]
    handles = [
        first.plot([], [], marker, color=color, ls="-", ms=6, label=start)[0]
        for start, (marker, color) in STARTS.items()
        if any(start in starts for starts in panels.values())
    ]
    handles += first.plot([], [], "o", color="#333333", mfc="white", ls="none", ms=6, label="hollow: nearest centroid")
    made.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return made


def _low(interval: Interval) -> float:
    return interval.low


def _high(interval: Interval) -> float:
    return interval.high
