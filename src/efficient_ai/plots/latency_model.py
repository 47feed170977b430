"""Figures of learned cost models: what one says of layers and nets, what it looks at, which programs it chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.plots.search import KINDS as BLOCKS
from efficient_ai.plots.search import kind_of
from efficient_ai.plots.style import COLORS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.search.latency_model import HeldOut

LAYER_MARKERS = {"conv": "o", "depthwise": "D", "dense": "s", "add": "P", "pool": "^"}
LINE = "#999999"
# How a program came to be timed; the rows of a figure from below.
DRAWS = {
    "random_us": ("others, drawn", "o", COLORS["float32"]),
    "guided_us": ("others, chosen", "X", COLORS["clustered"]),
    "first_us": ("first, drawn", "o", COLORS["float32"]),
}


def _diagonal(axes: Any, values: Sequence[float]) -> None:
    """Logarithmic axes of one range, with the line on which both are equal."""
    low, high = min(values), max(values)
    for axis in (axes.xaxis, axes.yaxis):
        plain_log(axis, low, high, marks=(1,) if high / low > 50 else (1, 2, 5))
    axes.plot([low, high], [low, high], color=LINE, lw=1.2, zorder=0)


def plot_layer_predictions(held_out: Sequence[HeldOut]) -> Figure:
    """What layers take against their multiply-accumulates, and against what a model predicts that hasn't seen them.

    Args:
        held_out: As a `LatencyModel` has them; a layer without multiply-accumulates stands on the right only.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 3.4))
    for kind, marker in LAYER_MARKERS.items():
        for precision in ("float32", "int8"):
            ours = [row for row in held_out if (row.time.shape.kind, row.time.precision) == (kind, precision)]
            style = {"marker": marker, "ls": "none", "ms": 4, "color": COLORS[precision], "mfc": "none", "mew": 0.9}
            counted = [row for row in ours if row.time.shape.macs]
            left.plot([row.time.shape.macs / 1e3 for row in counted], [row.measured_us for row in counted], **style)
            right.plot([row.predicted_us for row in ours], [row.measured_us for row in ours], **style)
    macs = [row.time.shape.macs / 1e3 for row in held_out if row.time.shape.macs]
    times = [row.measured_us for row in held_out] + [row.predicted_us for row in held_out]
    plain_log(left.xaxis, min(macs), max(macs), marks=(1,))
    plain_log(left.yaxis, min(times), max(times), marks=(1,))
    _diagonal(right, times)
    left.set(xlabel="thousand MACs", ylabel="measured (µs)")
    right.set(xlabel="predicted, layer held out (µs)")
    handles = [
        left.plot([], [], marker, ls="none", ms=4.5, color="#333333", mfc="none", label=kind)[0]
        for kind, marker in LAYER_MARKERS.items()
    ]
    handles += [left.plot([], [], lw=4, color=COLORS[name], label=name)[0] for name in ("float32", "int8")]
    made.legend(handles=handles, loc="outside upper center", ncols=7, columnspacing=1.0, handletextpad=0.3)
    return made


def plot_net_predictions(
    measured_ms: Mapping[str, float], predicted_ms: Mapping[str, float], macs: Mapping[str, int]
) -> Figure:
    """What nets take against their multiply-accumulates, and against the sum of their layers as predicted.

    Args:
        measured_ms: Milliseconds by net.
        predicted_ms: Of the same nets.
        macs: Of the same nets.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 3.2), sharey=True)
    for kind, (color, marker) in BLOCKS.items():
        ours = [net for net in measured_ms if kind_of(net) == kind]
        style = {"marker": marker, "ls": "none", "ms": 3.6, "color": color, "mfc": "none", "mew": 0.9}
        left.plot([macs[net] / 1e6 for net in ours], [1e3 * measured_ms[net] for net in ours], label=kind, **style)
        right.plot([1e3 * predicted_ms[net] for net in ours], [1e3 * measured_ms[net] for net in ours], **style)
    million = [macs[net] / 1e6 for net in measured_ms]
    plain_log(left.xaxis, min(million), max(million))
    _diagonal(right, [1e3 * value for value in (*measured_ms.values(), *predicted_ms.values())])
    left.set(xlabel="million MACs", ylabel="measured (µs)")
    right.set(xlabel="predicted from shapes (µs)")
    made.legend(loc="outside upper center", ncols=4)
    return made


def plot_importance(lost: Mapping[str, float]) -> Figure:
    """How many times worse held-out layers are predicted when a group of features is shuffled.

    Args:
        lost: Ratios of errors by group; 1 is no loss.
    """
    names = sorted(lost, key=lost.__getitem__)
    made, axes = figure(figsize=(5.6, 0.3 * len(names) + 0.8))
    axes.barh(names, [lost[name] - 1 for name in names], left=1, color=COLORS["clustered"], height=0.6)
    axes.axvline(1, color=LINE, lw=1.2)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("error with these shuffled / error with all in place")
    return made


def plot_tuning(searches: Sequence[Mapping[str, Any]]) -> Figure:
    """What programs took that a search drew at random, and those that its model chose from others.

    Args:
        searches: Rows with microseconds in `first_us`, `guided_us` and `random_us`, as the study `tuned_layer` has
            them; a panel each. An upright line marks a median.
    """
    times = [value for row in searches for name in DRAWS for value in row[name]]
    made, panels = figure(1, len(searches), figsize=(6.4, 2.3), sharex=True, sharey=True, squeeze=False)
    for number, (axes, row) in enumerate(zip(panels[0], searches, strict=True), start=1):
        for place, (name, (_, marker, color)) in enumerate(DRAWS.items()):
            values = row[name]
            axes.plot(values, [place] * len(values), marker, ls="none", ms=5, color=color, mfc="none", mew=0.9)
            axes.plot([float(np.median(values))], [place], "|", ms=22, mew=1.8, color=color)
        plain_log(axes.xaxis, min(times), max(times), marks=(1, 2, 5))
        axes.set_title(f"search {number}", fontsize="medium")
        axes.grid(visible=False, axis="y")
    left = panels[0][0]
    left.set_yticks(range(len(DRAWS)), [label for label, _, _ in DRAWS.values()])
    left.set_ylim(-0.6, len(DRAWS) - 0.4)
    made.supxlabel("time of a program (µs)", fontsize="medium")
    return made
