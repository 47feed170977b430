"""The sections of the report's page, each made of the JSON; a row that has no value says why."""

from __future__ import annotations

from typing import Any

from efficient_ai.report.judging import EXACT_DB
from efficient_ai.report.markup import folded, paragraph, section, table
from efficient_ai.report.verdicts import count, good_enough, signed, size

MOST_ROWS = 15
BASIS = {
    "labels": "Accuracy is judged by the labels in y.",
    "data": "There are no labels, so each variant is held against what the source itself answers.",
    "noise": "There is no data, so each variant is held against the source on seeded noise: that finds broken "
    "variants, and says little of how good they are on real inputs. Pass --data FILE.npz to know more.",
}
PRUNED = (
    "Pruning sets the smallest weights to zero and clustering lets the weights of a layer share a few values, both "
    "without the training that usually follows and mends most of the loss: take their quality for a lower end. The "
    ".tflite file stores zeros and shared values in full; what they save shows through DEFLATE, or stored in a form "
    "of its own (efficient-ai compress)."
)


def what(document: dict[str, Any], drawing: str) -> str:
    """Inputs, outputs, and the cost table."""
    cost, model = document["cost"], document["model"]
    tensors = [
        (one["name"], role, "×".join("?" if s < 0 else str(s) for s in one["shape"]), one["dtype"])
        for role, side in (("input", "inputs"), ("output", "outputs"))
        for one in document[side]
    ]
    parts = [table("Inputs and outputs at batch 1", ("name", "role", "shape", "type"), tensors)]
    if cost["basis"] is None:
        params = f"It has {cost['params']:,} parameters." if cost["params"] is not None else ""
        parts.append(paragraph(params, f"What its layers cost can't be counted: {cost['reason']}."))
    else:
        parts.append(
            paragraph(
                f"{cost['params']:,} parameters in {size(cost['weight_bytes'])} of weights, "
                f"{count(cost['macs'])} multiply-accumulates, and {size(cost['peak_activation_bytes'])} of activations "
                f"at the peak (an estimate), counted by {cost['basis']}.",
            )
        )
    if cost["unknown_operators"]:
        names = ", ".join(cost["unknown_operators"])
        parts.append(paragraph(f"Not counted, for the counter doesn't know them: {names}. The sums are lower bounds."))
    parts.append(drawing)
    rows = [
        (
            one["name"],
            one["operator"],
            "×".join(map(str, one["output_shape"])),
            f"{one['params']:,}",
            f"{one['macs']:,}",
            f"{one['weight_bytes']:,}",
            f"{one['output_bytes']:,}",
        )
        for one in cost["layers"]
    ]
    headings = ("layer", "operator", "output", "parameters", "MACs", "weight bytes", "output bytes")
    listed = table("Cost, operator by operator, at batch 1", headings, rows)
    parts.append(listed if len(rows) <= MOST_ROWS else folded(f"All {len(rows)} operators", listed))
    file = f"{model['file']}, {size(model['size_bytes'])}" if model["size_bytes"] else model["file"]
    return section("What it is", paragraph(f"Read from {file}."), *parts)


def variants(document: dict[str, Any], drawing: str) -> str:
    """Each variant's sizes, or why it wasn't made."""
    rows, chosen = [], []
    for number, row in enumerate(document["variants"]):
        if row["name"] == document["choice"]["variant"] and len(document["variants"]) > 1:
            chosen.append(number)
        if "size_bytes" not in row:
            rows.append((row["name"], "–", "–", "–", row["reason"]))
            continue
        stored = f"{row['stored_bytes'] / 1024:,.1f}" if row["stored_bytes"] else "–"
        sizes = [f"{row[key] / 1024:,.1f}" for key in ("size_bytes", "deflate_bytes")]
        rows.append((row["name"], *sizes, stored, _note(row, document)))
    headings = ("variant", "file (KiB)", "DEFLATE (KiB)", "stored (KiB)", "remarks")
    listed = table("Sizes of the variants; the marked one is the one to take", headings, rows, chosen=chosen, wide=(4,))
    treated = any(row["technique"] in ("pruned", "clustered") for row in document["variants"])
    return section("Variants", listed, drawing, paragraph(PRUNED if treated else ""))


