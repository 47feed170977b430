import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai.search import replay
from efficient_ai.search.table import AXES, places

SIZES = (3, 4, 2)
EVERY = list(itertools.product(*map(range, SIZES)))
QUICK = {"random": replay.random_search, "evolution": replay.evolution}


@st.composite
def tables(draw):
    """Scores of a table in which some places are forbidden."""
    allowed = draw(st.lists(st.sampled_from(EVERY), min_size=3, unique=True))
    return {place: draw(st.floats(0, 1)) for place in allowed}


@given(tables(), st.integers(1, 30), st.integers(0, 5), st.sampled_from(sorted(QUICK)))
def test_no_place_is_tried_twice_and_none_that_is_forbidden(scores, budget, seed, name):
    tried = QUICK[name](scores, SIZES, budget=budget, seed=seed)
    assert len(tried) == len(set(tried)) == min(budget, len(scores))
    assert set(tried) <= set(scores)
    assert tried == QUICK[name](scores, SIZES, budget=budget, seed=seed)


@settings(max_examples=8, deadline=None)
@given(tables(), st.integers(0, 3))
def test_the_bayesian_search_tries_all_of_a_table_that_fits_its_budget(scores, seed):
    tried = replay.bayesian(scores, SIZES, budget=len(scores), seed=seed)
    assert sorted(tried) == sorted(scores)
    assert replay.best_so_far(tried, scores)[-1] == max(scores.values())


def test_the_best_of_random_nets_has_the_mean_of_its_closed_form():
    random = np.random.default_rng(0)
    scores = dict(zip(EVERY, random.random(len(EVERY)), strict=True))
    found = np.mean(
        [replay.best_so_far(replay.random_search(scores, SIZES, budget=6, seed=seed), scores) for seed in range(4_000)],
        axis=0,
    )
    values, n = sorted(scores.values()), len(scores)
    for k in (1, 3, 6):
        expected = sum(v * comb(i, k - 1) for i, v in enumerate(values)) / comb(n, k)
        assert found[k - 1] == pytest.approx(expected, abs=0.01)


def test_evolution_climbs_a_hill_faster_than_lots():
    sizes = (8, 8, 8)
    scores = {
        p: -sum((a - b) ** 2 for a, b in zip(p, (6, 1, 5), strict=True)) for p in itertools.product(range(8), repeat=3)
    }
    ends = {
        name: np.mean(
            [replay.best_so_far(method(scores, sizes, budget=60, seed=seed), scores)[-1] for seed in range(60)]
        )
        for name, method in QUICK.items()
    }
    assert ends["evolution"] > ends["random"] + 0.5


def test_a_net_stands_at_the_indices_of_its_choices():
    every = places()
    name, net = list(every.items())[37]
    ((place, score),) = replay.on_table({name: 0.5})[0].items()
    assert score == 0.5
    assert all(values[i] == getattr(net, axis) for i, (axis, values) in zip(place, AXES.items(), strict=True))
    with pytest.raises(KeyError):
        replay.on_table({"no such net": 1.0})
