"""Figures of a report on one model: what its operators take, how large its variants are, and how long they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from efficient_ai.plots.style import COLORS, MARKERS, figure, label, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIB = 1024
ENGINE_HATCHES = ("", "//", "..", "xx", "--")


def technique_color(name: str) -> str:
    """The colour of a variant, by its technique or its precision."""
    words = name.split()
    return next((COLORS[word] for word in words if word in COLORS), COLORS["combined"])


def plot_operator_costs(names: Sequence[str], shares: Mapping[str, Sequence[float]]) -> Figure:
    """The shares that operators have of some sums, as bars beside one another.

    Args:
        names: Of the operators, from the top down.
        shares: By what is shared, a fraction for each operator; at most two.
    """
    made, axes = figure(figsize=(6.4, 1.2 + 0.27 * len(names)))
    height = 0.8 / len(shares)
    styles = ((COLORS["clustered"], ""), (COLORS["dynamic_int8"], "//"))
    for line, ((title, values), (color, hatch)) in enumerate(zip(shares.items(), styles, strict=False)):
        places = [row + (line - (len(shares) - 1) / 2) * height for row in range(len(names))]
        bars = [100 * value for value in values]
        axes.barh(places, bars, 0.95 * height, color=color, hatch=hatch, edgecolor="white", lw=0.3, label=title)
    axes.set_yticks(range(len(names)), [name if len(name) <= 34 else f"{name[:33]}…" for name in names], fontsize=8.5)
    axes.set(xlabel="share (%)", ylim=(len(names) - 0.4, -0.6), xlim=(0, None))
    axes.grid(visible=False, axis="y")
    made.legend(loc="outside upper center", ncols=2)
    return made


def plot_variant_sizes(sizes: Mapping[str, Mapping[str, float | None]]) -> Figure:
    """The bytes of variants on a logarithmic axis, a line a variant, a marker a form.

    Args:
        sizes: By variant, by form (at most four, the same for all) bytes, None where there is none.
    """
    made, axes = figure(figsize=(6.4, 1.1 + 0.36 * len(sizes)))
    forms = list(next(iter(sizes.values())))
    markers = dict(zip(forms, ("o", "D", "P", "s"), strict=False))
    every = [value / KIB for by in sizes.values() for value in by.values() if value]
    for row, (name, by) in enumerate(sizes.items()):
        known = [value / KIB for value in by.values() if value]
        axes.plot([min(known), max(known)], [row, row], color=technique_color(name), lw=1, alpha=0.5)
        for number, (form, value) in enumerate(by.items()):
            if value:
                face = technique_color(name) if number == 0 else "white"
                axes.plot(value / KIB, row, markers[form], color=technique_color(name), mfc=face, mew=1.5)
    for number, form in enumerate(forms):
        if any(by[form] for by in sizes.values()):
            face = COLORS["float32"] if number == 0 else "white"
            axes.plot([], [], markers[form], color=COLORS["float32"], mfc=face, mew=1.5, label=form)
    plain_log(axes.xaxis, min(every), max(every), marks=(1, 2, 5) if max(every) < 40 * min(every) else (1,))
    axes.set_xlim(0.8 * min(every), 1.25 * max(every))
    axes.set_yticks(range(len(sizes)), list(sizes))
    axes.set(xlabel="KiB", ylim=(len(sizes) - 0.4, -0.6))
    made.legend(loc="outside upper center", ncols=len(forms))
    return made


def plot_own_latency(rows: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """Latency of variants on engines: a mark at the median, a line up to the 99th percentile.

    Args:
        rows: By variant, by engine, p50, p90 and p99 in ms.
    """
    engines = list(dict.fromkeys(engine for by in rows.values() for engine in by))
    made, axes = figure(figsize=(6.4, 1.1 + 0.16 * sum(len(by) for by in rows.values()) + 0.22 * len(rows)))
    markers = dict(zip(engines, MARKERS.values(), strict=False))
    every = [value for by in rows.values() for times in by.values() for value in times]
    line, ticks = 0.0, []
    for name, by in rows.items():
        begin = line
        for engine, (p50, p90, p99) in by.items():
            color = technique_color(name)
            axes.plot([p50, p99], [line, line], color=color, lw=1, alpha=0.6)
            axes.plot([p90], [line], "|", color=color, ms=6)
            axes.plot([p50], [line], markers[engine], color=color, mfc="white", mew=1.4, ms=5.5)
            line += 1
        ticks.append((begin + line - 1) / 2)
        line += 0.8
    for engine in engines:
        axes.plot([], [], markers[engine], color=COLORS["float32"], mfc="white", mew=1.4, ls="none", label=engine)
    wide = max(every) > 40 * min(every)
    plain_log(axes.xaxis, min(every), max(every), marks=(1,) if wide else (1, 2, 5))
    axes.set_xlim(0.8 * min(every), 1.25 * max(every))
    axes.set_yticks(ticks, list(rows))
    axes.set(xlabel="latency (ms): p50, p90, p99", ylim=(line - 0.4, -1))
    axes.grid(visible=False, axis="y")
    made.legend(loc="outside upper center", ncols=min(4, len(engines)))
    return made


def plot_own_quality(points: Mapping[str, tuple[float, float]], axis: str, good: float | None = None) -> Figure:
    """Variants by the size of their file and by how good their answers are.

    Args:
        points: By variant, bytes of its file and the value.
        axis: What the value is, with its unit.
        good: A value to be reached: a dotted line.
    """
    made, axes = figure(figsize=(6.4, 3.0))
    heights = [value for _, value in points.values()]
    near = 0.05 * (max(heights) - min(heights)) or 1.0
    taken: list[tuple[float, float]] = []
    for name, (size, value) in sorted(points.items(), key=lambda item: -item[1][1]):
        words = name.split()
        marker = next((MARKERS[word] for word in words if word in MARKERS), MARKERS["combined"])
        axes.plot(size / KIB, value, marker, color=technique_color(name), ms=8)
        beside = sum(abs(value - y) <= near and 0.5 < size / x < 2 for x, y in taken)
        label(axes, name, (size / KIB, value), offset=(8, -3 - 11 * beside))
        taken.append((size, value))
    if good is not None:
        axes.axhline(good, color="#333333", ls=":", lw=1)
    sizes = [size / KIB for size, _ in points.values()]
    plain_log(axes.xaxis, min(sizes), max(sizes))
    axes.set_xlim(0.85 * min(sizes), 1.9 * max(sizes))
    axes.set(xlabel="file (KiB)", ylabel=axis)
    axes.margins(y=0.15)
    return made
