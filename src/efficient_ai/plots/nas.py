"""Figures of architecture searches: the fronts that they find, and how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLERS = {
    "random": ("by lot", COLORS["float32"], MARKERS["float32"], ":"),
    "tpe": ("TPE", COLORS["pruned"], MARKERS["pruned"], "--"),
    "nsga2": ("NSGA-II", COLORS["clustered"], MARKERS["clustered"], "-"),
}
FAMILY = COLORS["int8"]


def plot_searches(
    fronts: Mapping[str, Sequence[Sequence[tuple[float, float]]]],
    family: Sequence[tuple[float, float]],
    covered: Mapping[str, np.ndarray],
) -> Figure:
    """What searches found, beside a family made by hand, and the hypervolume that they cover trial by trial.

    Args:
        fronts: By sampler, for each seed its front: (microseconds, accuracy as a fraction), by rising time.
        family: The same of the nets made by hand.
        covered: By sampler, (seeds, trials).
    """
    made, (left, right) = figure(1, 2, figsize=(6.4, 3.1))
    times = [time for many in fronts.values() for front in many for time, _ in front]
    for sampler, (name, color, marker, line) in SAMPLERS.items():
        for number, front in enumerate(fronts.get(sampler, ())):
            x, y = np.array(front).T
            label = name if not number else None
            left.plot(x, 100 * y, line, drawstyle="steps-post", lw=0.9, color=color, alpha=0.8)
            left.plot(x, 100 * y, marker, ms=3.5, color=color, alpha=0.8, label=label)
        if sampler in covered:
            many = np.asarray(covered[sampler])
            trials = np.arange(1, many.shape[1] + 1)
            right.fill_between(trials, many.min(axis=0), many.max(axis=0), color=color, alpha=0.18, lw=0)
            right.plot(trials, many.mean(axis=0), line, lw=1.6, color=color, label=name)
    x, y = np.array(sorted(family)).T
    left.plot(x, 100 * y, MARKERS["int8"], ls="-", lw=1.2, ms=5.5, color=FAMILY, mfc="white", label="by hand")
    plain_log(left.xaxis, min(*times, *x), max(*times, *x))
    left.set(xlabel="predicted time (µs)", ylabel="accuracy of the proxy (%)")
    right.set(xlabel="nets judged", ylabel="covered (doublings × points)")
    made.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return made
