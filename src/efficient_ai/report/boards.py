"""What a .tflite file would take elsewhere: memory on a microcontroller, an accelerator's estimate, modelled energy."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from efficient_ai import cost, engines, hardware
from efficient_ai.decide.figures import is_int8
from efficient_ai.engines import EngineFailed
from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.hardware import EnergyModel, vela
from efficient_ai.records import ModelCost, Variant

ACCELERATOR = "ethos-u55-128"


def counted(variant: Variant) -> dict[str, Any]:
    """Cost of a file: sums, operators by how often they occur, and those that not every interpreter has."""
    found = cost.count_file(variant.content)
    operators = Counter(layer.operator for layer in found.layers)
    return {
        "macs": found.macs,
        "params": found.params,
        "weight_bytes": found.weight_bytes,
        "peak_activation_bytes": found.peak_activation_bytes,
        "unknown_operators": list(found.unknown_operators),
        "operators": dict(operators.most_common()),
        "custom_operators": sorted({name.removeprefix("CUSTOM ") for name in operators if name.startswith("CUSTOM ")}),
    }


def plan(variant: Variant) -> dict[str, Any]:
    """Where the activations would lie, in bytes; or the reason why that can't be said."""
    try:
        found = cost.plan_memory(variant.content)
    except (BadModel, ValueError) as error:
        return {"reason": str(error)}
    return {"planned_bytes": found.planned_bytes, "lower_bound_bytes": found.lower_bound_bytes}


class Arenas:
    """Asks TensorFlow Lite Micro for arenas; files that differ in their weights' values alone are asked for once."""

    def __init__(self) -> None:
        self._known: dict[tuple, dict[str, Any]] = {}

    def of(self, variant: Variant) -> dict[str, Any]:
        """The arena's bytes, or the reason why there is none."""
        layers = cost.count_file(variant.content).layers
        sizes = ("operator", "output_shape", "input_bytes", "output_bytes", "weight_bytes")
        key = (variant.precision, *(tuple(getattr(one, size) for size in sizes) for one in layers))
        if key not in self._known:
            self._known[key] = _arena(variant)
        return self._known[key]


def _arena(variant: Variant) -> dict[str, Any]:
    try:
        used = engines.arena(variant)
    except EngineMissing:
        return {"reason": "tflite-micro is not installed", "install_command": engines.INSTALL["tflm"]}
    except (BadModel, EngineFailed) as error:
        return {"reason": str(error)}
    return {"arena_bytes": used.arena_bytes, "head_bytes": used.head_bytes, "tail_bytes": used.tail_bytes}


def accelerated(variant: Variant, accelerator: str = ACCELERATOR) -> dict[str, Any]:
    """Vela's estimate for an Ethos-U, or the reason why there is none."""
    if not is_int8(cost.count_file(variant.content)):
        return {"reason": "Vela compiles operators on integers, and this file computes in float"}
    try:
        found = vela.estimate(variant, accelerator)
    except EngineMissing:
        return {"reason": "ethos-u-vela is not installed", "install_command": vela.INSTALL}
    except BadModel as error:
        return {"reason": str(error)}
    return {
        "accelerator": found.accelerator,
        "system_config": found.system_config,
        "version": found.version,
        "cycles": found.cycles,
        "latency_ms": found.seconds * 1e3,
        "sram_kib": found.sram_kib,
        "flash_kib": found.flash_kib,
        "utilisation": found.utilisation,
        "on_cpu": list(found.on_cpu),
    }


def energy(variant: Variant) -> dict[str, Any]:
    """Modelled energy of an inference: arithmetic and memory at 45 nm, for ratios between variants only."""
    found: ModelCost = cost.count_file(variant.content)
    narrow = is_int8(found) or found.weight_bytes < 2 * found.params
    prices = EnergyModel(precision="int8" if narrow else "float32")
    joules = hardware.modelled_energy(found, prices)
    return {
        "precision": prices.precision,
        "compute_uj": joules.compute_uj,
        "memory_uj": joules.memory_uj,
        "total_uj": joules.total_uj,
        "lower_bound": bool(found.unknown_operators),
    }


def fits(size_bytes: int, memory_bytes: int | None) -> list[dict[str, Any]]:
    """For each microcontroller of the catalogue: whether file and memory fit, and why not where they don't.

    Args:
        size_bytes: Of the file.
        memory_bytes: Of the arena; None where it isn't known, and then nothing fits for certain.
    """
    return [_fit(device, size_bytes, memory_bytes) for device in hardware.devices("tinyml")]


def _fit(device: hardware.Device, size_bytes: int, memory_bytes: int | None) -> dict[str, Any]:
    short = []
    if device.storage_bytes is not None and size_bytes > device.storage_bytes:
        short.append("flash")
    if memory_bytes is None:
        short.append("not known")
    elif memory_bytes > device.memory_bytes:
        short.append("memory")
    room = {key: asdict(device)[key] for key in ("name", "memory_bytes", "storage_bytes")}
    return {**room, "fits": not short, "short_of": short}
