"""Figures of what happens inside an interpreter: where tensors lie in memory, and what the parts of a model take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.cost import MemoryPlan
    from efficient_ai.records import PartCost

KIB = 1024


def plot_memory_plan(
    plans: Mapping[str, MemoryPlan], limits: Mapping[str, float], *, label_share: float = 0.1
) -> Figure:
    """Memory plans as charts of boxes: a tensor from its first step to its last, at its addresses.

    Args:
        plans: By title, a panel each; all are drawn to the same height.
        limits: By name, bytes that a device has or a part of it: dashed lines.
        label_share: Boxes at least this share of the plan high say how many KiB they take.
    """
    from matplotlib.patches import Rectangle

    made, panels = figure(1, len(plans), figsize=(6.4, 3.6), sharey=True, squeeze=False)
    ceiling = max([*(plan.planned_bytes for plan in plans.values()), *limits.values()])
    for axes, (title, plan) in zip(panels[0], plans.items(), strict=True):
        for tensor in plan.tensors:
            width = tensor.last_step - tensor.first_step + 1
            axes.add_patch(
                Rectangle(
                    (tensor.first_step - 0.5, tensor.offset_bytes / KIB),
                    width,
                    tensor.size_bytes / KIB,
                    facecolor=COLORS["clustered"] if width <= 2 else COLORS["dynamic_int8"],
                    edgecolor="white",
                    alpha=0.8,
                    lw=1,
                )
            )
            if tensor.size_bytes >= label_share * plan.planned_bytes and len(plan.steps) <= 40 * width:
                middle = (tensor.first_step - 0.5 + width / 2, (tensor.offset_bytes + tensor.size_bytes / 2) / KIB)
                axes.annotate(f"{tensor.size_bytes / KIB:.0f}", middle, ha="center", va="center", fontsize=8)
        for name, size in limits.items():
            axes.axhline(size / KIB, color="#D55E00", ls="--", lw=1.2)
            axes.annotate(
                name, (-0.4, size / KIB), xytext=(2, 3), textcoords="offset points", fontsize=8, color="#333333"
            )
        axes.axhline(plan.lower_bound_bytes / KIB, color="#333333", ls=":", lw=1.2)
        axes.set(xlabel=f"operator ({title})", xlim=(-0.5, len(plan.steps) - 0.5), ylim=(0, 1.12 * ceiling / KIB))
        axes.grid(visible=False, axis="x")
    panels[0][0].set_ylabel("address (KiB)")
    return made


def plot_parts(parts: Mapping[str, Sequence[PartCost]], names: Sequence[str]) -> Figure:
    """What each part of a model takes, in microseconds, a bar a precision, with its interval.

    Args:
        parts: By precision; all have the same parts.
        names: What to call the parts.
    """
    made, axes = figure(figsize=(6.4, 3.4))
    height = 0.8 / len(parts)
    for line, (precision, rows) in enumerate(parts.items()):
        places = [row + (line - (len(parts) - 1) / 2) * height for row in range(len(rows))]
        values = [1e3 * row.time_ms.value for row in rows]
        below = [max(0.0, 1e3 * (row.time_ms.value - row.time_ms.low)) for row in rows]
        above = [max(0.0, 1e3 * (row.time_ms.high - row.time_ms.value)) for row in rows]
        hatch = "" if line == 0 else "//"
        axes.barh(places, values, 0.92 * height, color=COLORS[precision], label=precision, hatch=hatch, ec="white")
        axes.errorbar(values, places, xerr=[below, above], fmt="none", ecolor="black", lw=1, capsize=2)
        for place, value, up in zip(places, values, above, strict=True):
            axes.annotate(
                f"{value:.1f}".replace("-", "−"),
                (max(value, 0) + up, place),
                xytext=(4, -3),
                textcoords="offset points",
                fontsize=8,
            )
    axes.set_yticks(range(len(names)), names, fontsize=8.5)
    axes.invert_yaxis()
    axes.set(xlabel="microseconds (estimate: difference of cut files)")
    axes.margins(x=0.12)
    axes.legend(loc="lower right")
    return made
