"""The report's figures as SVG that can stand inline in a page, several of them in one."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from efficient_ai.cost import MemoryPlan, PlacedTensor
from efficient_ai.report.markup import text
from efficient_ai.report.verdicts import signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LAYERS = 12
KIB = 1024


def inline(figure: Figure, key: str, alt: str) -> str:
    """A figure as an SVG element.

    Args:
        figure: A closed figure.
        key: Stands before each of its identifiers, so that several figures may stand in one page.
        alt: What it shows, for those who don't see it.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of characters that the font doesn't have
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = buffer.getvalue().decode()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", drawn, flags=re.S)
    drawn = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', drawn)
    drawn = re.sub(r'(xlink:href="#|url\(#)', rf"\1{key}-", drawn)
    drawn = re.sub(r'^(<svg[^>]*?) width="[^"]*"', r"\1", drawn, count=1)
    drawn = re.sub(r'^(<svg[^>]*?) height="[^"]*"', r"\1", drawn, count=1)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{text(alt)}"', 1).strip()


def _unread(name: str) -> str:
    """A name that the drawing library doesn't take for a formula."""
    return "".join(mark if mark.isprintable() else " " for mark in name).replace("$", r"\$")


def operators(document: dict[str, Any]) -> tuple[str, str]:
    """The layers that take most, and the sentence that says so; nothing where there is one layer."""
    from efficient_ai import plots

    layers = document["cost"]["layers"]
    totals = {
        "multiply-accumulates": sum(one["macs"] for one in layers),
        "bytes of weights": sum(one["weight_bytes"] for one in layers),
    }
    totals = {name: total for name, total in totals.items() if total}
    if not totals or len(layers) < 2:
        return "", ""
    keys = {"multiply-accumulates": "macs", "bytes of weights": "weight_bytes"}
    most = sorted(range(len(layers)), key=lambda i: -max(layers[i][keys[n]] / t for n, t in totals.items()))
    shown = sorted(most[:MOST_LAYERS])
    shares = {name: [layers[i][keys[name]] / total for i in shown] for name, total in totals.items()}
    names = [_unread(layers[i]["name"]) for i in shown]
    findings = []
    for name, total in totals.items():
        first = max(layers, key=lambda one: one[keys[name]])
        findings.append(f"{first['name']} has {first[keys[name]] / total:.0%} of the {name}")
    finding = f"{' and '.join(findings)}; the {len(shown)} layers that take most of {len(layers)} are shown."
    return inline(plots.plot_operator_costs(names, shares), "operators", f"Bars of shares by layer. {finding}"), finding


def sizes(document: dict[str, Any]) -> tuple[str, str]:
    """The variants' sizes, and which is the smallest."""
    from efficient_ai import plots

    made = [row for row in document["variants"] if "size_bytes" in row]
    if len(made) < 2:
        return "", ""
    forms = {"file": "size_bytes", "through DEFLATE": "deflate_bytes", "stored": "stored_bytes"}
    by = {row["name"]: {form: row[key] for form, key in forms.items()} for row in made}
    small = min(made, key=lambda row: row["size_bytes"])
    large = max(made, key=lambda row: row["size_bytes"])
    finding = f"{small['name']} is the smallest file, {small['size_bytes'] / large['size_bytes']:.2f} times the largest"
    stored = [row for row in made if row["stored_bytes"]]
    if stored:
        least = min(stored, key=lambda row: row["stored_bytes"])
        finding += f"; {least['name']} takes {least['stored_bytes'] / KIB:.1f} KiB where only its weights are stored"
        finding += ", coded without zeros or by their shared values"
    return inline(plots.plot_variant_sizes(by), "sizes", f"Sizes by variant. {finding}."), f"{finding}."


