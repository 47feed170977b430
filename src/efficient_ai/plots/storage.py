"""Figures of Deep Compression: where the bytes of a file are, and how few of them still hold the accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, MARKERS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PART_COLORS = ("#0072B2", "#009E73", "#E69F00", "#CC79A7", "#999999", "#000000")
PART_HATCHES = ("", "//", "..", "xx", "", "\\\\")


def plot_gap_bits(bits: Sequence[int], sizes: Mapping[str, Sequence[float]], bound: float) -> Figure:
    """What sparse indices cost, against the bits of a gap.

    Args:
        bits: Along the axis.
        sizes: Bytes by way of coding, a value for each of `bits`.
        bound: Bytes that no code of chance places goes below.
    """
    made, axes = figure()
    styles = (("o", "-", COLORS["pruned"]), ("s", "--", COLORS["clustered"]))
    for (name, values), (marker, line, color) in zip(sizes.items(), styles, strict=True):
        axes.plot(bits, [v / 1024 for v in values], marker=marker, ls=line, color=color, label=name)
    axes.axhline(bound / 1024, color="#666666", ls=":", lw=1.5, label="bound")
    axes.set(xlabel="bits of a gap", ylabel="KiB", ylim=(0, None))
    axes.legend(loc="lower right")
    return made


def plot_codebook(weights: np.ndarray, codebooks: Mapping[str, np.ndarray]) -> Figure:
    """The weights of a layer, and the values that they share, a row a codebook.

    Args:
        weights: Those that are not zero, any shape.
        codebooks: Values by name.
    """
    made, (top, bottom) = figure(2, 1, figsize=(6.4, 3.4), sharex=True, height_ratios=(1.6, 1))
    top.hist(np.ravel(weights), 120, color=COLORS["pruned"])
    top.set(ylabel="weights")
    for row, values in enumerate(codebooks.values()):
        bottom.vlines(values, row + 0.12, row + 0.88, color=COLORS["clustered"], lw=2)
    bottom.set_yticks([i + 0.5 for i in range(len(codebooks))], list(codebooks))
    bottom.tick_params(axis="y", length=0)
    bottom.grid(visible=False)
    bottom.set(xlabel="weight", ylim=(len(codebooks), 0))
    return made


def plot_code_lengths(streams: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """The bits of each symbol's code, against how often the symbol occurs.

    Args:
        streams: By name, how often each symbol occurs and the bits of its code, (symbols,) both.
    """
    made, axes = figure()
    styles = (("o", COLORS["pruned"], COLORS["pruned"]), ("X", COLORS["clustered"], "white"))
    lowest = 1.0
    for (name, (counts, lengths)), (marker, color, face) in zip(streams.items(), styles, strict=True):
        share = np.asarray(counts) / np.sum(counts)
        used = share > 0
        lowest = min(lowest, float(share[used].min()))
        axes.plot(share[used], np.asarray(lengths)[used], marker, color=color, mfc=face, ms=5, ls="none", label=name)
    line = np.geomspace(lowest, 1, 100)
    axes.plot(line, -np.log2(line), color="#999999", lw=1.2, label="−log₂ of the share")
    axes.set(xscale="log", xlabel="share of the symbol in its stream", ylabel="bits of its code", ylim=(0, None))
    axes.legend()
    return made


def plot_bytes(files: Mapping[str, Mapping[str, int]]) -> Figure:
    """Where the bytes of files are: a bar a file, a piece a part.

    Args:
        files: Bytes by part, by file; all files have the same parts.
    """
    made, axes = figure(figsize=(6.8, 0.55 * len(files) + 1.7))
    parts = list(next(iter(files.values())))
    start = np.zeros(len(files))
    for part, color, hatch in zip(parts, PART_COLORS, PART_HATCHES, strict=True):
        widths = np.array([content[part] / 1024 for content in files.values()])
        axes.barh(
            range(len(files)), widths, left=start, color=color, hatch=hatch, edgecolor="white", lw=0.5, label=part
        )
        start += widths
    for row, total in enumerate(start):
        label(axes, f"{total:.1f}", (total, row), offset=(5, -3))
    axes.set_yticks(range(len(files)), list(files))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.1)
    axes.set(xlabel="KiB")
    made.legend(loc="outside upper center", ncols=3, fontsize=8.5)
    return made


def plot_ratio(
    curves: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]],
    papers: Mapping[str, tuple[float, float]],
    chosen: Mapping[str, tuple[float, float]],
    equally_long: Mapping[str, float],
    title: str = "study",
) -> Figure:
    """Accuracy against compression, a panel a network: how far the file shrinks before the accuracy does.

    Args:
        curves: By network, by codebook, pairs of (compression ratio, points against the dense net).
        papers: By network, the published pair.
        chosen: By network, the pair that is ringed.
        equally_long: By network, the points that training the dense net as long gives.
        title: Says what kind of run this is.
    """
    made, panels = figure(1, len(curves), figsize=(7.2, 3.4), sharey=True, squeeze=False)
    shades = ("#0072B2", "#56B4E9", "#004466")
    for axes, (network, by_bits) in zip(panels[0], curves.items(), strict=True):
        axes.axhline(0, color=COLORS["float32"], lw=1.2)
        axes.axhline(equally_long[network], color=COLORS["float32"], lw=1.2, ls=":", label="dense, trained as long")
        for (bits, points), color, marker in zip(by_bits.items(), shades, ("X", "o", "^"), strict=False):
            x, y = np.array(sorted(points)).T
            axes.plot(x, y, marker=marker, color=color, ls="-", lw=1.1, ms=5.5, label=bits)
        ratio, points = papers[network]
        axes.plot(
            ratio, points, MARKERS["combined"], color=COLORS["clustered"], mfc="white", ms=8, label="Han, on MNIST"
        )
        axes.plot(*chosen[network], "o", color=COLORS["combined"], mfc="none", ms=13, label="chosen on validation")
        axes.set(xscale="log", xlabel="times smaller than 4 bytes a parameter", title=f"{network}, {title}")
        axes.set_xticks(
            ticks := [t for t in (20, 40, 80, 160, 320) if t < 1.3 * max(max(p)[0] for p in by_bits.values())]
        )
        axes.set_xticks([], minor=True)
        axes.set_xticklabels([f"{t}×" for t in ticks], fontsize=8)
    panels[0][0].set_ylabel("points against the dense net")
    made.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8.5)
    return made
