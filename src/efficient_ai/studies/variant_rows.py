"""The record of the study `variants` as rows to compare and to choose from, each figure with its method."""

from __future__ import annotations

from typing import Any

from efficient_ai.decide import Budget, Figure, Row
from efficient_ai.decide.figures import KIB, PERCENTS, battery_figure, board_figures
from efficient_ai.errors import EfficientAIError
from efficient_ai.studies import record

TASKS = ("fashion_mnist", "keywords")


def entries(task: str) -> dict[str, dict[str, Any]]:
    """What the record holds of each variant of a task, by name.

    Args:
        task: "fashion_mnist" or "keywords".

    Raises:
        EfficientAIError: If there is no such task, or the study has not been run.
    """
    if task not in TASKS:
        raise EfficientAIError(f"there are no variants for {task!r} (known: {', '.join(TASKS)})")
    shards = [*record("variants").entries, *(record("button_nets").entries if task == "keywords" else ())]
    found = [variant for shard in shards for variant in shard.get("variants", ())]
    return {v["name"]: v for v in found if v["family"].startswith("ds_cnn") == (task == "keywords")}


def rows(task: str, budget: Budget | None = None) -> tuple[Row, ...]:
    """All variants of a task with their figures.

    Args:
        task: "fashion_mnist" or "keywords".
        budget: Where one is given, energy and latency that it wants modelled are those of its device, where results
            of it are published, the battery's life is added, and the price of its device. Without one, energy is that
            of arithmetic and memory at 45 nm.

    Returns:
        Rows in the record's order. What can't be had has no value, and says why.

    Raises:
        EfficientAIError: If there is no such task, or the study has not been run.
    """
    kept = record("variants")
    timed = next((shard for shard in kept.entries if "latencies" in shard), {"latencies": {}, "cpu": ""})
    found = []
    for name, entry in entries(task).items():
        figures = _figures(entry, kept.date) | _latencies(timed, name, kept.date)
        found.append(Row(name, entry["technique"], figures | (_on_device(entry, budget) if budget else {})))
    return tuple(found)


def _figures(entry: dict[str, Any], date: str) -> dict[str, Figure]:
    tested = f"{entry['count']:,} test examples on litert; study of {date}"
    shares = [h / n for h, n in zip(entry["class_hits"], entry["class_counts"], strict=True)]
    arena, planned = entry["arena_bytes"], entry["planned_bytes"]
    width = "int8" if entry["precision"] not in ("float32", "float16") else "float32"
    ram = (
        Figure(planned / KIB, "computed", "memory plan alone; TensorFlow Lite Micro refuses the file", True)
        if arena is None
        else Figure(arena / KIB, "computed", "arena of TensorFlow Lite Micro")
    )
    figures = {
        "flash_kib": Figure(entry["size_bytes"] / KIB, "computed", "size of the .tflite file"),
        "download_kib": Figure(entry["compressed_bytes"] / KIB, "computed", "the .tflite file through DEFLATE"),
        "ram_kib": ram,
        "mega_macs": Figure(entry["macs"] / 1e6, "computed", "counted operator by operator"),
        "energy_mj_per_inference": _energy(entry, width),
        "accuracy": Figure(entry["hits"] / entry["count"], "measured", tested),
        "worst_class_accuracy": Figure(min(shares), "measured", tested),
        "calibration_error": Figure(entry["calibration_error"], "measured", f"15 bins; {tested}"),
    }
    if "noisy_accuracy" in entry:
        how = f"noise, blur, darkness and rain, weak and strong, on 500 test pictures; study of {date}"
        figures["noisy_accuracy"] = Figure(entry["noisy_accuracy"], "measured", how)
    if "recall" in entry:
        how = f"threshold {entry['threshold']:.1f} nats, from another stream; study of {date}"
        figures["recall"] = Figure(entry["recall"], "measured", how)
        rate = entry["false_accepts"] / entry["hours"]
        heard = f"{entry['false_accepts']} in {entry['hours']:.0f} h of a stream; {how}"
        figures["false_accepts_per_hour"] = Figure(rate, "measured", heard)
    return figures


def _energy(entry: dict[str, Any], width: str) -> Figure:
    """The energy at 45 nm; the record took some int8 nets, whose biases outweigh their weights, for float32."""
    if entry["precision"] == "int8" and not entry["int8"]:
        return Figure(None, "modelled", "the record has it for float32 arithmetic only")
    return Figure(entry["energy_uj"] / 1_000, "modelled", f"{width} arithmetic and memory at 45 nm alone: for ratios")


def _latencies(timed: dict[str, Any], name: str, date: str) -> dict[str, Figure]:
    found = timed["latencies"].get(name)
    if found is None:
        return {key: Figure(None, "measured", "litert refuses the file, or it was not timed") for key in PERCENTS}
    how = f"{found['runs']} runs on litert, 1 thread, {timed['cpu']}: the machine of the study, {date}"
    return {key: Figure(found[key.removeprefix("latency_")], "measured", how) for key in PERCENTS}


def _on_device(entry: dict[str, Any], budget: Budget) -> dict[str, Figure]:
    device = budget.device
    price = f"{device.price_source}, {device.price_date}" if device.price_usd is not None else "the price is not known"
    found = {"price_usd": Figure(device.price_usd, "computed", price)}
    modelled = board_figures(device, entry["macs"], int8=entry["precision"] == "int8")
    if "energy" in modelled:
        found["energy_mj_per_inference"] = modelled["energy"]
        found["battery_days"] = battery_figure(budget, modelled["energy"], modelled["latency"], entry["name"])
    wants = {limit.key for limit in budget.limits if limit.kind == "modelled"}
    return found | {key: modelled["latency"] for key in PERCENTS if key in wants}
