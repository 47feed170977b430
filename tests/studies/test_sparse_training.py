import numpy as np
import pytest

from efficient_ai import models
from efficient_ai.compress.prune import Gradual
from efficient_ai.compress.sparse_training import RigL, Static
from efficient_ai.cost import step_macs
from efficient_ai.studies import sparse_training as study
from efficient_ai.train import Recipe

DENSE = 3 * 266_200  # LeNet-300-100's MACs, three passes
TRAINING = Recipe(epochs=10, batch_size=100)


@pytest.fixture(scope="module")
def net():
    return models.build("lenet_300_100")


def test_static_training_costs_its_share_of_every_step(net):
    assert study.macs(net, Static(0.9, distribution="uniform"), TRAINING, 1_000) == pytest.approx(
        0.1 * DENSE * 10_000, rel=1e-4
    )


def test_gradients_of_absent_weights_are_paid_for_at_moves_alone(net):
    """evci2020rigging's mean per step, with the two steps that they count for one that moves."""
    how = RigL(0.9, every=10, until=1.0)
    whole = study.macs(net, how, TRAINING, 1_000)
    random = study.macs(net, RigL(0.9, every=10, until=1.0, regrow="random"), TRAINING, 1_000)
    assert random == pytest.approx(study.macs(net, Static(0.9), TRAINING, 1_000))
    extra = step_macs(net, 0.1, all_weight_gradients=True) - step_macs(net, 0.1)
    assert whole - random == pytest.approx(9 * 100 * extra, rel=1e-3)  # after 10, 20, ..., 90 of 100 steps


def test_gradual_pruning_costs_the_mean_of_its_schedule(net):
    """The cubic leaves 1 − s + s / 4 on average until it ends, and 1 − s after that."""
    steps = Recipe(epochs=200, batch_size=10)
    cost = study.macs(net, Gradual(0.8, until=0.5, every=1), steps, 1_000)
    assert cost / (DENSE * 200_000) == pytest.approx((0.2 + 0.2) / 2 + 0.2 / 2, rel=2e-3)


@pytest.mark.parametrize("method", [study.GRADUAL, study.STATIC, study.RIGL, study.RANDOM])
def test_equal_work_is_equal_to_half_an_epoch(net, method):
    plan = study.PLANS["lenet_300_100"]
    training = study.recipe("lenet_300_100", study.epochs("lenet_300_100", method, 0.9, study.SAME_MACS), 0)
    spent = study.macs(net, study.way(method, 0.9, 0), training, plan.pictures)
    wanted = (plan.dense + 0.1) * DENSE * plan.pictures
    assert abs(spent - wanted) < 0.5 * spent / training.epochs * 1.2


def test_same_steps_are_as_many_as_dense_training_and_tuning_take():
    assert study.epochs("lenet_300_100", study.RIGL, 0.98, study.SAME_STEPS) == 5
    assert study.epochs("lenet_300_100", study.AFTER, 0.98, study.SAME_STEPS) == 5


def test_the_first_losses_are_those_of_a_shard_and_follow_from_the_seed():
    args = ("lenet_300_100", study.STATIC, 0.98, study.SAME_STEPS)
    losses = study.first_losses(*args, 0)
    assert len(losses) == study.FIRST_STEPS
    assert losses == study.first_losses(*args, 0)
    assert not np.allclose(losses, study.first_losses(*args, 1))
