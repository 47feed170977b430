"""Figures of the introduction: models against what they cost, and the places where a model can live."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from efficient_ai.plots.style import COLORS, KINDS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.hardware import Device
    from efficient_ai.records import Interval, PublishedFigure

KIND_NAMES = {"cloud": "cloud", "edge": "edge", "tinyml": "TinyML"}


def plot_growth(models: Sequence[PublishedFigure], memories: Mapping[str, int], ours: Mapping[str, int]) -> Figure:
    """Published models' parameters by year, and what fits where.

    Args:
        models: Figures in units of parameters, whose source names its year.
        memories: Bytes of memory by name, drawn as lines: so many int8 parameters would fill them.
        ours: Parameters of the book's models, drawn at the right edge.
    """
    made, axes = figure(figsize=(6.4, 3.8))
    years = [int(re.search(r"\d{4}", model.source)[0]) for model in models]
    axes.plot(years, [m.value for m in models], "o", color=COLORS["float32"], mfc="white", mew=1.6)
    for year, model in zip(years, models, strict=True):
        name = {"alexnet": "AlexNet", "gpt2": "GPT-2", "gpt3": "GPT-3", "mt_nlg": "MT-NLG"}[model.key.split(".")[1]]
        first = year == min(years)
        label(axes, name, (year, model.value), offset=(8, -3) if first else (-6, 5), ha="left" if first else "right")
    right = max(years) + 2.4
    axes.plot([right] * len(ours), list(ours.values()), "o", color=COLORS["float32"])
    for name, parameters in ours.items():
        label(axes, name, (right, parameters), offset=(7, -3))
    for name, size in memories.items():
        axes.axhline(size, color="#0072B2", lw=1, ls="--")
        label(axes, name, (min(years) - 0.6, size), offset=(0, 3))
    axes.set(yscale="log", ylabel="parameters (dashed: bytes of memory)", ylim=(3e3, 3e12))
    axes.set_xlim(min(years) - 0.7, right + 3)
    axes.set_xticks(
        [*range(min(years), max(years) + 1, 2), right], [*range(min(years), max(years) + 1, 2), "this book"]
    )
    return made


def plot_zoo(names: Sequence[str], accuracies: Sequence[Interval], costs: Mapping[str, Sequence[float]]) -> Figure:
    """Accuracy against each cost, on a logarithmic axis; a marker stands for a model.

    Args:
        names: Of the models.
        accuracies: With their intervals.
        costs: By axis label, a value a model.
    """
    made, panels = figure(1, len(costs), figsize=(2.5 * len(costs), 3.2), sharey=True)
    for axes, (cost, values) in zip(panels, costs.items(), strict=True):
        for name, accuracy, value, marker in zip(names, accuracies, values, "os^Dv", strict=False):
            percent = 100 * accuracy.value
            spread = [[percent - 100 * accuracy.low], [100 * accuracy.high - percent]]
            own = name if axes is panels[0] else None
            axes.errorbar(value, percent, spread, fmt=marker, color=COLORS["float32"], capsize=2.5, lw=1, label=own)
        axes.set(xscale="log", xlabel=cost)
        axes.margins(x=0.12, y=0.08)
    panels[0].set_ylabel("test accuracy (%)")
    made.legend(loc="outside upper center", ncols=len(names), fontsize=8.5, columnspacing=1.2, handletextpad=0.3)
    return made


def plot_devices(devices: Sequence[Device], here: Mapping[str, float]) -> Figure:
    """Memory, throughput and power of the catalogue's devices, a row each.

    Args:
        devices: In the order in which they stand from top to bottom.
        here: This machine: `memory_bytes` and `ops_per_s`.
    """
    made, panels = figure(1, 3, figsize=(7.4, 5.8), sharey=True, width_ratios=(1.15, 1.15, 1))
    rows = ["this machine", *(device.name for device in devices)]
    measures = (
        ("memory (bytes)", here["memory_bytes"], [d.memory_bytes for d in devices]),
        ("operations per second", here["ops_per_s"], [d.peak_ops_per_s or d.measured_flop_per_s for d in devices]),
        ("power (W)", None, [d.power_w for d in devices]),
    )
    for axes, (name, own, values) in zip(panels, measures, strict=True):
        if own is not None:
            axes.plot(own, 0, "*", color="black", ms=10)
        for row, (device, value) in enumerate(zip(devices, values, strict=True), start=1):
            if value is None:
                continue
            measured = name.startswith("operations") and device.peak_ops_per_s is None
            face = "white" if measured else KINDS[device.kind]
            axes.plot(value, row, "o", color=KINDS[device.kind], mfc=face, mew=1.5)
        axes.set(xscale="log", xlabel=name)
    panels[0].set_yticks(range(len(rows)), rows, fontsize=8.5)
    panels[0].invert_yaxis()
    handles: list[Any] = []
    for kind, color in KINDS.items():
        handles += panels[2].plot([], [], "o", color=color, label=KIND_NAMES[kind])
    handles += panels[2].plot([], [], "o", color="#666666", mfc="white", mew=1.5, label="measured, float64")
    made.legend(handles=handles, loc="outside upper center", ncols=4)
    return made


def plot_fit(models: Sequence[str], devices: Sequence[str], shares: Sequence[Sequence[float]]) -> Figure:
    """How much of a device's memory a model takes, as a grid.

    Args:
        models: Columns.
        devices: Rows.
        shares: Of the memory that is needed, by row: 1 fills it, more does not fit.
    """
    made, axes = figure(figsize=(7.0, 0.36 * len(devices) + 1.1))
    for row, values in enumerate(shares):
        for column, share in enumerate(values):
            fits = share <= 1
            color = KINDS["tinyml"] if fits else "#D55E00"
            axes.add_patch(_cell(column, row, color, 0.16 if fits else 0.3))
            text = f"{share:.1f}×" if share > 1 else f"{100 * share:.0f}%" if share >= 0.005 else "<1%"
            axes.text(column, row, text, ha="center", va="center", fontsize=8.5, weight="normal" if fits else "bold")
    axes.set(xlim=(-0.5, len(models) - 0.5), ylim=(len(devices) - 0.5, -0.5))
    axes.set_xticks(range(len(models)), models, fontsize=8)
    axes.set_yticks(range(len(devices)), devices)
    axes.tick_params(length=0, top=False)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    return made


def _cell(column: int, row: int, color: str, alpha: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, color=color, alpha=alpha, lw=0)
