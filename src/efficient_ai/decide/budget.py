"""A product's budget: a small TOML file of limits, read strictly, and what a model's figures say to each of them."""

from __future__ import annotations

import datetime
import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficient_ai.decide.quantities import ACCEPTED, AT_LEAST, KINDS, QUANTITIES, Quantity
from efficient_ai.errors import EfficientAIError
from efficient_ai.hardware import Device, device
from efficient_ai.measure.battery import Battery

PRODUCTS = Path(__file__).with_name("products")
MET, MISSED, NOT_EVALUATED = "met", "missed", "not evaluated"
_TOP = {"name": str, "why": str, "product": str, "written": datetime.date, "device": str, "task": str, "best": str}
_TOP |= {"accelerator": str, "engine": str, "threads": int, "limits": dict, "battery": dict}
_NEEDED = ("name", "why", "device", "limits")
_LIMIT = {"limit": float, "kind": str, "why": str}
_BATTERY = {"energy_j": float, "decisions_per_s": float, "always_mw": float, "sleep_mw": float}
_BATTERY |= {"self_discharge_per_year": float}
_UNITS = {_key.rsplit("_", 1)[0] for _key, _q in QUANTITIES.items() if _q.unit in ("KiB", "ms", "days", "USD")}


class BadBudget(EfficientAIError):
    """A budget file that can't be read; the message says where, what was expected, and what to do."""


@dataclass(frozen=True)
class Limit:
    """One limit: `value` in the quantity's unit, the kind of figure it wants, and the reason for it."""

    quantity: Quantity
    value: float
    kind: str
    why: str = ""

    @property
    def key(self) -> str:
        return self.quantity.key

    def excess(self, value: float) -> float:
        """By how much a value is on the wrong side of the limit, in its unit; below zero where it is on the right."""
        return self.value - value if self.quantity.side == AT_LEAST else value - self.value


@dataclass(frozen=True)
class Supply:
    """The battery, and what the device does all day beside its inferences: as in `measure.battery.Duty`."""

    battery: Battery
    decisions_per_s: float
    always_mw: float = 0.0
    sleep_mw: float = 0.0


@dataclass(frozen=True)
class Budget:
    """What a product allows. `best` is the quantity that decides among variants which keep every limit.

    Latency is measured on `engine` with `threads`; `accelerator` is one that Vela knows.
    """

    name: str
    why: str
    device: Device
    limits: tuple[Limit, ...]
    product: str = ""
    written: datetime.date | None = None
    task: str = ""
    best: str = "accuracy"
    accelerator: str = ""
    engine: str = "litert"
    threads: int = 1
    supply: Supply | None = None


@dataclass(frozen=True)
class Figure:
    """A value in its quantity's unit, the kind of figure it is, and how it was found; None where it could not be.

    `lower_bound` says that the true value is this or more.
    """

    value: float | None
    kind: str
    method: str
    lower_bound: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")


@dataclass(frozen=True)
class Verdict:
    """What became of a limit: "met", "missed" or "not evaluated", with the reason.

    `excess` is in the limit's unit: above zero on the wrong side, None where there is no value.
    """

    limit: Limit
    outcome: str
    reason: str
    figure: Figure | None = None

    @property
    def excess(self) -> float | None:
        return None if self.figure is None or self.figure.value is None else self.limit.excess(self.figure.value)


def product(name: str) -> Budget:
    """Give one of the budgets that ship with the package.

    Args:
        name: One of `products()`.

    Raises:
        BadBudget: If there is none of this name.
    """
    if name not in products():
        raise BadBudget(f"there is no product {name!r}; there are: {', '.join(products())}")
    return read(PRODUCTS / f"{name}.toml")


def products() -> tuple[str, ...]:
    """The names of the budgets that ship with the package."""
    return tuple(sorted(file.stem for file in PRODUCTS.glob("*.toml")))


