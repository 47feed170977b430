"""Figures of networks and arrays that are chosen together or apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WAYS = {
    "together": ("P", COLORS["pruned"], "-"),
    "net first, by its cycles": ("o", COLORS["float32"], ":"),
    "net first, by MACs": ("D", COLORS["int8"], "--"),
    "array first": ("X", COLORS["clustered"], "-."),
}


def plot_silicon(
    needed: Mapping[str, Mapping[float, int | None]],
    *,
    most: int,
    utilisation: Mapping[str, Sequence[tuple[int, float]]],
) -> Figure:
    """Left, the share of an array's multipliers that kinds of nets use, by its size; right, multipliers by accuracy.

    Args:
        needed: By way (one of `WAYS`), multipliers by the accuracy that is asked for, a fraction; None where none do.
        most: Multipliers of the largest array; what needs more is drawn above it.
        utilisation: By kind of net: (multipliers, fraction) of square arrays.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 3.4), width_ratios=(0.8, 1))
    hues = (COLORS["clustered"], COLORS["dynamic_int8"], COLORS["pruned"], COLORS["distilled"])
    for (kind, points), hue, marker in zip(utilisation.items(), hues, "osD^", strict=False):
        left.plot(*zip(*((m, 100 * u) for m, u in points), strict=True), marker, color=hue, ls="-", ms=5, label=kind)
    sizes = [m for points in utilisation.values() for m, _ in points]
    plain_log(left.xaxis, min(sizes), max(sizes), marks=(1,))
    left.set_xticks(sorted(set(sizes)), [f"{m:,}" for m in sorted(set(sizes))], fontsize=8)
    left.set(xlabel="multipliers, square array", ylabel="multipliers at work (%)", ylim=(0, 105))
    left.legend(fontsize=8)
    above = 2.6 * most
    for way, by_accuracy in needed.items():
        marker, color, line = WAYS[way]
        x = [100 * accuracy for accuracy in by_accuracy]
        y = [above if count is None else count for count in by_accuracy.values()]
        right.plot(x, y, marker, color=color, ls=line, lw=1.3, ms=6 if way != "together" else 8, label=way, alpha=0.9)
    plain_log(right.yaxis, min(c for by in needed.values() for c in by.values() if c), most, marks=(1,))
    ticks = [16, 64, 256, 1024, most]
    right.set_yticks([*ticks, above], [*(f"{tick:,}" for tick in ticks), "none"], fontsize=8)
    right.set(xlabel="accuracy asked for (%)", ylabel="multipliers needed")
    made.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=8)
    return made
