import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai import cost
from efficient_ai.search import CANDIDATES, CHOICES, Candidate, build, sample


@given(st.integers(0, 2**32 - 1))
def test_a_draw_lies_in_the_space_and_is_the_same_twice(seed):
    drawn = sample(seed=seed)
    assert drawn == sample(seed=seed)
    assert all(getattr(drawn, name) in choices for name, choices in CHOICES.items())


def test_draws_reach_every_choice():
    drawn = [dataclasses.asdict(sample(seed=seed)) for seed in range(200)]
    assert all({one[name] for one in drawn} == set(choices) for name, choices in CHOICES.items())


def test_every_field_of_a_candidate_has_choices():
    assert set(CHOICES) == {field.name for field in dataclasses.fields(Candidate)}


@pytest.mark.parametrize("wrong", [{"block": "dense"}, {"width": 10}, {"side": 28}, {"blocks": 0}])
def test_what_is_not_in_the_space_is_refused_with_the_choices(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be one of .*, got"):
        Candidate(**{"block": "plain", "width": 8, **wrong})


def test_the_candidates_differ_in_kind_and_span_a_factor_of_25():
    assert len(set(CANDIDATES.values())) >= 12
    assert {candidate.block for candidate in CANDIDATES.values()} == set(CHOICES["block"])
    macs = [cost.count(build(candidate)).macs for candidate in CANDIDATES.values()]
    assert max(macs) > 25 * min(macs)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_any_net_of_the_space_gives_ten_finite_logits_and_is_known_to_the_cost_counter(seed):
    candidate = sample(seed=seed)
    small = dataclasses.replace(candidate, width=8, blocks=min(candidate.blocks, 2))
    model = build(small, seed=1)
    logits = np.asarray(model(np.full((2, 32, 32, 3), 0.5, np.float32)))
    assert logits.shape == (2, 10)
    assert np.isfinite(logits).all()
    assert not cost.count(model).unknown_operators


def test_a_plain_net_has_the_multiply_accumulates_that_its_shapes_say():
    side, width = 32, 8
    stem = side**2 * 9 * 3 * width
    stages = [(side, width, width), (side // 2, width, 2 * width), (side // 4, 2 * width, 4 * width)]
    convolutions = sum(s**2 * 9 * before * after for s, before, after in stages)
    assert cost.count(build(Candidate("plain", width))).macs == stem + convolutions + 4 * width * 10


def test_half_the_resolution_is_a_quarter_of_the_convolutions_work():
    macs = {side: cost.count(build(Candidate("plain", 16, side=side))).macs - 64 * 10 for side in (16, 32)}
    assert macs[32] == 4 * macs[16]


def test_the_seed_decides_the_weights_and_nothing_else():
    candidate = CANDIDATES["residual-8"]
    one, again, other = (build(candidate, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert [w.shape for w in one] == [w.shape for w in other]
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
