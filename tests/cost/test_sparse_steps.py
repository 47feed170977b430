import pytest

from efficient_ai import models
from efficient_ai.cost import count
from efficient_ai.cost.sparse_steps import step_macs


@pytest.fixture(scope="module")
def net():
    return models.build("lenet_300_100")


def test_a_dense_step_costs_three_passes(net):
    assert step_macs(net) == 3 * count(net).macs


def test_each_layer_costs_in_proportion_to_the_weights_that_it_has(net):
    assert step_macs(net, 0.1) == pytest.approx(0.3 * count(net).macs)
    assert step_macs(net, {"hidden_300": 0.0}) == 3 * (30_000 + 1_000)


def test_gradients_of_absent_weights_cost_one_whole_pass(net):
    assert step_macs(net, 0.1, all_weight_gradients=True) == pytest.approx(1.2 * count(net).macs)
    assert step_macs(net, all_weight_gradients=True) == step_macs(net)


def test_layers_that_are_not_there_and_densities_that_cannot_be_are_refused(net):
    with pytest.raises(ValueError, match="no layers hidden_9"):
        step_macs(net, {"hidden_9": 0.5})
    with pytest.raises(ValueError, match="densities must be in"):
        step_macs(net, {"hidden_300": 1.5})
