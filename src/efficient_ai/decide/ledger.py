"""A product's ledger: what each step did to what the product may spend, and of which kind each amount is.

A step either goes on from the one before it, or stands instead of one; the second kind is no part of any sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from efficient_ai.decide.budget import Budget
from efficient_ai.decide.choose import Row
from efficient_ai.decide.on_board import BOARDS, FITTED_ON, REFERENCE_MACS, board_fit
from efficient_ai.errors import EfficientAIError
from efficient_ai.hardware import Device
from efficient_ai.hardware.energy_fit import BoardTask, board_tasks
from efficient_ai.measure.battery import Duty, Net, battery_life

PUBLISHED, MODELLED, COMPUTED = "published", "modelled", "computed"


@dataclass(frozen=True)
class Amount:
    """What a step leaves to pay, in its quantity's unit; `low` and `high` where it is known that badly.

    `fitted` is what a fit to all published nets says, where `value` rests on one of them.
    """

    value: float
    kind: str
    low: float | None = None
    high: float | None = None
    fitted: float | None = None


@dataclass(frozen=True)
class Step:
    """One line of a ledger: by quantity the amount, or None where nobody can say it.

    `instead_of` names the step that this one would replace; without it the step goes on from the one before.
    `notes` are further columns, as the accuracy.
    """

    name: str
    technique: str
    amounts: Mapping[str, Amount | None]
    instead_of: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoardPrices:
    """What a multiply-accumulate takes on a board: in `task`'s published net, and in the cheapest and dearest.

    All three are published: time or energy of a whole inference over the net's multiply-accumulates.
    """

    task: str
    energy_pj: Mapping[str, float] = field(repr=False)
    time_ns: Mapping[str, float] = field(repr=False)
    fitted_pj: float
    fitted_ns: float

    def energy_uj(self, macs: float) -> Amount:
        """The modelled energy of an inference with so many multiply-accumulates."""
        return _priced(macs * 1e-6, self.energy_pj, self.task, self.fitted_pj)

    def time_ms(self, macs: float) -> Amount:
        """The modelled time of an inference with so many multiply-accumulates."""
        return _priced(macs * 1e-6, self.time_ns, self.task, self.fitted_ns)


def board_prices(device: Device, task: str) -> BoardPrices:
    """A board's prices, told by the published net of one task.

    Args:
        device: Of the catalogue; one whose results are published with energy.
        task: One of `FITTED_ON`: the net that the others are derived from.

    Raises:
        EfficientAIError: If nothing of the board is published.
        ValueError: If there is no such task.

    Source: mlperf2025tinyv13.
    """
    fit = board_fit(device)
    if fit is None:
        raise EfficientAIError(f"no published results of {device.name} to price a multiplication with")
    if task not in FITTED_ON:
        raise ValueError(f"task must be one of {', '.join(FITTED_ON)}, got {task!r}")
    points = {p.task: p for p in board_tasks(BOARDS[device.name]) if p.task in FITTED_ON}
    return BoardPrices(
        task,
        {name: p.energy_uj / REFERENCE_MACS[name] * 1e6 for name, p in points.items()},
        {name: p.time_s / REFERENCE_MACS[name] * 1e9 for name, p in points.items()},
        fit.pj_per_mac,
        fit.ns_per_mac,
    )


def published_task(device: Device, task: str) -> BoardTask:
    """What was published of a task's net on a board.

    Source: mlperf2025tinyv13.
    """
    return next(point for point in board_tasks(BOARDS[device.name]) if point.task == task)


def days(budget: Budget, energy_uj: float) -> float:
    """How long a budget's battery lasts when each decision takes so much energy: modelled, as in `battery_days`.

    Raises:
        EfficientAIError: If the budget has no battery.
    """
    if budget.supply is None:
        raise EfficientAIError(f"{budget.name} has no [battery] to empty")
    supply = budget.supply
    net = Net(name="net", energy_uj=energy_uj, basis=MODELLED, seconds=0.0)
    return battery_life(supply.battery, Duty(
        first=net, decisions_per_s=supply.decisions_per_s, always_mw=supply.always_mw, sleep_mw=supply.sleep_mw
    )).days  # fmt: skip


def energy_limit_uj(budget: Budget) -> float:
    """The energy of a decision with which a budget's battery lasts exactly as long as its limit asks.

    Raises:
        EfficientAIError: If the budget has no battery, or no limit for it.
    """
    wanted = next((limit.value for limit in budget.limits if limit.key == "battery_days"), None)
    if wanted is None:
        raise EfficientAIError(f"{budget.name} limits no battery_days")
    cheap, dear = 0.0, 1e9
    for _ in range(100):
        middle = (cheap + dear) / 2
        cheap, dear = (middle, dear) if days(budget, middle) > wanted else (cheap, middle)
    return cheap


def button_ledger(rows: Sequence[Row], budget: Budget) -> tuple[Step, ...]:
    """The keyword button's ledger in µJ a decision ("energy_uj"), from the published net to the one that won.

    Args:
        rows: The keywords' variants.
        budget: The button's; its device's published results price a multiplication.

    Returns:
        The published net, the steps to the winner, then what was tried instead. Notes: accuracy, recall.

    Raises:
        EfficientAIError: If a variant isn't among the rows.
    """
    prices, by = board_prices(budget.device, "kws"), {row.name: row for row in rows}
    start = published_task(budget.device, "kws").energy_uj
    whole, half, narrow, long = "ds_cnn int8", "ds_cnn_32 int8", "ds_cnn_24x3 int8", "ds_cnn_24x3_long int8"

    def step(name: str, technique: str, row: str, instead_of: str = "") -> Step:
        figures = _row(by, row).figures
        notes = tuple(f"{100 * figures[key].value:.{digits}f}%" for key, digits in (("accuracy", 1), ("recall", 0)))
        amount = prices.energy_uj(figures["mega_macs"].value * 1e6)
        if row == whole:
            amount = Amount(start, PUBLISHED, fitted=amount.fitted)
        return Step(name, technique, {"energy_uj": amount}, instead_of, notes)

    first = "DS-CNN in int8, as published"
    return (
        step(first, "int8", whole),
        step("half the filters, taught", "distilled", half),
        step("narrower, coarser in time", "distilled", narrow),
        step("taught twice as long", "distilled", long),
        step("weights pruned", "pruned", "ds_cnn_pruned int8", first),
        step("convolved over time alone", "redesigned", "ds_cnn_temporal int8", first),
    )


def camera_ledger(rows: Sequence[Row], device: Device, accelerated: Mapping[str, float]) -> tuple[Step, ...]:
    """The camera tag's ledger: "time_ms", "ram_kib" and "energy_mj" of a picture.

    Args:
        rows: The pictures' variants.
        device: The microcontroller; its published results price a multiplication.
        accelerated: What was entered of ResNet-8 on an accelerator: `time_us` and `sram_kib`; may be empty.

    Returns:
        Steps from float32 to a taught student, then the accelerator instead of them. Notes: accuracy.
    """
    prices, by = board_prices(device, "ic"), {row.name: row for row in rows}
    known = published_task(device, "ic")

    def step(name: str, technique: str, row: str) -> Step:
        figures = _row(by, row).figures
        macs = figures["mega_macs"].value * 1e6
        amounts: dict[str, Amount | None] = {"ram_kib": Amount(figures["ram_kib"].value, COMPUTED)}
        if row == "resnet8 int8":
            amounts["time_ms"] = Amount(known.time_s * 1e3, PUBLISHED)
            amounts["energy_mj"] = Amount(known.energy_uj / 1e3, PUBLISHED)
        elif row.endswith(" int8"):
            amounts["time_ms"] = prices.time_ms(macs)
            amounts["energy_mj"] = _scaled(prices.energy_uj(macs), 1e-3)
        else:
            amounts |= {"time_ms": None, "energy_mj": None}
        return Step(name, technique, amounts, notes=(f"{100 * figures['accuracy'].value:.1f}%",))

    eight = step("eight bits", "int8", "resnet8 int8")
    beside: dict[str, Amount | None] = {
        "time_ms": Amount(accelerated["time_us"] / 1e3, MODELLED) if "time_us" in accelerated else None,
        "ram_kib": Amount(accelerated["sram_kib"], MODELLED) if "sram_kib" in accelerated else None,
        "energy_mj": None,
    }
    return (
        step("ResNet-8 in float32", "float32", "resnet8 float32"),
        eight,
        step("half the channels", "pruned", "resnet8_halved int8"),
        step("a taught student", "distilled", "student_distilled int8"),
        Step("an Ethos-U55", "combined", beside, "eight bits", eight.notes),
    )


def _row(rows: Mapping[str, Row], name: str) -> Row:
    if name not in rows:
        raise EfficientAIError(f"the ledger needs the variant {name!r}, and there are only {', '.join(rows)}")
    return rows[name]


def _priced(amount: float, prices: Mapping[str, float], task: str, fitted: float) -> Amount:
    ends = min(prices.values()), max(prices.values())
    return Amount(amount * prices[task], MODELLED, amount * ends[0], amount * ends[1], amount * fitted)


def _scaled(amount: Amount, by: float) -> Amount:
    parts = (amount.low, amount.high, amount.fitted)
    return Amount(amount.value * by, amount.kind, *(None if part is None else part * by for part in parts))
