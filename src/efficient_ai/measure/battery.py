"""How long a battery lasts: a device that sleeps, wakes to decide, sends now and then, and loses charge by itself.

Everything here is modelled from energies that were measured, modelled or published elsewhere; `Net.basis` says which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

DAY_S = 86_400
YEAR_DAYS = 365
BASES = ("measured", "modelled", "published")


@dataclass(frozen=True, kw_only=True)
class Battery:
    """Its energy when full, and the fraction of what is left that it loses by itself in a year, in [0, 1)."""

    energy_j: float
    self_discharge_per_year: float = 0.0

    def __post_init__(self) -> None:
        if not self.energy_j > 0:
            raise ValueError(f"energy_j must be above 0, got {self.energy_j}")
        if not 0 <= self.self_discharge_per_year < 1:
            raise ValueError(f"self_discharge_per_year must be in [0, 1), got {self.self_discharge_per_year}")

    @property
    def loss_per_day(self) -> float:
        """The rate k of dE/dt = −kE that loses `self_discharge_per_year` in a year."""
        return -math.log1p(-self.self_discharge_per_year) / YEAR_DAYS


@dataclass(frozen=True, kw_only=True)
class Net:
    """One inference: its energy and time, and what the energy rests on: one of `BASES`."""

    name: str
    energy_uj: float
    basis: str
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise ValueError(f"basis must be one of {', '.join(BASES)}, got {self.basis!r}")
        _at_least_zero(energy_uj=self.energy_uj, seconds=self.seconds)


@dataclass(frozen=True, kw_only=True)
class Radio:
    """What sending costs: waking up once for `batch` messages, then each of them."""

    wake_uj: float
    message_uj: float
    messages_per_day: float
    batch: int = 1

    def __post_init__(self) -> None:
        _at_least_zero(wake_uj=self.wake_uj, message_uj=self.message_uj, messages_per_day=self.messages_per_day)
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, got {self.batch}")

    @property
    def uj_a_message(self) -> float:
        return self.message_uj + self.wake_uj / self.batch

    @property
    def longest_wait_s(self) -> float:
        """How long the first message of a batch waits for the last."""
        return (self.batch - 1) * DAY_S / self.messages_per_day if self.messages_per_day else 0.0


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What a device does: `always_mw` never stops (a microphone), `sleep_mw` is drawn while it doesn't compute.

    `first` decides `decisions_per_s` times a second. In a cascade `second` looks again at the share `passed_on` of
    them.
    """

    first: Net
    decisions_per_s: float
    always_mw: float = 0.0
    sleep_mw: float = 0.0
    second: Net | None = None
    passed_on: float = 0.0
    radio: Radio | None = None

    def __post_init__(self) -> None:
        _at_least_zero(decisions_per_s=self.decisions_per_s, always_mw=self.always_mw, sleep_mw=self.sleep_mw)
        if not 0 <= self.passed_on <= 1:
            raise ValueError(f"passed_on must be in [0, 1], got {self.passed_on}")
        if (self.second is None) != (self.passed_on == 0):
            raise ValueError("a cascade needs a second net and passed_on above 0; without one leave out both")
        if self.busy_share > 1:
            raise ValueError(
                f"{self.first.name} is busy {self.busy_share:.2f} of the time: "
                "fewer decisions a second, or a faster net"
            )

    @property
    def busy_share(self) -> float:
        """The fraction of time in which it computes."""
        later = self.passed_on * self.second.seconds if self.second else 0.0
        return self.decisions_per_s * (self.first.seconds + later)

    @property
    def basis(self) -> str:
        """What the nets' energies rest on."""
        return " and ".join(dict.fromkeys(net.basis for net in (self.first, self.second) if net))


@dataclass(frozen=True)
class BatteryLife:
    """A modelled battery life with the mean power that it follows from, part by part in mW."""

    days: float
    parts_mw: Mapping[str, float]
    basis: str

    @property
    def power_mw(self) -> float:
        return sum(self.parts_mw.values())


def mean_power(duty: Duty) -> dict[str, float]:
    """Mean power in mW, part by part: what is always on, sleep, the first net, the second, the radio."""
    rate = duty.decisions_per_s / 1_000  # µJ a second are µW
    second = duty.passed_on * duty.second.energy_uj if duty.second else 0.0
    radio = duty.radio.messages_per_day / DAY_S * duty.radio.uj_a_message / 1_000 if duty.radio else 0.0
    return {
        "always on": duty.always_mw,
        "sleep": duty.sleep_mw * (1 - duty.busy_share),
        "first net": rate * duty.first.energy_uj,
        "second net": rate * second,
        "radio": radio,
    }


def battery_life(battery: Battery, duty: Duty) -> BatteryLife:
    """How many days a battery lasts, in closed form.

    With a draw of P and losses of kE, the energy follows dE/dt = −P − kE and is gone after ln(1 + kE₀/P) / k.

    Args:
        battery: Full.
        duty: What the device does.

    Returns:
        Days, and the mean power; infinite where nothing is drawn.
    """
    parts = mean_power(duty)
    joule_a_day = sum(parts.values()) / 1_000 * DAY_S
    if joule_a_day == 0:
        return BatteryLife(math.inf, parts, duty.basis)
    loss = battery.loss_per_day
    days = math.log1p(loss * battery.energy_j / joule_a_day) / loss if loss else battery.energy_j / joule_a_day
    return BatteryLife(days, parts, duty.basis)


def discharge(
    battery: Battery, duty: Duty, *, step_days: float = 1.0, most_days: float = 20 * YEAR_DAYS
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Simulate a battery day by day: the energy that is left.

    Args:
        battery: Full at the start.
        duty: What the device does.
        step_days: Between two points, above 0.
        most_days: Where it stops at the latest.

    Returns:
        Two tuples: days, and joules left; the last point is the first at which nothing is left.

    Raises:
        ValueError: If `step_days` isn't above 0.
    """
    if not step_days > 0:
        raise ValueError(f"step_days must be above 0, got {step_days}")
    drawn = sum(mean_power(duty).values()) / 1_000 * DAY_S * step_days
    kept = math.exp(-battery.loss_per_day * step_days)
    days, left = [0.0], [battery.energy_j]
    while left[-1] > 0 and days[-1] < most_days:
        # Half of a step's draw comes before its losses, half after: exact to the second order.
        left.append(max(0.0, (left[-1] - drawn / 2) * kept - drawn / 2))
        days.append(len(days) * step_days)
    return tuple(days), tuple(left)


def uj_for_life(battery: Battery, duty: Duty, days: float) -> float:
    """The most that one decision may cost for a battery to last so long; below zero where the rest is too much.

    Args:
        battery: Full.
        duty: What the device does; the nets' own energies don't matter.
        days: How long it is to last, above 0.

    Raises:
        ValueError: If `days` isn't above 0, or it decides nothing.
    """
    if not days > 0 or not duty.decisions_per_s > 0:
        raise ValueError(f"days and decisions_per_s must be above 0, got {days} and {duty.decisions_per_s}")
    loss = battery.loss_per_day
    joule_a_day = loss * battery.energy_j / math.expm1(loss * days) if loss else battery.energy_j / days
    parts = mean_power(duty)
    rest_mw = parts["always on"] + parts["sleep"] + parts["radio"]
    return 1_000 * (1_000 * joule_a_day / DAY_S - rest_mw) / duty.decisions_per_s


def _at_least_zero(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} must be at least 0, got {value}")
