"""Figures of quantization-aware training: a weight on a staircase, and what is lost with few bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.quantization import BITS
from efficient_ai.plots.style import COLORS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = {"qat": ("D", "-", BITS), "ptq": ("s", "--", "white"), "ptq corrected": ("^", ":", "white")}
NAMES = {"qat": "trained with the grid", "ptq": "rounded after training", "ptq corrected": "rounded, biases corrected"}


def plot_straight_through(stuck: np.ndarray, moving: np.ndarray, target: float) -> Figure:
    """One weight that is rounded to whole numbers: its loss, and two descents on it.

    Args:
        stuck: (steps, 2), the weight and its rounded value, with the true gradient.
        moving: The same with the straight-through gradient.
        target: What the rounded value should be.
    """
    made, (left, right) = figure(1, 2, figsize=(6.6, 2.9))
    weights = np.linspace(-1.45, 1.45, 1501)
    left.plot(weights, (np.rint(weights) - target) ** 2, ".", ms=1.6, color=COLORS["float32"], label="rounded")
    left.plot(weights, (weights - target) ** 2, "--", color=BITS, label="as if it were not")
    left.set(xlabel="weight w", ylabel="loss", ylim=(-0.15, 4.4))
    left.legend(markerscale=4)
    right.axhline(target, color="#999999", lw=1)
    label(right, "target", (0, target), offset=(2, 3))
    right.plot(stuck[:, 0], ":", color=COLORS["float32"], label="true gradient")
    right.plot(moving[:, 0], color=BITS, label="straight through")
    right.plot(moving[:, 1], drawstyle="steps-mid", color=BITS, lw=0.8, alpha=0.6, label="rounded")
    right.set(xlabel="step", ylabel="weight", ylim=(-1.2, 1.9))
    right.legend(loc="upper left", ncols=2, fontsize=8)
    return made


def plot_trained_bits(changes: Mapping[str, Mapping[str, Mapping[int, Sequence[float]]]]) -> Figure:
    """What fewer bits a weight change in a net's accuracy, trained with them or rounded afterwards.

    The axis is linear within a point of zero and logarithmic beyond.

    Args:
        changes: By net, by method of `LOOKS`, by bits: a change in percentage points against float32 for each seed.
    """
    made, panels = figure(1, len(changes), figsize=(3.3 * len(changes), 3.3), sharey=True, squeeze=False)
    for axes, (net, methods) in zip(panels[0], changes.items(), strict=True):
        bits = sorted(next(iter(methods.values())), reverse=True)
        axes.axhline(0, color=COLORS["float32"], lw=1.2)
        for shift, (method, found) in zip((0, -0.08, 0.08), methods.items(), strict=False):
            marker, line, face = LOOKS[method]
            places = [i + shift for i in range(len(bits))]
            axes.plot(places, [np.mean(found[b]) for b in bits], ls=line, color=BITS, lw=1.2)
            for at, b in zip(places, bits, strict=True):
                axes.plot([at] * len(found[b]), found[b], marker, color=BITS, mfc=face, ms=5.5)
            if axes is panels[0][0]:
                axes.plot([], [], marker=marker, ls=line, color=BITS, mfc=face, label=NAMES[method])
        axes.set_yscale("symlog", linthresh=1.0)
        axes.set_yticks([1, 0, -1, -10, -100], ["+1", "0", "−1", "−10", "−100"])
        axes.set_xticks(range(len(bits)), [str(b) for b in bits])
        axes.set(xlabel="bits of a weight", title=net, xlim=(-0.4, len(bits) - 0.6), ylim=(-100, 2))
    panels[0][0].set_ylabel("points against float32")
    made.legend(loc="outside upper center", ncols=3)
    return made
