import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.emerging import codesign
from efficient_ai.emerging.codesign import GRIDS, Grid, Pair
from efficient_ai.hardware import systolic_cycles
from efficient_ai.search.candidate_shapes import candidate_layers
from efficient_ai.search.layer_shapes import LayerShape
from efficient_ai.search.table import places

PLACES = places()
SOME = {name: PLACES[name] for name in list(PLACES)[::60]}

counts = st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=1)
THREE = (Grid(4, 4), Grid(4, 8), Grid(8, 8))


def tables(drawn):
    return {net: dict(zip(THREE, cycles, strict=True)) for net, cycles in drawn.items()}


def test_what_an_array_multiplies_is_what_the_shapes_count():
    for candidate in SOME.values():
        macs = sum(layer.macs for layer in candidate_layers(candidate))
        assert sum(one.macs for one in codesign.products(candidate)) == macs


def test_cycles_of_a_layer_are_those_of_the_array_moved_register_by_register():
    layer = LayerShape("conv", 3, 3, 2, 5)
    one = codesign.product(layer)
    random = np.random.default_rng(0)
    left, right = random.integers(-9, 9, (one.vectors, one.inner)), random.integers(-9, 9, (one.inner, one.outputs))
    _, passed = systolic_cycles.run(left, right, rows=4, columns=4)
    assert codesign._cycles(Grid(4, 4), one) == passed


def test_no_more_of_the_multipliers_work_than_there_are():
    for candidate, grid in itertools.product(SOME.values(), GRIDS[::4]):
        assert 0 < codesign.utilisation(candidate, grid) <= 1


@given(counts, st.integers(1, 9))
def test_together_is_never_beaten_by_going_one_after_the_other(drawn, deadline):
    table = tables(drawn)
    nets = sorted(table)
    best = codesign.together(nets, table, deadline=deadline)
    pairs = [(grid.multipliers, count) for net in nets for grid, count in table[net].items() if count <= deadline]
    assert (best is None) == (not pairs)
    apart = [
        codesign.net_first(nets, table, {net: table[net][THREE[1]] for net in nets}, deadline=deadline),
        codesign.grid_first(nets, table, nets[0], deadline=deadline),
    ]
    for pair in (one for one in apart if one is not None):
        assert pair.cycles <= deadline
        assert best.grid.multipliers <= pair.grid.multipliers
    if pairs:
        assert (best.grid.multipliers, best.cycles) == min(pairs)


def test_a_net_that_meets_the_deadline_nowhere_has_no_array():
    assert codesign.smallest_grid("a", {THREE[0]: 5}, deadline=4) is None
    assert codesign.smallest_grid("a", {THREE[0]: 5, THREE[2]: 3}, deadline=4) == Pair("a", THREE[2], 3)


def test_the_net_that_comes_first_is_the_cheapest_by_the_count_that_is_given():
    table = tables({"a": [9, 9, 2], "b": [1, 1, 1]})
    assert codesign.net_first(["a", "b"], table, {"a": 1, "b": 2}, deadline=3).net == "a"
    with pytest.raises(ValueError, match="empty"):
        codesign.net_first([], table, {}, deadline=3)
