"""What can be said of a model's file against a budget: computed, measured here, or modelled, each with its method."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from efficient_ai import cost, engines, measure
from efficient_ai.decide.budget import Budget, Figure
from efficient_ai.decide.on_board import FITTED_ON, board_fit
from efficient_ai.decide.quantities import QUANTITIES
from efficient_ai.errors import BadModel
from efficient_ai.hardware import Device, EnergyModel, modelled_energy, vela
from efficient_ai.measure.battery import Duty, Net, battery_life
from efficient_ai.records import LatencyStats, ModelCost, Variant

KIB = 1024
PERCENTS = {"latency_p50_ms": 50, "latency_p90_ms": 90, "latency_p99_ms": 99}
NEEDS_DATA = ("accuracy", "worst_class_accuracy", "noisy_accuracy", "calibration_error", "recall")
NEEDS_DATA += ("false_accepts_per_hour",)


def load(path: str | Path) -> Variant:
    """Read a .tflite file, or convert a .keras file to one in float32.

    Args:
        path: The file; a Keras file is opened in Keras's safe mode.

    Raises:
        BadModel: If there is no such file, it is of another kind, or it can't be read.
    """
    path = Path(path)
    if path.suffix not in (".tflite", ".keras"):
        raise BadModel(f"expected a .tflite or a .keras file, got {path}")
    if not path.is_file():
        raise BadModel(f"there is no file {path}")
    if path.suffix == ".tflite":
        content = path.read_bytes()
        cost.count_file(content)
        return Variant(path.stem, "", content)
    import keras

    from efficient_ai import compress

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise BadModel(f"{path} can't be read as a Keras model: {str(error).splitlines()[0]}") from error
    return compress.convert(model, compress.Float32())


def figures_of(
    variant: Variant, budget: Budget, *, given: Mapping[str, float] | None = None, runs: int = 100
) -> dict[str, Figure]:
    """Find the figures that a budget asks for.

    Args:
        variant: A .tflite file's content.
        budget: Only what it limits is found; its engine, threads, device and battery are used.
        given: Values that somebody measured elsewhere, as of accuracy, by key; they stand before what is found here.
        runs: Timed inferences, at least 50 and a multiple of 10.

    Returns:
        By key. What can't be had has no value, and its method says why.

    Raises:
        ValueError: If a key of `given` is none of `QUANTITIES`, or there are too few runs.
        BadModel: If the content is no .tflite file.
    """
    given = dict(given or {})
    if unknown := [key for key in given if key not in QUANTITIES]:
        raise ValueError(f"unknown figure {unknown[0]!r}; known are {', '.join(QUANTITIES)}")
    wanted = {limit.key: limit.kind for limit in budget.limits if limit.key not in given}
    found = {key: Figure(value, "measured", "given by the user") for key, value in given.items()}
    counted = cost.count_file(variant.content)
    found |= {key: figure for key, figure in _computed(variant, counted, budget).items() if key in wanted}
    if "ram_kib" in wanted:
        found["ram_kib"] = _ram(variant)
    modelled = _modelled(variant, counted, budget)
    latencies = [key for key in PERCENTS if key in wanted]
    found |= {key: modelled["latency"] for key in latencies if wanted[key] == "modelled"}
    if timed := [key for key in latencies if key not in found]:
        found |= _measured(variant, budget, timed, runs)
    if "energy_mj_per_inference" in wanted:
        found["energy_mj_per_inference"] = modelled["energy"]
    if "battery_days" in wanted:
        energy = found.get("energy_mj_per_inference", modelled["energy"])
        found["battery_days"] = battery_figure(budget, energy, modelled["latency"], variant.name)
    for key in NEEDS_DATA:
        if key in wanted:
            found[key] = Figure(None, "measured", f"needs the task's test data: give {key}=VALUE")
    return found


def _computed(variant: Variant, counted: ModelCost, budget: Budget) -> dict[str, Figure]:
    price, note = budget.device.price_usd, f"{budget.device.price_source}, {budget.device.price_date}"
    return {
        "flash_kib": Figure(variant.size_bytes / KIB, "computed", "size of the .tflite file"),
        "download_kib": Figure(variant.compressed_bytes / KIB, "computed", "the .tflite file through DEFLATE"),
        "mega_macs": Figure(
            counted.macs / 1e6, "computed", "counted operator by operator", bool(counted.unknown_operators)
        ),
        "price_usd": Figure(price, "computed", note if price is not None else "the device's price is not known"),
    }


def _ram(variant: Variant) -> Figure:
    if engines.available()["tflm"] is not None:
        try:
            used = engines.arena(variant)
        except (BadModel, engines.EngineFailed) as error:
            return Figure(None, "computed", str(error))
        return Figure(used.arena_bytes / KIB, "computed", "arena of TensorFlow Lite Micro")
    planned = cost.plan_memory(variant.content).planned_bytes / KIB
    return Figure(planned, "computed", "memory plan alone; tflite-micro is not installed", lower_bound=True)


def _measured(variant: Variant, budget: Budget, keys: list[str], runs: int) -> dict[str, Figure]:
    row = measure.compare([variant], engines=(budget.engine,), threads=budget.threads, runs=runs)[0]
    if not isinstance(row, LatencyStats):
        reason = getattr(row, "reason", None) or f"{budget.engine} is not installed: {row.install_command}"
        return {key: Figure(None, "measured", reason) for key in keys}
    how = f"{row.runs} runs on {row.engine} {row.delegate}, {row.threads} threads, {row.cpu}: this machine"
    return {key: Figure(row.percentile_ms(PERCENTS[key]), "measured", how) for key in keys}


def _modelled(variant: Variant, counted: ModelCost, budget: Budget) -> dict[str, Figure]:
    """Latency and energy: Vela's for an accelerator, published boards' rates, or the energy of the arithmetic."""
    whole = is_int8(counted) or counted.weight_bytes < 2 * counted.params
    precision = "int8" if whole else "float32"
    energy = modelled_energy(counted, EnergyModel(precision=precision)).total_uj / 1_000
    arithmetic = Figure(energy, "modelled", f"{precision} arithmetic and memory at 45 nm alone: for ratios")
    if budget.accelerator:
        if vela.available() is None:
            return {"latency": Figure(None, "modelled", f"Vela is not installed: {vela.INSTALL}"), "energy": arithmetic}
        try:
            estimate = vela.estimate(variant, budget.accelerator)
        except BadModel as error:
            return {"latency": Figure(None, "modelled", str(error)), "energy": arithmetic}
        left = estimate.on_cpu
        how = f"Vela {estimate.version} for {budget.accelerator}"
        how += f", without {len(left)} operators that stay on the processor" if left else ""
        latency = Figure(estimate.seconds * 1_000, "modelled", how, lower_bound=bool(left))
        return {"latency": latency, "energy": arithmetic}
    on_board = board_figures(
        budget.device, counted.macs, int8=is_int8(counted), lower_bound=bool(counted.unknown_operators)
    )
    return {"energy": arithmetic, **on_board}


def board_figures(device: Device, macs: int, *, int8: bool, lower_bound: bool = False) -> dict[str, Figure]:
    """Latency and energy of a net on a device, modelled from the device's published results.

    Args:
        device: Of the catalogue.
        macs: Of an inference.
        int8: Whether all its multiplications are of int8; the published nets are.
        lower_bound: Whether the net has operators that weren't counted.

    Returns:
        "latency" and "energy"; "latency" alone, without a value, where nothing was published.
    """
    fit = board_fit(device)
    if fit is None:
        return {"latency": Figure(None, "modelled", f"no published results of {device.name} to model it from")}
    if not int8:
        reason = f"the published results of {device.name} are of int8 nets, and this is none"
        return {"latency": Figure(None, "modelled", reason), "energy": Figure(None, "modelled", reason)}
    how = f"{device.name}'s published int8 nets ({', '.join(FITTED_ON)}), per MAC; no spread"
    return {
        "latency": Figure(fit.latency_ms(macs), "modelled", how, lower_bound),
        "energy": Figure(fit.energy_uj(macs) / 1_000, "modelled", how, lower_bound),
    }


def is_int8(counted: ModelCost) -> bool:
    """Whether every operator that multiplies has weights and activations of a byte (or wider biases only)."""
    multiply = [layer for layer in counted.layers if layer.macs]
    narrow = all(layer.output_bytes == math.prod(layer.output_shape) for layer in multiply)
    return narrow and counted.weight_bytes < 4 * counted.params  # a small net's biases, of four bytes, weigh much


def battery_figure(budget: Budget, energy: Figure, latency: Figure, name: str) -> Figure:
    """How long the budget's battery lasts with a net of that energy and latency: modelled, or why it can't be."""
    supply = budget.supply
    if supply is None or energy.value is None or latency.value is None:
        reason = energy.method if energy.value is None else latency.method
        return Figure(None, "modelled", "no [battery] in the budget" if supply is None else reason)
    if energy.lower_bound or latency.lower_bound:
        return Figure(None, "modelled", f"only a lower bound of the energy is known: {energy.method}")
    try:
        duty = Duty(
            first=Net(name=name, energy_uj=energy.value * 1_000, basis="modelled", seconds=latency.value / 1_000),
            decisions_per_s=supply.decisions_per_s,
            always_mw=supply.always_mw,
            sleep_mw=supply.sleep_mw,
        )
    except ValueError as error:  # it can't decide so often: no battery mends that
        return Figure(0.0, "modelled", str(error))
    return Figure(battery_life(supply.battery, duty).days, "modelled", f"energy from {energy.method}")