def latency(document: dict[str, Any]) -> tuple[str, str]:
    """The variants' latency on each engine, and which is the fastest."""
    from efficient_ai import plots

    timed = [row for row in document["latency"] if "p50_ms" in row]
    if not timed:
        return "", ""
    by: dict[str, dict[str, tuple[float, float, float]]] = {}
    for row in timed:
        by.setdefault(row["variant"], {})[row["engine"]] = (row["p50_ms"], row["p90_ms"], row["p99_ms"])
    fast = min(timed, key=lambda row: row["p50_ms"])
    finding = (
        f"The lowest median is that of {fast['variant']} on {fast['engine']}: {fast['p50_ms']:.3g} ms "
        f"on this machine ({fast['cpu']}, {fast['threads']} thread{'s' if fast['threads'] > 1 else ''})."
    )
    return inline(plots.plot_own_latency(by), "latency", f"Latency by variant and engine. {finding}"), finding


def quality(document: dict[str, Any], good_db: float) -> tuple[str, str]:
    """How good the variants are by the size of their files."""
    from efficient_ai import plots

    judged = [row for row in document["variants"] if row.get("quality") and "reason" not in row["quality"]]
    if len(judged) < 2:
        return "", ""
    if all(row["quality"]["accuracy"] for row in judged):
        points = {row["name"]: (row["size_bytes"], 100 * row["quality"]["accuracy"]["value"]) for row in judged}
        worst = min(judged, key=lambda row: row["quality"]["accuracy"]["value"])
        least = min(judged, key=lambda row: row["size_bytes"])
        change = 100 * worst["quality"]["accuracy_change"]["value"]
        finding = (
            f"{least['name']}, the smallest file, has an accuracy of {points[least['name']][1]:.1f}%; "
            f"{worst['name']} has the lowest, {points[worst['name']][1]:.1f}%, {signed(change)} points from the "
            "source's."
        )
        drawn = plots.plot_own_quality(points, "accuracy (%)")
        return inline(drawn, "quality", f"Accuracy by size of the file. {finding}"), finding
    points = {
        row["name"]: (row["size_bytes"], min(100.0, *row["quality"]["sqnr_db"]))
        for row in judged
        if None not in row["quality"]["sqnr_db"]
    }
    if len(points) < 2:
        return "", ""
    worst = min(points, key=lambda name: points[name][1])
    finding = (
        f"{worst} moves the outputs most: they stay within {points[worst][1]:.0f} dB of the source's "
        f"(the dotted line is {good_db:.0f} dB, an error of a tenth; 100 dB stands for that and more)."
    )
    drawn = plots.plot_own_quality(points, "SQNR of the outputs (dB)", good_db)
    return inline(drawn, "quality", f"Signal to noise of the outputs by size of the file. {finding}"), finding


def memory(document: dict[str, Any]) -> tuple[str, str]:
    """Where the activations of one variant lie in memory."""
    from efficient_ai import plots

    found = document["memory_plan"]
    if not found or not found["tensors"]:
        return "", ""
    tensors = tuple(PlacedTensor("", *one) for one in found["tensors"])
    plan = MemoryPlan(tuple(found["steps"]), tensors, found["lower_bound_bytes"], found["alignment_bytes"])
    high = max(range(len(plan.steps)), key=lambda step: sum(_alive(t, step) for t in tensors))
    finding = (
        f"{found['variant']}: the activations need {plan.planned_bytes / KIB:.1f} KiB, and most of it at operator "
        f"{plan.steps[high]}; no plan can do with less than {plan.lower_bound_bytes / KIB:.1f} KiB (dotted line)."
    )
    share = 0.1 if plan.planned_bytes > 10 * KIB else 2.0  # whole KiB say nothing of a small one
    drawn = plots.plot_memory_plan({found["variant"]: plan}, {}, label_share=share)
    return inline(drawn, "memory", f"Memory plan. {finding}"), finding


def _alive(tensor: PlacedTensor, step: int) -> int:
    return tensor.size_bytes if tensor.first_step <= step <= tensor.last_step else 0
