"""What an inference costs in money: the device, spread over what it does in its life, and the electricity.

Modelled from sourced prices: of the device in the catalogue, of a kWh in `published`. People, housing, network and
repairs are left out. A device whose price isn't known has none here either.
"""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai import published
from efficient_ai.hardware import Device

MILLION = 1e6
J_PER_KWH = 3.6e6
USD_PER_KWH = "price.electricity.us_residential"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How a device is used: `years` of life, and `per_day` inferences.

    `idle_w` is drawn between inferences. `usd_per_kwh` is a published mean price where it is None.
    """

    per_day: float
    years: float = 3.0
    idle_w: float = 0.0
    usd_per_kwh: float | None = None

    def __post_init__(self) -> None:
        if not self.per_day > 0 or not self.years > 0:
            raise ValueError(f"per_day and years must be above 0, got {self.per_day} and {self.years}")
        if self.idle_w < 0 or (self.usd_per_kwh or 0) < 0:
            raise ValueError(f"idle_w and usd_per_kwh must be at least 0, got {self.idle_w} and {self.usd_per_kwh}")

    @property
    def electricity_usd(self) -> float:
        """The price of a kWh that is reckoned with."""
        return published.figure(USD_PER_KWH).value if self.usd_per_kwh is None else self.usd_per_kwh


@dataclass(frozen=True)
class Price:
    """Modelled prices of a million inferences in USD; None where the device's price or power isn't known.

    `utilisation` is the share of time in which the device computes, in (0, 1].
    """

    device: str
    device_usd: float | None
    device_usd_per_million: float | None
    electricity_usd_per_million: float | None
    utilisation: float

    @property
    def usd_per_million(self) -> float | None:
        """Both parts; None where either isn't known."""
        parts = (self.device_usd_per_million, self.electricity_usd_per_million)
        return None if None in parts else sum(parts)


def most_per_day(seconds: float) -> float:
    """How many inferences a device can do in a day, one after another.

    Args:
        seconds: Of an inference, above 0.

    Raises:
        ValueError: If `seconds` isn't above 0.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be above 0, got {seconds}")
    return 86_400 / seconds


def price_of(device: Device, seconds: float, usage: Usage) -> Price:
    """Model what a million inferences cost on a device.

    The device's price is spread evenly over all inferences of its life. Busy it draws `power_w` of the catalogue.

    Args:
        device: Of the catalogue.
        seconds: Of an inference, measured or modelled elsewhere.
        usage: How often and how long.

    Returns:
        The prices.

    Raises:
        ValueError: If the device can't do so many inferences a day.
    """
    share = usage.per_day / most_per_day(seconds)
    if share > 1 + 1e-9:
        raise ValueError(
            f"{device.name} does {most_per_day(seconds):,.0f} inferences a day, asked for {usage.per_day:,.0f}: "
            "a faster net, or more devices"
        )
    in_life = usage.per_day * 365 * usage.years
    own = None if device.price_usd is None else MILLION * device.price_usd / in_life
    current = None
    if device.power_w is not None:
        joule = device.power_w * seconds + usage.idle_w * (86_400 / usage.per_day - seconds)
        current = MILLION * max(joule, 0.0) / J_PER_KWH * usage.electricity_usd
    return Price(device.name, device.price_usd, own, current, min(share, 1.0))


def linpack_seconds(device: Device, macs: int) -> float | None:
    """Model an inference's time at the rate that the device was measured at under Linpack, in float64.

    A net in float32 or int8 may be faster for its narrower numbers, and slower for its small layers; it is a common
    yardstick for computers whose time for our nets nobody has measured.

    Args:
        device: Of the catalogue.
        macs: Of an inference; two operations each.

    Returns:
        Seconds, or None where nobody measured the device.
    """
    return None if device.measured_flop_per_s is None else 2 * macs / device.measured_flop_per_s
