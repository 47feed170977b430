"""What a model would cost elsewhere, and what this machine can do.

`catalogue` holds devices from their data sheets, `energy` a model of the energy of operations and of moving bytes, and
`local` measures the arithmetic rate and the memory bandwidth here.
"""

from efficient_ai.hardware.catalogue import Device, device, devices
from efficient_ai.hardware.energy import EnergyModel, ModelledEnergy, modelled_energy
from efficient_ai.hardware.local import Bandwidth, ComputeRate, gemm_rate, memory_bandwidth

__all__ = [
    "Bandwidth",
    "ComputeRate",
    "Device",
    "EnergyModel",
    "ModelledEnergy",
    "device",
    "devices",
    "gemm_rate",
    "memory_bandwidth",
    "modelled_energy",
]
