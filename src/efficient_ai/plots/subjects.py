"""Figures of the nets under the knife: how well a keyword spotter knows voices that it never heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.records import Interval

VOICE_COLORS = (COLORS["clustered"], COLORS["dynamic_int8"], COLORS["distilled"])
VOICE_MARKERS = ("o", "s", "D")


def plot_voices(
    heard: Mapping[str, Mapping[str, Interval]], curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> Figure:
    """What a keyword spotter makes of voices, and what its caution costs.

    Args:
        heard: For each kind of voice, fractions with their intervals by what is counted, as in "digits known".
        curves: For each kind of voice, false accepts an hour and false rejects (fractions), threshold by threshold.
    """
    made, (left, right) = figure(1, 2, figsize=(7.2, 3.2))
    groups = list(next(iter(heard.values())))
    for i, (name, counted) in enumerate(heard.items()):
        style = {"color": VOICE_COLORS[i], "marker": VOICE_MARKERS[i]}
        for j, group in enumerate(groups):
            found = counted[group]
            left.errorbar(
                j + 0.22 * (i - (len(heard) - 1) / 2),
                100 * found.value,
                yerr=[[100 * (found.value - found.low)], [100 * (found.high - found.value)]],
                capsize=3,
                label=name if j == 0 else None,
                **style,
            )
        accepts, rejects = curves[name]
        right.plot(accepts, [100 * r for r in rejects], ms=4, label=name, **style)
    left.set(xticks=range(len(groups)), xticklabels=groups, xlim=(-0.5, len(groups) - 0.5), ylabel="% of the seconds")
    left.set_ylim(top=101)
    handles, names = left.get_legend_handles_labels()
    made.legend(handles, names, loc="outside upper center", ncols=len(names))
    right.set(xlabel="false accepts in an hour without keywords", ylabel="digits rejected (%)")
    right.set_xscale("symlog", linthresh=10)
    right.set_xlim(left=0)
    right.set_ylim(bottom=0)
    return made
