"""Figures of the places where a saving can come from: algorithms, sizes, compilers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.records import Interval

WAYS = {
    "im2col": (COLORS["float32"], "o"),
    "winograd": (COLORS["int8"], "D"),
    "fft": (COLORS["clustered"], "s"),
    "separable": (COLORS["pruned"], "P"),
}
LADDER = {
    "eager": (COLORS["float32"], "o"),
    "graph": (COLORS["clustered"], "s"),
    "XLA": (COLORS["int8"], "D"),
    "LiteRT": (COLORS["pruned"], "P"),
    "IREE": (COLORS["distilled"], "^"),
    "TVM": (COLORS["dynamic_int8"], "v"),
}


def plot_convolutions(layers: Mapping[str, Mapping[str, tuple[float, Interval]]]) -> Figure:
    """Multiplications and times of convolution algorithms, each over the direct one's.

    Args:
        layers: By layer and way: the ratio of multiplications, and that of times with its interval.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 0.75 * len(layers) + 0.9), sharey=True)
    ways = [way for way in WAYS if any(way in by for by in layers.values())]
    for row, by in enumerate(layers.values()):
        for place, way in enumerate(way for way in ways if way in by):
            color, marker = WAYS[way]
            y = row + 0.18 * (place - (len(by) - 1) / 2)
            work, spent = by[way]
            left.plot([work], [y], marker, ms=5, color=color)
            right.plot([spent.low, spent.high], [y, y], color=color, lw=1.2)
            right.plot([spent.value], [y], marker, ms=5, color=color)
    left.set_yticks(range(len(layers)), [name.replace(", ", "\n") for name in layers], fontsize=8.5)
    left.set_ylim(len(layers) - 0.5, -0.5)
    values = {
        left: [work for by in layers.values() for work, _ in by.values()],
        right: [end for by in layers.values() for _, spent in by.values() for end in (spent.low, spent.high)],
    }
    for axes, name in ((left, "multiplications"), (right, "time")):
        plain_log(axes.xaxis, min(*values[axes], 1), max(*values[axes], 1))
        axes.axvline(1, color="#777777", lw=1.2, zorder=0)
        axes.set_xlabel(f"{name} / those of the direct way" if axes is left else f"{name} / that of the direct way")
    handles = [left.plot([], [], WAYS[w][1], ls="none", ms=5, color=WAYS[w][0], label=w)[0] for w in ways]
    made.legend(handles=handles, loc="outside upper center", ncols=len(ways))
    return made


def plot_pay_off(nets: Mapping[str, Mapping[str, tuple[float, float]]], *, most: float = 1e6) -> Figure:
    """Seconds until an answer number n, compiling included: who compiles begins higher and rises less.

    Args:
        nets: By net and rung of the ladder: seconds before the first answer can be computed, and seconds an answer.
        most: Answers at the right end of the axis.
    """
    made, panels = figure(1, len(nets), figsize=(6.4, 3.4), sharey=True, squeeze=False)
    answers = np.geomspace(1, most, 200)
    for axes, (title, rungs) in zip(panels[0], nets.items(), strict=True):
        for name, (begin, each) in rungs.items():
            color, marker = LADDER[name]
            axes.plot(answers, begin + each * answers, color=color, marker=marker, markevery=40, ms=5, label=name)
        axes.set_xscale("log")
        axes.set(xlabel=f"inferences ({title})", xlim=(1, most))
    panels[0][0].set_yscale("log")
    panels[0][0].set_ylabel("seconds, compiling included")
    handles, names = max((axes.get_legend_handles_labels() for axes in panels[0]), key=lambda pair: len(pair[0]))
    made.legend(handles, names, loc="outside upper center", ncols=len(names))
    return made
