"""Figures of measuring well: what a process holds, how far other ways of timing are off, how many examples it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.records import Interval

MIB = 2**20
_STEP_COLORS = ("float32", "float16", "clustered", "int8", "dynamic_int8")
_HATCHES = ("", "//", "", "..", "xx")
_PAIRS = ("int8", "clustered", "pruned", "distilled")
_MARKS = ("o", "s", "^", "D")


def plot_resident(growth_bytes: Mapping[str, Mapping[str, float]], steps: Mapping[str, str]) -> Figure:
    """Resident memory of programs as bars: what each step of starting and running adds.

    Args:
        growth_bytes: By program, bytes by step; a step that gave memory back is drawn as none.
        steps: By key, the steps' names, in their order; at most five.
    """
    made, axes = figure(figsize=(6.4, 0.9 + 0.45 * len(growth_bytes)))
    places = np.arange(len(growth_bytes))[::-1]
    begin = np.zeros(len(growth_bytes))
    for (key, name), hue, hatch in zip(steps.items(), _STEP_COLORS, _HATCHES, strict=False):
        widths = np.array([max(0.0, grown[key]) / MIB for grown in growth_bytes.values()])
        axes.barh(
            places,
            widths,
            left=begin,
            height=0.6,
            color=COLORS[hue],
            hatch=hatch,
            edgecolor="white",
            lw=0.8,
            label=name,
        )
        begin += widths
    axes.set_yticks(places, list(growth_bytes))
    axes.set(xlabel="resident memory (MiB)", xlim=(0, 1.05 * begin.max()))
    axes.grid(visible=False, axis="y")
    axes.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.42, 1.0))
    return made


def plot_ways(rows: Sequence[tuple[str, Interval, bool]]) -> Figure:
    """How many times a reference other ways of timing report, with intervals, on a logarithmic axis.

    Args:
        rows: A name, the ratio with its interval, and whether the way is a sound one; from top to bottom.
    """
    made, axes = figure(figsize=(6.4, 0.8 + 0.33 * len(rows)))
    axes.axvline(1, color="#333333", lw=1, ls=":")
    axes.axvspan(1 / 1.2, 1.2, color=COLORS["float32"], alpha=0.15, lw=0)
    for place, (_, found, sound) in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        color, marker = (COLORS["clustered"], "o") if sound else (COLORS["int8"], "D")
        axes.plot([found.low, found.high], [place, place], color=color, lw=2)
        axes.plot(found.value, place, marker, color=color, mfc=color if sound else "white")
    axes.set_yticks(range(len(rows) - 1, -1, -1), [name for name, _, _ in rows])
    low, high = min(found.low for _, found, _ in rows), max(found.high for _, found, _ in rows)
    plain_log(axes.xaxis, min(low, 0.8), high, marks=(1,))
    axes.set(xlabel="reported time ÷ warm median", xlim=(min(low / 1.2, 0.6), 2 * high))
    return made


def plot_examples(
    counts: Sequence[int],
    half_widths: Mapping[str, Sequence[float]],
    expected: Mapping[str, Sequence[float]],
    *,
    target: float,
) -> Figure:
    """Half the width of an interval against the number of test examples, on logarithmic axes.

    Args:
        counts: Of examples.
        half_widths: By name, fractions, one a count; at most four.
        expected: By the same names, what the closed form says: lines.
        target: The half width that is wanted, a fraction.
    """
    made, axes = figure(figsize=(6.4, 3.6))
    for name, hue, marker in zip(half_widths, _PAIRS, _MARKS, strict=False):
        axes.plot(counts, 100 * np.asarray(expected[name]), color=COLORS[hue], lw=1.2)
        shown = 100 * np.asarray(half_widths[name])
        axes.plot(counts, shown, marker, color=COLORS[hue], mfc="none", ls="none", label=name)
    axes.axhline(100 * target, color="#333333", ls="--", lw=1)
    label(axes, f"± {100 * target:g} points", (counts[0], 100 * target), offset=(0, -11))
    widest = 100 * max(max(values) for values in half_widths.values())
    narrowest = 100 * min(min(values) for values in half_widths.values())
    plain_log(axes.yaxis, min(narrowest, 100 * target), widest)
    plain_log(axes.xaxis, min(counts), max(counts), marks=(1,))
    axes.set(xlabel="test examples", ylabel="half width of the 95% interval (points)")
    axes.legend(fontsize=8.5)
    return made
