"""Figures of what is scarce: one multiply-accumulate's prices, layers under a roof, a stream's backlog, batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.hardware import Roofline
    from efficient_ai.measure.ceilings import LayerOnRoof
    from efficient_ai.measure.queueing import QueueRun

# How a price is known: a marker and a hue, full where somebody stated or measured it, hollow where it is modelled.
PRICE_KINDS = {
    "published": ("s", COLORS["float32"], True),
    "published peak": ("^", COLORS["clustered"], True),
    "published, achieved": ("D", COLORS["int8"], True),
    "fitted": ("o", COLORS["pruned"], False),
    "modelled": ("o", COLORS["distilled"], False),
}
_HUES = ("int8", "clustered", "pruned", "distilled", "dynamic_int8", "float32")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
_NET_MARKERS = ("o", "s", "^")
_AT_EDGE = ("axes fraction", "data")
_SMALL = {"textcoords": "offset points", "fontsize": 8.5}
_FORM_HUES = {"float32": COLORS["float32"], "int8": COLORS["int8"], "int4": COLORS["int16x8"]}


@dataclass(frozen=True)
class MacPrice:
    """What a multiply-accumulate costs somewhere, in pJ, and how that is known: one of `PRICE_KINDS`."""

    where: str
    pj: float
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in PRICE_KINDS:
            raise ValueError(f"kind must be one of {', '.join(PRICE_KINDS)}, got {self.kind!r}")
        if not self.pj > 0:
            raise ValueError(f"the price of {self.where} must be above 0 pJ, got {self.pj}")


def plot_mac_prices(groups: Mapping[str, Sequence[MacPrice]]) -> Figure:
    """The energy of one multiply-accumulate in many places, on one logarithmic axis, each labelled with its kind.

    Args:
        groups: By heading, from the top down; prices in the order given.
    """
    count = sum(len(prices) for prices in groups.values()) + len(groups)
    made, axes = figure(figsize=(6.4, 0.6 + 0.215 * count))
    every = [price.pj for prices in groups.values() for price in prices]
    line, ticks, names = 0, [], []
    for heading, prices in groups.items():
        axes.text(
            0.0, line, f" {heading}", transform=axes.get_yaxis_transform(), va="center", fontsize=9, weight="bold"
        )
        line += 1
        for price in prices:
            marker, color, full = PRICE_KINDS[price.kind]
            axes.plot([min(every) / 2, price.pj], [line, line], color=color, lw=0.8, alpha=0.5)
            axes.plot(price.pj, line, marker, ms=6.5, color=color, mfc=color if full else "white")
            text = f"{price.pj:,.3g} pJ, {price.kind}" if price.pj < 1e3 else f"{price.pj:,.0f} pJ, {price.kind}"
            axes.annotate(text, (price.pj, line), (7, 0), textcoords="offset points", va="center", fontsize=8)
            ticks.append(line)
            names.append(price.where)
            line += 1
    axes.set_yticks(ticks, names, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel="energy of one multiply-accumulate (pJ)", ylim=(line - 0.4, -0.7))
    plain_log(axes.xaxis, min(every), max(every), marks=(1,))
    axes.set_xlim(min(every) / 2, max(every) * 80)
    axes.grid(axis="y", visible=False)
    return made


def plot_layers_on_roof(
    roof: Roofline,
    layers: Mapping[str, Mapping[str, Sequence[LayerOnRoof]]],
    *,
    achieved: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Layers under one measured roof, by precision, with an arrow from each net's largest movement to the next.

    A layer's height is what the roof allows it: modelled, not measured. What a whole net was measured at is a star.

    Args:
        roof: Of a machine.
        layers: By net (at most three) and precision ("float32", "int8", "int4"), the same layers in each.
        achieved: By net, operations for each byte and operations a second of the whole net, measured.
    """
    made, axes = figure(figsize=(6.4, 4.3))
    found = [one.ops_per_byte for forms in layers.values() for some in forms.values() for one in some]
    low, high = 0.6 * min(found), 2.5 * max([*found, roof.ridge_ops_per_byte])
    x = np.geomspace(low, high, 200)
    axes.plot(x, [roof.attainable_ops_per_s(v) / 1e9 for v in x], color="#333333", lw=1.6, zorder=1)
    for (net, forms), marker in zip(layers.items(), _NET_MARKERS, strict=False):
        axes.plot([], [], marker, color="#777777", mfc="none", ls="none", label=net)
        for form, some in forms.items():
            xs, ys = [one.ops_per_byte for one in some], [one.attainable_ops_per_s / 1e9 for one in some]
            face = "white" if form == "int4" else _FORM_HUES[form]
            axes.plot(xs, ys, marker, color=_FORM_HUES[form], mfc=face, ms=6, ls="none", alpha=0.8, zorder=3)
        largest = max(range(len(forms["float32"])), key=lambda i: forms["float32"][i].ops)
        places = [(some[largest].ops_per_byte, some[largest].attainable_ops_per_s / 1e9) for some in forms.values()]
        for (form, _), start, end in zip(list(forms.items())[1:], places, places[1:], strict=False):
            if end[0] > 1.15 * start[0]:
                style = {"arrowstyle": "->", "color": _FORM_HUES[form], "lw": 1.5, "connectionstyle": "arc3,rad=-0.35"}
                axes.annotate("", end, start, arrowprops=style, zorder=4)
    for form in dict.fromkeys(form for forms in layers.values() for form in forms):
        name = f"{form}, modelled bytes" if form == "int4" else form
        face = "white" if form == "int4" else _FORM_HUES[form]
        axes.plot([], [], "o", color=_FORM_HUES[form], mfc=face, ls="none", label=name)
    for net, (intensity, rate) in (achieved or {}).items():
        axes.plot(intensity, rate / 1e9, "*", ms=12, color=COLORS["clustered"], zorder=5)
        label(axes, net, (intensity, rate / 1e9), offset=(8, -11), fontsize=8)
    if achieved:
        axes.plot([], [], "*", ms=10, color=COLORS["clustered"], ls="none", label="whole net, measured")
    axes.axvline(roof.ridge_ops_per_byte, color="#999999", lw=0.9, ls=":", zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="operations for each byte moved (counted)", xlim=(low, high))
    rates = [roof.peak_ops_per_s, *(rate for _, rate in (achieved or {}).values())]
    axes.set(ylabel="10⁹ operations a second", ylim=(None, 2.2 * max(rates) / 1e9))
    axes.legend(fontsize=8, loc="lower right")
    return made


