"""What an int8 model would take on a microcontroller whose MLPerf Tiny results are published: modelled, per MAC."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from efficient_ai.hardware import Device
from efficient_ai.hardware.energy_fit import board_tasks, fit_energy

BOARDS = {"STM32L4R5ZI": "mlperf_tiny_v1_3.stm32l4r5", "STM32U575ZI": "mlperf_tiny_v1_3.stm32u575"}
# The reference nets of convolutions (the autoencoder has none), as `cost.count` counts them; a test counts them again.
# Written down, since a check of a file should not wait for Keras to build three networks.
REFERENCE_MACS = {"kws": 2_656_768, "ic": 12_501_632, "vww": 7_489_664}
FITTED_ON = tuple(REFERENCE_MACS)


@dataclass(frozen=True)
class BoardFit:
    """A board's published nets as two slopes: what a multiply-accumulate takes there, all else included."""

    board: str
    ns_per_mac: float
    pj_per_mac: float

    def latency_ms(self, macs: int) -> float:
        """The modelled time of an inference."""
        return self.ns_per_mac * macs * 1e-6

    def energy_uj(self, macs: int) -> float:
        """The modelled energy of an inference, which the board was published with at its own voltage."""
        return self.pj_per_mac * macs * 1e-6


def board_fit(device: Device) -> BoardFit | None:
    """Fit a device's published results, or give None where there are none with energy.

    Args:
        device: Of the catalogue; one of `BOARDS`.

    Returns:
        Time and energy per MAC, fitted on int8 nets of convolutions. Another kind of net, another precision or
        another runtime takes another time.

    Source: mlperf2025tinyv13.
    """
    return _fit(device.name) if device.name in BOARDS else None


@functools.cache
def _fit(name: str) -> BoardFit:
    points = [point for point in board_tasks(BOARDS[name]) if point.task in FITTED_ON]
    energy = fit_energy(points, macs=REFERENCE_MACS)
    power_mw = fit_energy(points).power_mw
    return BoardFit(name, energy.pj_per_mac / power_mw, energy.pj_per_mac)
