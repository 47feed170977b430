"""The device catalogue: accelerators, phones, single-board computers and microcontrollers, from `devices.toml`."""

from __future__ import annotations

import difflib
import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.errors import EfficientAIError

KINDS = ("cloud", "edge", "tinyml")
_FILE = Path(__file__).with_name("devices.toml")


class UnknownDevice(EfficientAIError, KeyError):
    """The catalogue has no device of this name; the message lists near ones."""

    __str__ = Exception.__str__  # KeyError's shows the message in quotes


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device as its sources describe it; None where no source that could be read gave the figure.

    `memory_bytes` is working memory (HBM, LPDDR, SRAM), `storage_bytes` flash, None where it is external.
    `peak_ops_per_s` counts a multiply-accumulate as two operations at `precision`; for a microcontroller's core
    `notes` says how it follows from the clock. `measured_flop_per_s` is Linpack's rate in float64, where somebody
    measured it. `power_w` is what `power_note` says, `price_source` a bib key. `verified` is "V" (the maker's or the
    project's own documents) or "2" (a secondary text).
    """

    name: str
    kind: str
    memory_bytes: int
    sources: tuple[str, ...]
    verified: str
    storage_bytes: int | None = None
    clock_hz: int | None = None
    peak_ops_per_s: float | None = None
    precision: str = ""
    measured_flop_per_s: float | None = None
    memory_bandwidth_bytes_per_s: float | None = None
    power_w: float | None = None
    power_note: str = ""
    price_usd: float | None = None
    price_source: str = ""
    price_date: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind of {self.name} must be one of {', '.join(KINDS)}, got {self.kind!r}")

    @property
    def peak_macs_per_s(self) -> float | None:
        """Half of `peak_ops_per_s`: multiply-accumulates a second at `precision`."""
        return None if self.peak_ops_per_s is None else self.peak_ops_per_s / 2

    @property
    def ridge_ops_per_byte(self) -> float | None:
        """Operations that a byte from memory must feed for the peak to be the limit, where both are known."""
        if self.peak_ops_per_s is None or self.memory_bandwidth_bytes_per_s is None:
            return None
        return self.peak_ops_per_s / self.memory_bandwidth_bytes_per_s


def devices(kind: str | None = None) -> tuple[Device, ...]:
    """Give the devices of the catalogue.

    Args:
        kind: One of `KINDS` (cloud, edge, tinyml); None for all.

    Returns:
        Cloud first, then edge, then TinyML; the larger memory first within a kind.

    Raises:
        ValueError: If `kind` is none of these.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)} or None, got {kind!r}")
    return tuple(d for d in _catalogue().values() if kind in (None, d.kind))


def device(name: str) -> Device:
    """Give one device.

    Args:
        name: Its whole name, as in `"STM32L4R5ZI"`.

    Returns:
        The device.

    Raises:
        UnknownDevice: If there is none; the message lists near names.
    """
    try:
        return _catalogue()[name]
    except KeyError:
        names = list(_catalogue())
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        near += [n for n in names if name.lower() in n.lower() and n not in near]
        hint = f"near ones: {', '.join(near)}" if near else f"there are: {', '.join(names)}"
        raise UnknownDevice(f"no device {name!r} in the catalogue; {hint}") from None


@functools.cache
def _catalogue() -> dict[str, Device]:
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["device"]
    listed = [Device(**{**entry, "sources": tuple(entry["sources"])}) for entry in entries]
    listed.sort(key=lambda d: (KINDS.index(d.kind), -d.memory_bytes))
    return {d.name: d for d in listed}
