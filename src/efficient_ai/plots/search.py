"""Figures of many nets on many targets, and of sparse arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.metrics import pareto_front
from efficient_ai.plots.style import COLORS, MARKERS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.measure.sparse import SparseProduct

KINDS = {
    "plain": (COLORS["float32"], "o"),
    "residual": (COLORS["clustered"], "s"),
    "separable": (COLORS["int8"], "D"),
    "inverted": (COLORS["distilled"], "^"),
}


def kind_of(name: str) -> str:
    """What stands before a candidate's first hyphen: the kind of its blocks."""
    return name.partition("-")[0]


def plot_target_ranks(costs: Mapping[str, Mapping[str, float]], units: Mapping[str, str]) -> Figure:
    """What each net costs on each target, coloured by its rank there: the darker, the later.

    Args:
        costs: Cost by net, by target; the nets stand in the order of the first target.
        units: What each target's costs are counted in.
    """
    targets = list(costs)
    nets = sorted(costs[targets[0]], key=costs[targets[0]].__getitem__)
    values = np.array([[costs[target][net] for target in targets] for net in nets])
    ranks = values.argsort(axis=0).argsort(axis=0) + 1
    made, axes = figure(figsize=(6.4, 0.33 * len(nets) + 1.1))
    axes.imshow(ranks, cmap="Blues", aspect="auto", vmin=1, vmax=1.25 * len(nets))
    for (row, column), value in np.ndenumerate(values):
        late = ranks[row, column] > 0.75 * len(nets)
        text = f"{value:.0f}" if value >= 99.5 else f"{value:.3g}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color="white" if late else "black")
    labels = [f"{target}\n{units[target]}" for target in targets]
    axes.set_xticks(range(len(targets)), labels, fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(nets)), nets, fontsize=8.5)
    axes.set_xlabel("target")
    axes.grid(visible=False)
    return made


def plot_target_fronts(
    costs: Mapping[str, Mapping[str, float]], units: Mapping[str, str], accuracies: Mapping[str, float]
) -> Figure:
    """Accuracy against cost, a panel for each target, with the nets that no other beats joined by a line.

    Args:
        costs: Cost by net, by target.
        units: What each target's costs are counted in.
        accuracies: A fraction by net.
    """
    nets = list(accuracies)
    rows = -(-len(costs) // 2)
    made, grid = figure(rows, 2, figsize=(6.4, 2.3 * rows + 0.5), sharey=True, squeeze=False)
    gains = [100 * accuracies[net] for net in nets]
    for axes, (target, by_net) in zip(grid.flat, costs.items(), strict=False):
        x = [by_net[net] for net in nets]
        front = pareto_front(x, gains)
        axes.plot([x[i] for i in front], [gains[i] for i in front], color="#999999", lw=1.2, zorder=1)
        for kind, (color, marker) in KINDS.items():
            chosen = [i for i, net in enumerate(nets) if kind_of(net) == kind]
            for on_front in (True, False):
                shown = [i for i in chosen if (i in front) == on_front]
                face = color if on_front else "white"
                axes.plot(
                    [x[i] for i in shown], [gains[i] for i in shown], marker, ls="none", ms=5.5, color=color, mfc=face
                )
        plain_log(axes.xaxis, min(x), max(x))
        axes.set_xlabel(f"{target} ({units[target]})")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy (%)")
    for axes in grid.flat[len(costs) :]:
        axes.set_visible(False)
    handles = [
        grid[0, 0].plot([], [], marker, ls="none", ms=5.5, color=color, label=kind)[0]
        for kind, (color, marker) in KINDS.items()
    ]
    made.legend(handles=handles, loc="outside upper center", ncols=4)
    return made


def plot_engine_orders(orders: Mapping[tuple[str, str], tuple[float, float]], pair: tuple[str, str]) -> Figure:
    """How engines rank the same nets: rank correlation with MACs, and the times of one pair of nets.

    Args:
        orders: By engine and precision: Kendall's tau, and how many times as long the pair's first net takes as its
            second.
        pair: The two nets' names.
    """
    ordered = sorted(orders, key=lambda who: orders[who][0])
    made, (left, right) = figure(1, 2, figsize=(6.4, 0.21 * len(orders) + 1.0), sharey=True)
    for row, who in enumerate(ordered):
        for axes, value in zip((left, right), orders[who], strict=True):
            axes.plot([value], [row], MARKERS[who[1]], ms=5.5, color=COLORS[who[1]])
    left.set_yticks(range(len(ordered)), [engine for engine, _ in ordered], fontsize=8.5)
    left.set_xlim(min(0, min(tau for tau, _ in orders.values())) - 0.05, 1.05)
    left.set_xlabel("rank correlation with MACs")
    times = [ratio for _, ratio in orders.values()]
    plain_log(right.xaxis, min(times), max(times))
    right.axvline(1, color="#999999", lw=1.2, zorder=0)
    right.set_xlabel(f"time of {pair[0]} /\ntime of {pair[1]}")
    made.legend(
        handles=[
            left.plot([], [], MARKERS[name], ls="none", ms=5.5, color=COLORS[name], label=name)[0]
            for name in dict.fromkeys(precision for _, precision in orders)
        ],
        loc="outside upper center",
        ncols=2,
    )
    return made


def plot_break_even(products: Mapping[str, Sequence[SparseProduct]]) -> Figure:
    """The dense time over the sparse time against sparsity, with intervals, a curve for each layer.

    Args:
        products: By the layer's name.
    """
    made, axes = figure(figsize=(5.8, 3.4))
    axes.axhline(1, color=COLORS["float32"], lw=1.2)
    for (name, many), (marker, face, line) in zip(
        products.items(), (("P", None, "-"), ("s", "white", "--"), ("o", "white", ":")), strict=False
    ):
        color = COLORS["pruned"]
        x = [100 * product.sparsity for product in many]
        y = [product.gain.value for product in many]
        reach = (
            [product.gain.value - product.gain.low for product in many],
            [product.gain.high - product.gain.value for product in many],
        )
        axes.errorbar(x, y, np.abs(reach), fmt=marker, ls=line, lw=1.2, color=color, mfc=face or color, label=name)
    axes.set_yscale("log")
    marks = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set(xlabel="sparsity (%)", ylabel="dense time / sparse time")
    axes.legend(loc="upper left")
    return made
