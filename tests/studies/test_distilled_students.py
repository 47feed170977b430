import numpy as np
import pytest

from efficient_ai.compress.prune import sparsity
from efficient_ai.studies import distilled_students as study


def test_every_student_is_trained_with_and_without_its_teacher_from_the_same_seeds():
    for name, plan in study.PLANS.items():
        seeds = {
            taught: {s["seed"] for s in study.STUDY.shards if (s["student"], s["taught"]) == (name, taught)}
            for taught in (False, True)
        }
        assert seeds[True] == seeds[False] == set(plan.seeds)


def test_the_first_shards_make_a_whole():
    first = [(s["student"], s["taught"]) for s in study.STUDY.shards if s["seed"] == 0]
    assert [(s["student"], s["taught"]) for s in study.STUDY.shards][: len(first)] == first
    assert len(set(first)) == 2 * len(study.PLANS)


@pytest.mark.parametrize("name", ["pruned", "text"])
def test_a_pruned_student_is_cut_before_it_is_trained(name):
    assert sparsity(study.untaught(name)) == pytest.approx(study.PLANS[name].how.sparsity, abs=1e-3)


def test_the_first_losses_follow_from_the_seed_and_the_teacher():
    alone, taught = (study.first_losses("text", flag, 0, steps=2) for flag in (False, True))
    assert alone == study.first_losses("text", False, 0, steps=2)
    assert not np.allclose(alone, taught)
