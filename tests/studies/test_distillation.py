"""What the studies of distillation and of orders are made of; their records are tested with all others."""

import numpy as np
import pytest

from efficient_ai.compress import Magnitude, prunable, prune, sparsity
from efficient_ai.models.student import student
from efficient_ai.studies import distillation, distillation_few, distillation_text, orders


def test_weights_come_back_from_a_record_as_they_were():
    model = student(seed=3)
    again = distillation.unpacked(distillation.packed(model))
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), again.get_weights(), strict=True))


@pytest.mark.parametrize("module", [distillation, distillation_text])
def test_every_seed_has_a_pair_that_differs_in_the_teacher_alone(module):
    pairs = [s for s in module.STUDY.shards if s.get("role", "pair") == "pair"]
    for seed in module.SEEDS:
        alphas = [s["alpha"] for s in pairs if s["seed"] == seed]
        assert alphas == [0.0, module.CHOSEN.alpha]
    assert len(pairs) == 2 * len(module.SEEDS) >= 10


def test_where_labels_are_few_all_methods_take_equally_many_steps():
    steps = set()
    for count, _ in distillation_few.METHODS.values():
        recipe = distillation_few.recipe(0, count)
        steps.add(count // recipe.batch_size * recipe.epochs)
        assert len(distillation_few.lesson(count)[1]) == count
    assert max(steps) - min(steps) <= 0.01 * max(steps)


@pytest.mark.parametrize("module", [distillation, distillation_few])
def test_what_is_explored_is_explored_with_another_seed(module):
    seeds = {s["seed"] for s in module.STUDY.shards if s["role"] == "map"}
    assert seeds
    assert not seeds & set(module.SEEDS)


def test_rounding_to_int8_keeps_zeros_and_moves_no_weight_by_more_than_half_a_step():
    model = prune(student(seed=0), Magnitude(0.5))
    whole = orders.rounded(model)
    assert sparsity(whole) >= sparsity(model)
    for before, after in zip(prunable(model), prunable(whole), strict=True):
        a, b = np.asarray(before), np.asarray(after)
        steps = np.abs(a).reshape(-1, a.shape[-1]).max(axis=0) / 127
        assert (np.abs(a - b).reshape(-1, a.shape[-1]).max(axis=0) <= steps / 2 * (1 + 1e-5)).all()
        assert len(np.unique(b[..., 0])) <= 255
    again = orders.rounded(whole)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(whole.get_weights(), again.get_weights(), strict=True))
