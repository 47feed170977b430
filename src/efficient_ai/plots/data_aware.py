"""Figures of searching what a net hears together with the net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.metrics import pareto_front
from efficient_ai.plots.style import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALONE, TOGETHER = "architecture alone", "features and architecture"
LINES = {ALONE: (COLORS["float32"], MARKERS["float32"]), TOGETHER: (COLORS["distilled"], MARKERS["int8"])}


def plot_hearings(pictures: Mapping[str, np.ndarray]) -> Figure:
    """The same second, heard in several ways; time runs to the right, each picture in its own grey.

    Args:
        pictures: (frames, coefficients) by what stands above it.
    """
    columns = 2
    rows = -(-len(pictures) // columns)
    made, grid = figure(rows, columns, figsize=(6.4, 1.4 * rows + 0.2), squeeze=False)
    for axes, (name, picture) in zip(grid.flat, pictures.items(), strict=False):
        # The first coefficient is the loudness, which would drown the others.
        centred = (picture - picture.mean(axis=0)) / (picture.std(axis=0) + 1e-9)
        axes.imshow(centred.T, cmap="Greys", aspect="auto", origin="lower", interpolation="nearest")
        axes.set_title(name, fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
    for axes in grid.flat[len(pictures) :]:
        axes.set_visible(False)
    return made


def plot_spotters(points: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str = "study") -> Figure:
    """Accuracy against memory, with the spotters that no other of their group beats joined by a line.

    Args:
        points: By group (one of `LINES`): RAM in bytes, and accuracy as a fraction.
        title: Says what kind of run this is.
    """
    made, axes = figure(figsize=(5.8, 3.3))
    for name, (ram, accuracy) in points.items():
        color, marker = LINES[name]
        front = list(pareto_front(ram, accuracy))
        axes.plot(ram / 1024, 100 * accuracy, marker, ls="none", ms=4.5, color=color, mfc="white", alpha=0.8)
        axes.plot(ram[front] / 1024, 100 * accuracy[front], marker=marker, ms=4.5, lw=1.4, color=color, label=name)
    axes.set(xlabel="RAM: window, features and arena (KiB)", ylabel="test accuracy (%)", title=title)
    axes.legend(frameon=False, loc="lower right")
    return made


def plot_joint_search(
    panels: Mapping[str, Mapping[str, np.ndarray]], *, limits: Mapping[str, float], title: str = "study"
) -> Figure:
    """What replayed searches have found after each trial: the mean, and where the middle four fifths lie.

    Args:
        panels: By budget, by kind of search (one of `LINES`): test accuracies (replays, trials), fractions.
        limits: By budget: a test accuracy to draw a line at.
        title: Says what kind of run this is.
    """
    made, drawn = figure(1, len(panels), figsize=(6.4, 3.0), squeeze=False, sharey=True)
    for axes, (name, searches) in zip(drawn[0], panels.items(), strict=True):
        for kind, found in searches.items():
            color, _ = LINES[kind]
            trials = np.arange(1, found.shape[1] + 1)
            low, high = 100 * np.quantile(found, (0.1, 0.9), axis=0)
            axes.fill_between(trials, low, high, color=color, alpha=0.2, lw=0)
            axes.plot(trials, 100 * found.mean(axis=0), color=color, lw=1.8, label=kind)
        axes.axhline(100 * limits[name], color="#999999", lw=1, ls=":")
        axes.set(xlabel="nets trained", title=name)
    drawn[0][0].set_ylabel(f"test accuracy (%), {title}")
    made.legend(*drawn[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return made
