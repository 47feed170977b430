"""Modelled energy: closed forms, and the invariants of a sum of prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.hardware import EnergyModel, modelled_energy
from efficient_ai.hardware.energy import MEMORIES, PRECISIONS, memory_pj_per_byte
from efficient_ai.records import LayerCost, ModelCost

sizes = st.integers(0, 10**9)


def cost(*, macs=0, weight_bytes=0, input_bytes=0, output_bytes=0):
    layer = LayerCost("layer", "conv", (1,), weight_bytes, macs, weight_bytes, input_bytes, output_bytes)
    return ModelCost("net", (layer,), input_bytes + output_bytes)


def test_a_multiply_accumulate_costs_its_multiplication_and_its_addition():
    assert EnergyModel(precision="int8").pj_per_mac == pytest.approx(0.2 + 0.03)
    assert EnergyModel(precision="int8", accumulate="int32").pj_per_mac == pytest.approx(0.2 + 0.1)
    assert EnergyModel(precision="float16").pj_per_mac == pytest.approx(1.1 + 0.4)
    assert EnergyModel(precision="float32").pj_per_mac == pytest.approx(3.7 + 0.9)


def test_a_million_int8_macs_without_bytes_cost_a_quarter_of_a_microjoule():
    energy = modelled_energy(cost(macs=10**6))
    assert energy.compute_uj == pytest.approx(0.23)
    assert energy.memory_uj == 0
    assert energy.total_uj == energy.compute_uj


def test_dram_as_han_reads_it_lies_at_the_low_end_of_horowitz_range():
    assert memory_pj_per_byte("dram") == 160
    assert memory_pj_per_byte("dram_low") == pytest.approx(162.5)
    assert memory_pj_per_byte("dram_high") == 2 * memory_pj_per_byte("dram_low")


def test_a_small_sram_costs_five_picojoules_for_32_bits():
    assert 4 * memory_pj_per_byte("sram_8kb") == 5


def test_farther_memory_costs_more():
    prices = [memory_pj_per_byte(m) for m in ("sram_8kb", "sram_32kb", "sram_1mb", "dram", "dram_high")]
    assert prices == sorted(set(prices))


def test_weights_and_activations_pay_the_price_of_their_own_memory():
    model = EnergyModel(weights_from="dram", activations_in="sram_8kb")
    assert modelled_energy(cost(weight_bytes=10**6), model).total_uj == pytest.approx(160)
    assert modelled_energy(cost(input_bytes=10**6), model).total_uj == pytest.approx(1.25)
    assert modelled_energy(cost(output_bytes=10**6), model).total_uj == pytest.approx(1.25)


@given(
    macs=sizes,
    weight_bytes=sizes,
    input_bytes=sizes,
    output_bytes=sizes,
    precision=st.sampled_from(PRECISIONS),
    memory=st.sampled_from(MEMORIES),
)
def test_energy_is_at_least_the_energy_of_its_macs(macs, weight_bytes, input_bytes, output_bytes, precision, memory):
    model = EnergyModel(precision=precision, weights_from=memory, activations_in=memory)
    counted = cost(macs=macs, weight_bytes=weight_bytes, input_bytes=input_bytes, output_bytes=output_bytes)
    energy = modelled_energy(counted, model)
    assert energy.total_uj >= macs * model.pj_per_mac * 1e-6
    assert energy.memory_uj >= 0


def test_energy_of_two_layers_is_the_sum_of_theirs():
    one = cost(macs=5, weight_bytes=7, input_bytes=11, output_bytes=13)
    two = cost(macs=50, weight_bytes=70, input_bytes=110, output_bytes=130)
    both = ModelCost("net", one.layers + two.layers, 0)
    assert modelled_energy(both).total_uj == pytest.approx(
        modelled_energy(one).total_uj + modelled_energy(two).total_uj
    )


@pytest.mark.parametrize(
    "wrong",
    [{"precision": "int4"}, {"accumulate": "int64"}, {"weights_from": "flash"}, {"activations_in": "sram"}],
)
def test_an_unknown_assumption_is_refused_with_those_there_are(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got '{wrong[name]}'"):
        EnergyModel(**wrong)
