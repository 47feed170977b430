import dataclasses

import pytest

from efficient_ai.cost import StepCost
from efficient_ai.hardware import EnergyModel, training_energy

STEP = StepCost("net", 1, 1e6, 2e6, 0, 0, 0, 0, 4e6, 8e6)


def test_energy_is_operations_and_bytes_at_their_prices():
    prices = EnergyModel(precision="float32")
    found = training_energy(STEP, prices, steps=10)
    assert found.compute_uj == pytest.approx(10 * 3e6 * prices.pj_per_mac * 1e-6)
    moved = 4e6 * prices.pj_per_weight_byte + 8e6 * prices.pj_per_activation_byte
    assert found.memory_uj == pytest.approx(10 * moved * 1e-6)


def test_half_of_the_bytes_cost_half():
    less = dataclasses.replace(STEP, moved_weight_bytes=2e6, moved_activation_bytes=4e6)
    assert training_energy(less).memory_uj == pytest.approx(training_energy(STEP).memory_uj / 2)


def test_no_steps_cost_nothing_and_fewer_cannot_be():
    assert training_energy(STEP, steps=0).total_uj == 0
    with pytest.raises(ValueError, match="steps"):
        training_energy(STEP, steps=-1)
