"""What a model would cost elsewhere, and what this machine can do.

`catalogue` holds devices from their data sheets, `energy` a model of the energy of operations and of moving bytes,
`roofline` the limit that bandwidth sets, and `local` measures the arithmetic rate and the memory bandwidth here.
`systolic` counts the cycles of a weight-stationary array as the TPU has one, `systolic_cycles` is that array moved
cycle by cycle, `edge_tpu` builds on it, and `vela` asks Arm's compiler about the Ethos-U. `energy_fit` predicts a
microcontroller's energy from published results.
"""

from efficient_ai.hardware import coral, edge_tpu, energy_fit, systolic_cycles, vela
from efficient_ai.hardware.catalogue import Device, device, devices
from efficient_ai.hardware.energy import EnergyModel, ModelledEnergy, modelled_energy
from efficient_ai.hardware.local import Bandwidth, ComputeRate, gemm_rate, memory_bandwidth
from efficient_ai.hardware.roofline import Roofline, roofline_of
from efficient_ai.hardware.systolic import LayerOnArray, ModelOnArray, Product, SystolicArray, on_array, tpu_v1
from efficient_ai.hardware.systolic import cycles as product_cycles
from efficient_ai.hardware.training_energy import training_energy

__all__ = [
    "Bandwidth",
    "ComputeRate",
    "Device",
    "EnergyModel",
    "LayerOnArray",
    "ModelOnArray",
    "ModelledEnergy",
    "Product",
    "Roofline",
    "SystolicArray",
    "coral",
    "device",
    "devices",
    "edge_tpu",
    "energy_fit",
    "gemm_rate",
    "memory_bandwidth",
    "modelled_energy",
    "on_array",
    "product_cycles",
    "roofline_of",
    "systolic_cycles",
    "tpu_v1",
    "training_energy",
    "vela",
]
