"""Energy measured by the processor's own counters (RAPL), where they can be read; a model's estimate where they can't.

What is measured is a `MeasuredEnergy`, what is modelled a `hardware.ModelledEnergy`: the two never share a type.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.errors import EfficientAIError
from efficient_ai.hardware import EnergyModel, ModelledEnergy, modelled_energy
from efficient_ai.records import ModelCost

POWERCAP = Path("/sys/class/powercap")


class NoEnergyCounter(EfficientAIError):
    """This machine has no energy counter that may be read; the message says what to do."""


@dataclass(frozen=True)
class MeasuredEnergy:
    """Energy that counters measured over many calls: of whole processor packages, everything that ran there included.

    `idle_w` is what was subtracted, None where nothing was; `zones_uj` has what each counter gave, before that.
    """

    name: str
    energy_uj: float
    calls: int
    seconds: float
    idle_w: float | None
    zones_uj: Mapping[str, float]

    @property
    def total_uj(self) -> float:
        return sum(self.zones_uj.values())

    @property
    def power_w(self) -> float:
        """Mean power of the packages while it ran, idle included."""
        return self.total_uj * 1e-6 / self.seconds


@dataclass(frozen=True)
class _Zone:
    name: str
    counter: Path
    range_uj: int

    def read_uj(self) -> int:
        return int(self.counter.read_text())


def zones(folder: Path = POWERCAP) -> tuple[str, ...]:
    """The names of the package counters that can be read here.

    Args:
        folder: Where Linux shows them.

    Raises:
        NoEnergyCounter: If there is none.
    """
    return tuple(zone.name for zone in _zones(folder))


def _zones(folder: Path) -> tuple[_Zone, ...]:
    """Package counters only: a core's or the memory controller's lie within or beside them and would count twice."""
    found, closed = [], []
    for place in sorted(folder.glob("intel-rapl:*")):
        if place.name.count(":") != 1:
            continue
        try:
            name, limit = (place / "name").read_text().strip(), int((place / "max_energy_range_uj").read_text())
            taken = {zone.name for zone in found}
            zone = _Zone(place.name if name in taken else name, place / "energy_uj", limit)
            zone.read_uj()
        except (OSError, ValueError):
            closed.append(str(place / "energy_uj"))
            continue
        found.append(zone)
    if found:
        return tuple(found)
    instead = "use the energy model, `hardware.modelled_energy`, which is no measurement"
    if closed:
        raise NoEnergyCounter(f"{closed[0]} can't be read: `sudo chmod a+r {closed[0]}`, or {instead}")
    raise NoEnergyCounter(
        f"there is no RAPL counter in {folder} (a virtual machine, or another processor): "
        f"run on bare metal, or {instead}"
    )


def passed_uj(before: int, after: int, range_uj: int) -> int:
    """What a counter went on by, where it may have begun anew once.

    Args:
        before: Its reading in µJ.
        after: The later one.
        range_uj: Where it begins anew.

    Raises:
        ValueError: If a reading lies outside the counter's range.
    """
    if not (0 <= before <= range_uj and 0 <= after <= range_uj):
        raise ValueError(f"readings must lie in 0 to {range_uj} µJ, got {before} and {after}")
    return after - before if after >= before else after - before + range_uj


def _over(act: Callable[[], None], held: tuple[_Zone, ...]) -> tuple[dict[str, float], float]:
    before = [zone.read_uj() for zone in held]
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    used = [passed_uj(first, zone.read_uj(), zone.range_uj) for first, zone in zip(before, held, strict=True)]
    return {zone.name: float(value) for zone, value in zip(held, used, strict=True)}, seconds


def measured_energy(
    call: Callable[[], object],
    *,
    name: str = "",
    calls: int = 100,
    warmup: int = 10,
    subtract_idle: bool = False,
    idle_s: float = 1.0,
    folder: Path = POWERCAP,
) -> MeasuredEnergy:
    """Measure the energy of a call with the processor's counters, over many calls.

    A counter moves about once a millisecond and counts everything on its package: let the calls last a second or
    more, with nothing else running. It may begin anew once meanwhile, which at full load takes minutes.

    Args:
        call: What to measure.
        name: What to call it.
        calls: How many to measure, at least 1.
        warmup: How many before.
        subtract_idle: Whether to measure `idle_s` of doing nothing before, and to subtract that power.
        idle_s: Seconds of it, above 0.
        folder: Where Linux shows the counters.

    Returns:
        Measured energy in µJ a call. After subtraction it can come out below zero, where the load drowns in noise.

    Raises:
        NoEnergyCounter: If there is none that may be read.
        ValueError: If an argument is out of range.
    """
    if calls < 1 or warmup < 0 or not idle_s > 0:
        raise ValueError(
            f"calls must be at least 1, warmup at least 0, idle_s above 0, got {calls}, {warmup}, {idle_s}"
        )
    held = _zones(folder)
    idle_w = None
    if subtract_idle:
        used, seconds = _over(lambda: time.sleep(idle_s), held)
        idle_w = sum(used.values()) * 1e-6 / seconds
    for _ in range(warmup):
        call()

    def repeated() -> None:
        for _ in range(calls):
            call()

    used, seconds = _over(repeated, held)
    net_uj = sum(used.values()) - (idle_w or 0.0) * 1e6 * seconds
    return MeasuredEnergy(name, net_uj / calls, calls, seconds, idle_w, used)


def energy_per_inference(
    call: Callable[[], object],
    cost: ModelCost,
    *,
    assumptions: EnergyModel | None = None,
    folder: Path = POWERCAP,
    **options,
) -> MeasuredEnergy | ModelledEnergy:
    """Measure where there are counters, model where there are none; the record's type says which it was.

    Args:
        call: One inference.
        cost: The same model, operator by operator, for the energy model.
        assumptions: Of the energy model.
        folder: Where Linux shows the counters.
        options: For `measured_energy`.
    """
    try:
        _zones(folder)
    except NoEnergyCounter:
        return modelled_energy(cost, assumptions)
    return measured_energy(call, name=cost.model, folder=folder, **options)