def _note(row: dict[str, Any], document: dict[str, Any]) -> str:
    said = []
    if "sparsity" in row:
        said.append(f"{row['sparsity']:.0%} of the kernels' weights are zero")
    if "bits" in row:
        said.append(f"at most {2 ** row['bits']} values a layer")
    params = document["cost"].get("params")
    if row["treated_params"] and params and row["treated_params"] < 0.9 * params:
        said.append(f"treats {row['treated_params'] / params:.0%} of the parameters")
    if row["custom_operators"]:
        names = ", ".join(row["custom_operators"])
        said.append(f"operators that few interpreters have: {names}")
    uncounted = [name for name in row["unknown_operators"] if not name.startswith("CUSTOM ")]
    if uncounted:
        said.append(f"not counted: {', '.join(uncounted)}")
    return "; ".join(said)


def quality(document: dict[str, Any], drawing: str) -> str:
    """How good the variants are, and on what they were judged."""
    found = document["quality"]
    parts = [paragraph(BASIS[found["basis"]], f"{found['reason'].capitalize()}." if found["reason"] else "")]
    judged = f"{found['examples']} examples judge, none of which calibrates."
    if any(row["precision"] == "int8" and "size_bytes" in row for row in document["variants"]):
        judged += f" {found['calibration_examples']} others gave int8 its ranges."
    parts.append(paragraph(judged, f"The reference is {found['reference']}."))
    rows = []
    for row in document["variants"]:
        one = row.get("quality")
        if not one:
            continue
        if "reason" in one:
            rows.append((row["name"], "–", "–", "–", "–", one["reason"]))
            continue
        db = ", ".join(
            "–" if value is None else "exact" if value >= 200 else f"{value:.1f}" for value in one["sqnr_db"]
        )
        word = ("good", "good") if good_enough(row, found["basis"]) else ("check", "bad")
        rows.append(
            (row["name"], _share(one["accuracy"]), _points(one["accuracy_change"]), _share(one["agreement"]), db, word)
        )
    headings = ("variant", "accuracy (%)", "against the source (points)", "same class (%)", "SQNR (dB)", "verdict")
    if all(row[1] == "–" for row in rows):  # no labels
        headings, rows = (headings[0], *headings[3:]), [(row[0], *row[3:]) for row in rows]
    caption = "Quality of the variants, with 95% bootstrap intervals; SQNR is each output's signal over its error"
    return section("Quality", *parts, table(caption, headings, rows, wide=(len(headings) - 1,)), drawing)


def _decibels(value: float | None) -> str:
    return "–" if value is None else "exact" if value >= EXACT_DB else f"{value:.1f}"


def _share(found: dict[str, Any] | None) -> str:
    return f"{100 * found['value']:.1f} ({100 * found['low']:.1f}–{100 * found['high']:.1f})" if found else "–"


def _points(found: dict[str, Any] | None) -> str:
    if not found:
        return "–"
    return f"{signed(100 * found['value'])} ({signed(100 * found['low'])} to {signed(100 * found['high'])})"


