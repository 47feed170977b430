import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import search
from efficient_ai.search import Candidate, Costs, Found

POINTS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=12)


def made(points):
    return tuple(
        Found(number, Candidate("plain", 8), gain / 10, Costs(cost / 1e3, size, 1), 0.0, "")
        for number, (cost, size, gain) in enumerate(points)
    )


def dominates(a, b):
    no_worse = (
        a.accuracy >= b.accuracy and a.costs.latency_s <= b.costs.latency_s and a.costs.size_bytes <= b.costs.size_bytes
    )
    return no_worse and (a.accuracy, a.costs) != (b.accuracy, b.costs)


@given(POINTS)
def test_no_net_of_a_front_is_dominated_and_every_other_is(points):
    found = made(points)
    front = search.front(found)
    assert not any(dominates(a, b) for a, b in itertools.permutations(front, 2))
    left = [one for one in found if one not in front]
    assert all(any(dominates(a, b) or (a.accuracy, a.costs) == (b.accuracy, b.costs) for a in front) for b in left)


@given(POINTS, st.integers(1, 6))
def test_the_best_within_a_target_lies_on_the_front(points, target):
    found = made(points)
    if all(one.costs.latency_s > target / 1e3 for one in found):
        with pytest.raises(ValueError, match="none of"):
            search.best_within(found, latency_s=target / 1e3)
        return
    best = search.best_within(found, latency_s=target / 1e3)
    accuracies = [
        one.accuracy for one in search.front(found, costs=("latency_s",)) if one.costs.latency_s <= target / 1e3
    ]
    assert best.accuracy == max(accuracies)


def test_a_hypervolume_is_the_area_of_the_stairs():
    assert search.hypervolume([1], [1], worst_cost=4, worst_gain=0) == 2
    assert search.hypervolume([1, 2], [1, 3], worst_cost=4, worst_gain=0) == 2 * 1 + 1 * 2
    assert search.hypervolume([5, 1], [1, -1], worst_cost=4, worst_gain=0) == 0


@given(POINTS)
def test_a_hypervolume_agrees_with_counting_cells(points):
    costs, gains = [2.0**c for c, _, _ in points], [g for _, _, g in points]
    cells = np.zeros((6, 6), bool)
    for cost, _, gain in points:
        cells[cost - 1 :, :gain] = True
    cells[-1] = False  # at the worst cost nothing is covered any more
    assert search.hypervolume(costs, gains, worst_cost=2.0**6, worst_gain=0) == pytest.approx(cells[:-1].sum())