def read(path: str | Path) -> Budget:
    """Read a budget file.

    Args:
        path: A TOML file with name, why, device and [limits]; product, written, task, best, accelerator,
            engine, threads and [battery] may stand in it. A limit is a number, or a table with limit, and kind or why.

    Returns:
        The budget, its limits in the file's order.

    Raises:
        BadBudget: If it can't be read, isn't TOML, lacks something, or has something that isn't known.
        UnknownDevice: If the catalogue doesn't have the device.
    """
    path = Path(path)
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadBudget(f"the budget {path} can't be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadBudget(f"the budget {path} is not TOML: {error}") from error
    _known(entries, _TOP, str(path))
    missing = [key for key in _NEEDED if key not in entries]
    if missing:
        raise BadBudget(f"{path} lacks {', '.join(missing)}: a budget needs {', '.join(_NEEDED)}")
    if not entries["limits"]:
        raise BadBudget(f"[limits] of {path} is empty; it may have {', '.join(QUANTITIES)}")
    limits = tuple(_limit(key, value, path) for key, value in entries["limits"].items())
    supply = _supply(entries["battery"], path) if "battery" in entries else None
    if supply is None and any(limit.key == "battery_days" for limit in limits):
        raise BadBudget(f"{path} limits battery_days and has no [battery]: add energy_j and decisions_per_s there")
    if entries.get("threads", 1) < 1:
        raise BadBudget(f"threads in {path} must be at least 1, got {entries['threads']}")
    if entries.get("best", "accuracy") not in QUANTITIES:
        raise BadBudget(f"best in {path} must be one of {', '.join(QUANTITIES)}, got {entries['best']!r}")
    plain = {key: value for key, value in entries.items() if key not in ("limits", "battery", "device")}
    return Budget(**plain, device=device(entries["device"]), limits=limits, supply=supply)


def check(budget: Budget, figures: Mapping[str, Figure]) -> tuple[Verdict, ...]:
    """Hold figures against a budget.

    Args:
        budget: The limits.
        figures: By the quantities' keys, as in `figures_of`; more than the budget asks for may be there.

    Returns:
        A verdict for each limit, in the budget's order. A figure of another kind than the limit wants isn't taken,
        and a lower bound can only miss a limit, never meet it.

    Raises:
        ValueError: If a key is none of `QUANTITIES`.
    """
    for key in figures:
        if key not in QUANTITIES:
            raise ValueError(_unknown(key, QUANTITIES))
    return tuple(_verdict(limit, figures.get(limit.key)) for limit in budget.limits)


def _verdict(limit: Limit, figure: Figure | None) -> Verdict:
    if figure is None:
        return Verdict(limit, NOT_EVALUATED, f"no {limit.kind} figure was given")
    if figure.value is None or math.isnan(figure.value):
        return Verdict(limit, NOT_EVALUATED, figure.method, figure)
    if figure.kind not in ACCEPTED[limit.kind]:
        return Verdict(limit, NOT_EVALUATED, f"wants a {limit.kind} figure, and this is {figure.kind}", figure)
    excess = limit.excess(figure.value)
    unit = f" {limit.quantity.unit}".rstrip()
    if excess > 0:
        share = f" ({100 * excess / limit.value:.3g}% of it)" if limit.value else ""
        word = "short" if limit.quantity.side == AT_LEAST else "over"
        return Verdict(limit, MISSED, f"{word} by {excess:.4g}{unit}{share}", figure)
    if figure.lower_bound:
        return Verdict(limit, NOT_EVALUATED, "only a lower bound is known, which is within the limit", figure)
    return Verdict(limit, MET, f"{abs(excess):.4g}{unit} to spare", figure)


def _limit(key: str, entry: Any, path: Path) -> Limit:
    where = f"[limits] of {path}"
    if key not in QUANTITIES:
        with_unit = [known for known in QUANTITIES if known.rsplit("_", 1)[0] == key]
        if key in _UNITS and with_unit:
            raise BadBudget(f"{key} in {where} has no unit: write {' or '.join(with_unit)}")
        raise BadBudget(f"{_unknown(key, QUANTITIES)} in {where}")
    quantity = QUANTITIES[key]
    fields = entry if isinstance(entry, dict) else {"limit": entry}
    _known(fields, _LIMIT, f"{key} in {where}")
    if "limit" not in fields:
        raise BadBudget(f"{key} in {where} has no limit: write {key} = {{ limit = NUMBER }}")
    value = _at_least_zero(fields["limit"], f"{key} in {where}")
    if quantity.fraction and value > 1:
        raise BadBudget(f"{key} in {where} is a fraction in [0, 1], got {value:g}: write {value / 100:g} for percent")
    kind = fields.get("kind", quantity.kind)
    if kind not in KINDS:
        raise BadBudget(f"kind of {key} in {where} must be one of {', '.join(KINDS)}, got {kind!r}")
    return Limit(quantity, value, kind, fields.get("why", ""))


def _supply(entry: dict[str, Any], path: Path) -> Supply:
    where = f"[battery] of {path}"
    _known(entry, _BATTERY, where)
    if missing := [key for key in ("energy_j", "decisions_per_s") if key not in entry]:
        raise BadBudget(f"{where} lacks {', '.join(missing)}")
    values = {key: _at_least_zero(value, f"{key} in {where}") for key, value in entry.items()}
    try:
        battery = Battery(
            energy_j=values.pop("energy_j"), self_discharge_per_year=values.pop("self_discharge_per_year", 0.0)
        )
    except ValueError as error:
        raise BadBudget(f"{where}: {error}") from error
    return Supply(battery, **values)


def _known(entries: Mapping[str, Any], expected: Mapping[str, type], where: str) -> None:
    for key, value in entries.items():
        if key not in expected:
            raise BadBudget(f"{_unknown(key, expected)} in {where}")
        wanted = expected[key]
        fits = isinstance(value, (int, float) if wanted is float else wanted)
        if isinstance(value, bool) or not fits:
            names = {str: "text", float: "a number", int: "a whole number", dict: "a table", datetime.date: "a date"}
            raise BadBudget(f"{key} in {where} must be {names[wanted]}, got {value!r}")


def _unknown(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"unknown key {key!r}, {f'did you mean {near[0]}' if near else 'known are ' + ', '.join(known)}?"


def _at_least_zero(value: float, where: str) -> float:
    if not math.isfinite(value) or value < 0:
        raise BadBudget(f"{where} must be at least 0 and finite, got {value}")
    return float(value)
