"""Figures of measuring: a queue's answers, a battery's days, an energy fit's errors, what each rule reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.plots.style import COLORS, figure, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.hardware.energy_fit import HeldOut
    from efficient_ai.measure.eembc import RuleScore
    from efficient_ai.measure.queueing import QueueRun

_HUES = ("float32", "int8", "pruned", "clustered", "distilled", "dynamic_int8")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))


def plot_queue(runs: Sequence[QueueRun]) -> Figure:
    """The share of answers that took longer than so many ms; a line at each run's deadline where they are one.

    Args:
        runs: Simulated streams; at most six.
    """
    made, axes = figure(figsize=(6.4, 3.4))
    for run, hue, line in zip(runs, _HUES, _LINES, strict=False):
        ordered = np.sort(run.responses_ms)
        later = 1 - np.arange(len(ordered)) / len(ordered)
        axes.step(ordered, later, where="post", color=COLORS[hue], ls=line, label=f"{run.name}: {run.miss_share:.1%}")
    for deadline in {run.deadline_ms for run in runs}:
        axes.axvline(deadline, color="#333333", lw=1, ls=":")
        label(axes, f"{deadline:g} ms", (deadline, 1.0))
    axes.set(xscale="log", yscale="log", xlabel="from arrival to answer (ms)", ylabel="share that takes longer")
    axes.legend(title="missed", fontsize=8.5)
    return made


def plot_discharge(traces: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """What is left in a battery, day by day.

    Args:
        traces: By name, days and joules; at most six.
    """
    made, axes = figure(figsize=(6.4, 3.2))
    for (name, (days, left)), hue, line in zip(traces.items(), _HUES, _LINES, strict=False):
        axes.plot(days, np.asarray(left) / 1e3, color=COLORS[hue], ls=line, label=f"{name}: {days[-1]:.0f} days")
    axes.set(xlabel="days", ylabel="energy left (kJ)", ylim=(0, None))
    axes.legend(fontsize=8.5)
    return made


def plot_held_out(predictions: Sequence[HeldOut]) -> Figure:
    """Each prediction against what was published, on logarithmic axes; the diagonal is no error.

    Args:
        predictions: Of `energy_fit.leave_one_out`, of any boards, per time and per MAC.
    """
    made, axes = figure(figsize=(5.6, 4.4))
    ends = [0.7 * min(p.published_uj for p in predictions), 1.5 * max(p.published_uj for p in predictions)]
    axes.plot(ends, ends, color=COLORS["float32"], lw=1)
    styles = {"time": ("o", COLORS["clustered"], "time"), "macs": ("s", COLORS["int8"], "MACs")}
    for per, (marker, color, name) in styles.items():
        shown = [one for one in predictions if one.per == per]
        if shown:
            xs, ys = [one.published_uj for one in shown], [one.modelled_uj for one in shown]
            axes.plot(xs, ys, marker, mfc="none", color=color, ls="none", label=f"modelled by {name}")
    axes.set(xscale="log", yscale="log", xlabel="published energy (µJ)", ylabel="modelled, task left out (µJ)")
    axes.legend()
    return made


def plot_rules(scores: Sequence[RuleScore], samples_ms: Sequence[float]) -> Figure:
    """The samples as a histogram, and on it what each rule reports of them.

    Args:
        scores: Of `eembc.rule_scores`.
        samples_ms: The same samples.
    """
    made, axes = figure(figsize=(6.4, 3.2))
    shown = np.asarray(samples_ms)
    shown = shown[shown <= max(np.percentile(shown, 99), 1.05 * max(score.latency_ms for score in scores))]
    axes.hist(shown, bins=60, color=COLORS["float32"], alpha=0.4)
    for score, hue, line in zip(scores, _HUES, _LINES, strict=False):
        text = f"{score.rule}: {score.latency_ms:.3g} ms"
        axes.axvline(score.latency_ms, color=COLORS[hue], ls=line, lw=1.6, label=text)
    axes.set(xlabel="latency (ms)", ylabel="samples")
    axes.legend(fontsize=8.5)
    return made