def latency(document: dict[str, Any], drawing: str) -> str:
    """Percentiles by variant and engine; what isn't installed or was refused stands by name."""
    timed = [row for row in document["latency"] if "p50_ms" in row]
    rows = [
        (
            f"{row['variant']}, {row['engine']}",
            f"{row['p50_ms']:.3g}",
            f"{row['p90_ms']:.3g}",
            f"{row['p99_ms']:.3g}",
            _times(row["times_float32"]),
            f"{row['runs']}",
            row["delegate"],
        )
        for row in timed
    ]
    how = ""
    if timed:
        one = timed[0]
        how = (
            f"Timed on {one['cpu']}, {one['threads']} thread{'s' if one['threads'] > 1 else ''}, one inference at a "
            f"time, all in turn in {one['rounds']} rounds after {one['warmup']} warm-ups each. Another machine, or "
            "the same one when it is busy, gives other times."
        )
    headings = ("variant and engine", "p50 (ms)", "p90 (ms)", "p99 (ms)", "times float32", "runs", "delegate")
    caption = "Latency; the ratio of medians to float32 on the same engine has a 95% bootstrap interval"
    others = [
        (f"{row.get('variant', 'all variants')}, {row['engine']}", row.get("reason") or _install(row))
        for row in document["latency"]
        if "p50_ms" not in row
    ]
    return section(
        "Latency on this machine",
        paragraph(how or "No engine here could time it."),
        drawing,
        table(caption, headings, rows),
        table("Not timed", ("variant and engine", "reason"), others, wide=(1,)),
    )


def _install(row: dict[str, Any]) -> str:
    return f"not installed: {row['install_command']}"


def _times(found: dict[str, float] | None) -> str:
    return f"{found['value']:.2f} ({found['low']:.2f}–{found['high']:.2f})" if found else "–"


def boards(document: dict[str, Any], drawing: str) -> str:
    """Memory on a microcontroller, an accelerator's estimate, modelled energy, and where each variant fits."""
    made = [row for row in document["variants"] if "size_bytes" in row]
    if not made:
        return section("On a microcontroller", paragraph("There is no file that could run on one."))
    rows, reasons = [], []
    for row in made:
        arena, vela, energy = row["arena"], row["vela"], row["energy"]
        planned = f"{row['plan']['planned_bytes'] / 1024:,.1f}" if "planned_bytes" in row["plan"] else "–"
        bound = "≥ " if energy["lower_bound"] else ""
        rows.append(
            (
                row["name"],
                f"{arena['arena_bytes'] / 1024:,.1f}" if "arena_bytes" in arena else "–",
                planned,
                f"{vela['latency_ms']:.3g}" if "latency_ms" in vela else "–",
                f"{bound}{energy['total_uj']:.3g}",
            )
        )
        for what_for, one in (("arena", arena), ("Vela", vela), ("memory plan", row["plan"])):
            if "reason" in one:
                told = _install(one) if "install_command" in one else one["reason"]
                reasons.append((f"{row['name']}, {what_for}", told))
            elif one.get("on_cpu"):
                names = ", ".join(sorted(set(one["on_cpu"])))
                reasons.append((f"{row['name']}, {what_for}", f"{len(one['on_cpu'])} stay on the processor: {names}"))
    accelerator = next((row["vela"]["accelerator"] for row in made if "accelerator" in row["vela"]), "Ethos-U")
    headings = ("variant", "arena (KiB)", "activations (KiB)", f"{accelerator} (ms)", "energy (µJ)")
    caption = (
        "Memory in TensorFlow Lite Micro, the memory plan of the activations alone, Vela's estimate of an accelerator, "
        "and modelled energy of arithmetic and memory at 45 nm, which is for ratios only"
    )
    devices = [
        (
            one["name"],
            size(one["storage_bytes"]) if one["storage_bytes"] else "external",
            size(one["memory_bytes"]),
            *(_fits(row["devices"][number]) for row in made),
        )
        for number, one in enumerate(made[0]["devices"])
    ]
    return section(
        "On a microcontroller",
        table(caption, headings, rows),
        drawing,
        table(
            "Where it fits: the file into the flash, the arena into the memory, with nothing left for the rest",
            ("device", "flash", "memory", *(row["name"] for row in made)),
            devices,
        ),
        folded("Why a cell is empty", table("Reasons", ("variant and figure", "reason"), reasons, wide=(1,))),
    )


def _fits(one: dict[str, Any]) -> tuple[str, str]:
    return ("fits", "good") if one["fits"] else (_short(one["short_of"]), "soft")


def _short(of: list[str]) -> str:
    return "not known" if of == ["not known"] else f"no: {', '.join(of)}"
