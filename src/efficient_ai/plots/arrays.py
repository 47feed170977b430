"""Figures of the hardware models: systolic arrays, the Edge TPU, and Vela's estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.hardware import ModelOnArray, Roofline
    from efficient_ai.hardware.vela import VelaEstimate

KIND_COLORS = {"convolution": "#0072B2", "depthwise": "#E69F00", "dense": "#CC79A7", "other": "#999999"}
KIND_MARKERS = {"convolution": "o", "depthwise": "v", "dense": "s"}
BOUND_HATCHES = {"arithmetic": "", "SRAM": "..", "DRAM": "xx", "flash": "//"}
BOUND_COLORS = {"arithmetic": "#0072B2", "SRAM": "#56B4E9", "DRAM": "#E69F00", "flash": "#D55E00"}


def layer_kind(operator: str) -> str:
    """Name the kind of an operator, one of `KIND_COLORS`, from its name in Keras, in a .tflite file or in Vela."""
    name = operator.replace("_", "").lower()
    if "depthwise" in name:
        return "depthwise"
    if "conv" in name:
        return "convolution"
    return "dense" if name in ("dense", "fullyconnected") else "other"


def plot_utilisation(grid: Mapping[str, Mapping[str, float]], columns_label: str) -> Figure:
    """A heat map of the share of cells at work.

    Args:
        grid: By row, by column; shares in [0, 1].
        columns_label: What the columns are.
    """
    rows, columns = list(grid), list(next(iter(grid.values())))
    shares = np.array([[grid[row][column] for column in columns] for row in rows])
    made, axes = figure(figsize=(6.4, 0.36 * len(rows) + 1.2))
    axes.imshow(np.log10(np.maximum(shares, 1e-4)), cmap="cividis", vmin=-3, vmax=0, aspect="auto")
    for (y, x), share in np.ndenumerate(shares):
        text = f"{100 * share:.0f}%" if share >= 0.095 else f"{100 * share:.1f}%"
        axes.text(x, y, text, ha="center", va="center", fontsize=8.5, color="black" if share > 0.05 else "white")
    axes.set_yticks(range(len(rows)), rows, fontsize=8.5)
    axes.set_xticks(range(len(columns)), columns, fontsize=8.5)
    axes.set_xlabel(columns_label)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return made


def plot_roofline(roof: Roofline, models: Mapping[str, ModelOnArray]) -> Figure:
    """Layers under a roofline, a panel a model: a point is a layer, as large as its share of the model's time.

    Args:
        roof: The machine's.
        models: By panel title.
    """
    made, panels = figure(1, len(models), figsize=(6.4, 3.2), sharex=True, sharey=True, squeeze=False)
    x = np.geomspace(0.5, 3e4, 200)
    seen = set()
    for axes, (title, model) in zip(panels[0], models.items(), strict=True):
        axes.plot(x, [roof.attainable_ops_per_s(v) / 1e12 for v in x], color=COLORS["float32"], lw=1.4)
        for layer in model.layers:
            kind = layer_kind(layer.operator)
            own = kind if kind not in seen else None
            seen.add(kind)
            axes.plot(
                layer.ops_per_byte,
                layer.ops_per_s / 1e12,
                KIND_MARKERS[kind],
                ms=4 + 14 * (layer.seconds / model.seconds) ** 0.5,
                color=KIND_COLORS[kind],
                alpha=0.6,
                mew=0,
                ls="none",
            )
            if own:
                axes.plot([], [], KIND_MARKERS[kind], color=KIND_COLORS[kind], ls="none", label=own)
        axes.set(xscale="log", yscale="log", title=title, xlabel="operations a byte", ylim=(3e-3, 3e2))
    panels[0][0].set_ylabel("10¹² operations a second")
    made.legend(loc="outside upper center", ncols=3)
    return made


def plot_predicted(
    names: Sequence[str], predicted_ms: Sequence[float], published_ms: Sequence[float], fitted: Sequence[bool]
) -> Figure:
    """Predicted against published latencies, on logarithmic axes.

    Args:
        names: Of the nets.
        predicted_ms: By the model.
        published_ms: By the maker.
        fitted: Whether a net was used to fit the model's constant.
    """
    made, axes = figure(figsize=(6.2, 4.6))
    ends = (0.15, 600)
    axes.plot(ends, ends, color=COLORS["float32"], lw=1)
    axes.fill_between(ends, [e / 1.25 for e in ends], [e * 1.25 for e in ends], color=COLORS["float32"], alpha=0.12)
    for name, guess, real, own in zip(names, predicted_ms, published_ms, fitted, strict=True):
        face = "white" if own else COLORS["int8"]
        axes.plot(real, guess, "D", color=COLORS["int8"], mfc=face, mew=1.4, ms=6)
        if not 1 / 1.25 < guess / real < 1.25:
            # To the right, unless another point stands there; then to the left, above or below that one's label.
            near = [
                g
                for r, g in zip(published_ms, predicted_ms, strict=True)
                if 1 < r / real < 1.6 and 0.7 < g / guess < 1.4
            ]
            left = guess > real or bool(near)
            down = -4 if not near else 4 if guess >= max(near) else -10
            label(axes, name, (real, guess), offset=(-7 if left else 7, down), ha="right" if left else "left")
    axes.plot([], [], "D", color=COLORS["int8"], mfc="white", mew=1.4, ls="none", label="fitted on")
    axes.plot([], [], "D", color=COLORS["int8"], ls="none", label="predicted")
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="published (ms)", ylabel="model (ms)")
    axes.legend(loc="upper left")
    return made


def plot_operator_cycles(estimates: Mapping[str, VelaEstimate]) -> Figure:
    """Cycles operator by operator, a panel a model; the colour says what the operator waits for.

    Args:
        estimates: By panel title.
    """
    from matplotlib.patches import Patch

    made, panels = figure(len(estimates), 1, figsize=(6.4, 1.9 * len(estimates) + 0.5), squeeze=False)
    met: list[str] = []
    for axes, (title, estimate) in zip(panels[:, 0], estimates.items(), strict=True):
        shown = [op for op in estimate.operators if op.cycles]
        met += [op.bound_by for op in shown]
        for i, op in enumerate(shown):
            axes.bar(i, op.cycles / 1e3, 0.85, color=BOUND_COLORS[op.bound_by], hatch=BOUND_HATCHES[op.bound_by])
        deep = [i for i, op in enumerate(shown) if layer_kind(op.operator) == "depthwise"]
        top = max(op.cycles for op in shown) / 1e3
        axes.plot(deep, [shown[i].cycles / 1e3 + 0.07 * top for i in deep], "v", color="#333333", ms=4.5)
        axes.set(title=title, ylabel="10³ cycles", xticks=[], ylim=(0, 1.2 * top))
        axes.margins(x=0.01)
    panels[-1, 0].set_xlabel("operators in their order; ▾ depthwise")
    handles = [Patch(facecolor=c, hatch=BOUND_HATCHES[b], label=b) for b, c in BOUND_COLORS.items() if b in met]
    made.legend(handles=handles, loc="outside upper center", ncols=len(handles), title="waits for")
    return made
