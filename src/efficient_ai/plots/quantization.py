"""Figures of quantization: channels of different size, ways to choose a range, what mends a net, fewer bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BITS = "#8C510A"


def plot_channel_ranges(ranges: Mapping[str, np.ndarray]) -> Figure:
    """The largest absolute weight of each channel of a layer, sorted, as shares of the layer's largest.

    Args:
        ranges: By layer, (channels,).
    """
    made, axes = figure(figsize=(6.4, 3.2))
    for (name, values), line, color in zip(
        ranges.items(), ("-", "--", ":"), (COLORS["int8"], COLORS["float32"], COLORS["clustered"]), strict=False
    ):
        sorted_values = np.sort(values)[::-1] / values.max()
        axes.step(np.linspace(0, 100, len(values)), sorted_values, where="mid", ls=line, color=color, label=name)
    axes.axhline(1 / 127, color="#999999", lw=1)
    label(axes, "one step of 127", (0, 1 / 127), offset=(0, 4))
    axes.set(yscale="log", ylim=(1e-4, 1.5))
    axes.set(xlabel="channels, from large to small (%)", ylabel="largest weight, share of the layer's")
    axes.legend(loc="lower left")
    return made


def plot_schemes(decibels: Mapping[str, Mapping[str, float]]) -> Figure:
    """How well each way of choosing ranges keeps the logits, a row a net.

    Args:
        decibels: By net, by way of choosing.
    """
    made, axes = figure(figsize=(6.6, 0.62 * len(decibels) + 1.4))
    looks = {"minmax": "o", "percentile": "s", "mse": "D"}
    for row, values in enumerate(decibels.values()):
        axes.plot([min(values.values()), max(values.values())], [row, row], color="#CCCCCC", lw=1.2, zorder=1)
        for name, value in values.items():
            face = "white" if name != "percentile" else COLORS["int8"]
            axes.plot(value, row, looks[name], color=COLORS["int8"], mfc=face, ms=8, label=None if row else name)
    axes.set_yticks(range(len(decibels)), list(decibels))
    axes.set(xlabel="SQNR of the logits (dB)", ylim=(len(decibels) - 0.4, -0.6))
    made.legend(loc="outside upper center", ncols=3)
    return made


def plot_mending(steps: Mapping[str, Mapping[str, float]]) -> Figure:
    """What each ingredient adds to the fidelity of an int8 net: a rising staircase for each net.

    Args:
        steps: By net, by ingredient in the order in which they were added: decibels with all so far.
    """
    made, panels = figure(1, len(steps), figsize=(3.6 * len(steps), 3.2), sharey=True, squeeze=False)
    for axes, (net, values) in zip(panels[0], steps.items(), strict=True):
        before = 0.0
        for place, value in enumerate(values.values()):
            base = before if place else 0.0
            color = COLORS["float32"] if not place else COLORS["int8"]
            axes.bar(place, value - base, bottom=base, color=color, width=0.72, alpha=0.9 if place else 0.6)
            label(axes, f"{value:.1f}", (place, max(value, base)), offset=(0, 3), ha="center")
            before = value
        axes.set_xticks(range(len(values)), list(values), rotation=28, ha="right", fontsize=8.5)
        axes.set_title(net)
        axes.margins(y=0.12)
    panels[0][0].set_ylabel("SQNR of the logits (dB)")
    return made


def plot_fewer_bits(
    bits: Sequence[int], curves: Mapping[str, Sequence[float]], reference: float, ylabel: str
) -> Figure:
    """A measure of quality against the bits of a weight.

    Args:
        bits: Along the axis, drawn from many to few.
        curves: By granularity, or by what was done after rounding.
        reference: The same with float32 weights.
        ylabel: What is measured, with its unit.
    """
    made, axes = figure(figsize=(6.4, 3.3))
    places = range(len(bits))
    for (name, values), marker, line in zip(curves.items(), ("o", "s", "D", "^"), ("-", "--", "-.", ":"), strict=False):
        axes.plot(places, values, marker=marker, ls=line, color=BITS, mfc="white" if line != "-" else BITS, label=name)
    axes.axhline(reference, color=COLORS["float32"], lw=1.2, marker=MARKERS["float32"], ms=0, label="float32")
    axes.set_xticks(list(places), [str(b) for b in bits])
    axes.set(xlabel="bits of a weight", ylabel=ylabel)
    axes.legend()
    return made
