"""Modelled energy of training, at the same published prices as that of an inference. A model, never a measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from efficient_ai.hardware.energy import EnergyModel, ModelledEnergy

if TYPE_CHECKING:
    from efficient_ai.cost.training import StepCost


def training_energy(step: StepCost, prices: EnergyModel | None = None, *, steps: int = 1) -> ModelledEnergy:
    """Model the energy of some steps of training.

    Args:
        step: What a step costs, from `cost.count_step`, with the widths of the format that `prices` are of.
        prices: What a multiply-accumulate and a byte cost; `EnergyModel()` where it is None.
        steps: How many.

    Returns:
        Modelled energy in µJ of the multiplications and of the moved bytes. Divisions, roots and exponentials of
        normalizations, loss and optimizer are left out.

    Raises:
        ValueError: If `steps` is negative.

    Source: horowitz2014computing.
    """
    if steps < 0:
        raise ValueError(f"steps must not be negative, got {steps}")
    prices = prices or EnergyModel()
    moved = step.moved_weight_bytes * prices.pj_per_weight_byte
    moved += step.moved_activation_bytes * prices.pj_per_activation_byte
    return ModelledEnergy(step.model, steps * step.macs * prices.pj_per_mac * 1e-6, steps * moved * 1e-6)