def plot_backlog(runs: Sequence[QueueRun]) -> Figure:
    """How long each answer of a stream takes, as the stream goes on; dotted, the deadline.

    Args:
        runs: Of periodic arrivals without drops; at most six.

    Raises:
        ValueError: If a run has dropped something, since its answers can't be placed in time any more.
    """
    made, axes = figure(figsize=(6.4, 3.5), layout="constrained")
    for run, hue, line in zip(runs, _HUES, _LINES, strict=False):
        if run.dropped:
            raise ValueError(f"expected runs that drop nothing, {run.name} dropped {run.dropped}")
        seconds = np.arange(run.arrived) * run.hop_ms / 1e3
        name = f"{run.name}: {run.miss_share:.0%} late"
        axes.plot(seconds, run.responses_ms, color=COLORS[hue], ls=line, lw=1.6, label=name)
    for deadline in {run.deadline_ms for run in runs}:
        axes.axhline(deadline, color="#555555", lw=1, ls=":")
        axes.annotate("deadline", (1, deadline), (-2, 3), xycoords=_AT_EDGE, ha="right", **_SMALL)
    axes.set(yscale="log", xlabel="seconds into the stream (simulated)", ylabel="frame to answer (ms)")
    made.legend(fontsize=8.5, loc="outside upper center", ncols=2)
    return made


def plot_tails(samples_ms: Mapping[str, Sequence[float]]) -> Figure:
    """The share of inferences that took longer than so many milliseconds, on logarithmic axes.

    Args:
        samples_ms: By name; at most six.
    """
    made, axes = figure(figsize=(6.4, 3.0))
    for (name, samples), hue, line in zip(samples_ms.items(), _HUES, _LINES, strict=False):
        ordered = np.sort(samples)
        axes.step(
            ordered, 1 - np.arange(len(ordered)) / len(ordered), where="post", color=COLORS[hue], ls=line, label=name
        )
    every = [sample for samples in samples_ms.values() for sample in samples] or [1.0]
    plain_log(axes.xaxis, min(every), max(every))
    axes.set(yscale="log", xlabel="latency (ms)", ylabel="share that takes longer")
    for height, name in ((0.5, "p50"), (0.01, "p99")):
        axes.axhline(height, color="#999999", lw=0.8, ls=":")
        axes.annotate(name, (1, height), (-2, 2), xycoords=_AT_EDGE, ha="right", **_SMALL)
    axes.legend(fontsize=8.5)
    return made


def plot_batches(sizes: Sequence[int], answers_ms: Sequence[float], rates_per_s: Sequence[float]) -> Figure:
    """A batch's latency and its throughput against its size.

    Args:
        sizes: Inputs in a batch.
        answers_ms: Until a batch is answered.
        rates_per_s: Inputs answered a second.
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 2.9), layout="constrained")
    for axes, values, hue, name in (
        (left, answers_ms, "int8", "batch's answer (ms)"),
        (right, rates_per_s, "clustered", "inputs a second"),
    ):
        axes.plot(sizes, values, "o-", color=COLORS[hue])
        plain_log(axes.xaxis, min(sizes), max(sizes), marks=(1,))
        axes.set_xticks(list(sizes), [str(size) for size in sizes])
        plain_log(axes.yaxis, min(values), max(values))
        axes.set(xlabel="inputs in a batch", ylabel=name)
    return made
