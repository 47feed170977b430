"""The roofline: how fast an operator can be, from the operations that it does for each byte it moves."""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai.hardware.catalogue import Device
from efficient_ai.hardware.systolic import SystolicArray


@dataclass(frozen=True)
class Roofline:
    """A machine by two numbers: its arithmetic at best, and the bandwidth of its memory.

    Source: williams2009roofline.
    """

    name: str
    peak_ops_per_s: float
    bandwidth_bytes_per_s: float

    def __post_init__(self) -> None:
        if self.peak_ops_per_s <= 0 or self.bandwidth_bytes_per_s <= 0:
            raise ValueError(f"peak and bandwidth of {self.name} must be above 0")

    @property
    def ridge_ops_per_byte(self) -> float:
        """Where the roof bends: with fewer operations for each byte, memory is the limit."""
        return self.peak_ops_per_s / self.bandwidth_bytes_per_s

    def attainable_ops_per_s(self, ops_per_byte: float) -> float:
        """The rate that no operator of this intensity exceeds: the smaller of peak and bandwidth × intensity.

        Raises:
            ValueError: If the intensity is negative.
        """
        if ops_per_byte < 0:
            raise ValueError(f"ops_per_byte must be at least 0, got {ops_per_byte}")
        return min(self.peak_ops_per_s, self.bandwidth_bytes_per_s * ops_per_byte)


def roofline_of(machine: SystolicArray | Device) -> Roofline:
    """The roofline of an array, or of a device of the catalogue.

    Raises:
        ValueError: If the catalogue doesn't know the device's peak or its bandwidth.
    """
    if isinstance(machine, SystolicArray):
        return Roofline(machine.name, machine.peak_ops_per_s, machine.bandwidth_bytes_per_s)
    if machine.peak_ops_per_s is None or machine.memory_bandwidth_bytes_per_s is None:
        raise ValueError(f"the catalogue has no peak or no bandwidth for {machine.name}: give a Roofline of your own")
    return Roofline(machine.name, machine.peak_ops_per_s, machine.memory_bandwidth_bytes_per_s)
