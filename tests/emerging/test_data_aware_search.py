import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai.emerging.data_aware import BOOK, SPOTTERS
from efficient_ai.emerging.data_aware_search import METHODS, TrainedSpotter, allowed, found_accuracies, replay


def merit(spotter):
    """Every choice matters, and none depends on another."""
    hearing = spotter.hearing
    return (
        spotter.filters / 60
        + spotter.blocks / 20
        - spotter.time_stride / 20
        + hearing.coefficients / 200
        - hearing.hop_ms / 400
    )


TABLE = tuple(TrainedSpotter(s, 100 * s.filters + s.hearing.coefficients, merit(s), merit(s)) for s in SPOTTERS)


def test_what_does_not_fit_or_hears_otherwise_is_not_tried():
    some = allowed(TABLE, ram_bytes=1_000, joint=True)
    assert some
    assert all(row.ram_bytes <= 1_000 for row in some)
    assert len(some) < len(TABLE)
    alone = allowed(TABLE, ram_bytes=10**9, joint=False)
    assert {row.spotter.hearing for row in alone} == {BOOK}
    with pytest.raises(ValueError, match="no spotter of the table fits 10 bytes"):
        allowed(TABLE, ram_bytes=10, joint=True)


@settings(max_examples=30, deadline=None)
@given(method=st.sampled_from(METHODS), seed=st.integers(0, 999), trials=st.integers(1, 90))
def test_the_best_never_gets_worse_and_a_whole_space_gives_its_best(method, seed, trials):
    rows = allowed(TABLE, ram_bytes=2_000, joint=True)
    best = [row.validation_accuracy for row in replay(rows, joint=True, trials=trials, method=method, seed=seed)]
    assert len(best) == trials
    assert best == sorted(best)
    if trials >= len(rows):
        assert best[-1] == max(row.validation_accuracy for row in rows)


def test_evolution_climbs_faster_than_chance_on_a_smooth_table():
    found = {
        method: found_accuracies([TABLE], ram_bytes=10**9, trials=12, method=method, replays=100)["together"][
            :, 5:
        ].mean()
        for method in METHODS
    }
    assert found["evolution"] > found["random"] + 0.005


def test_a_replay_repeats_with_its_seed():
    rows = allowed(TABLE, ram_bytes=10**9, joint=True)
    assert replay(rows, joint=True, trials=9, method="evolution", seed=5) == replay(
        rows, joint=True, trials=9, method="evolution", seed=5
    )


@pytest.mark.parametrize("asked", [{"method": "luck", "trials": 3}, {"method": "random", "trials": 0}])
def test_a_search_that_cannot_be_made_is_refused(asked):
    with pytest.raises(ValueError, match="at least one trial"):
        replay(TABLE, joint=True, **asked, seed=0)


def test_replays_take_the_trainings_in_turn():
    worse = tuple(dataclasses.replace(row, test_accuracy=0.0) for row in TABLE)
    found = found_accuracies([TABLE, worse], ram_bytes=10**9, trials=3, method="random", replays=4)
    for accuracies in found.values():
        assert accuracies.shape == (4, 3)
        assert (accuracies[::2] > 0).all()
        assert (accuracies[1::2] == 0).all()


def test_a_search_of_the_network_alone_stays_with_the_books_hearing_and_ends_with_its_best():
    rows = allowed(TABLE, ram_bytes=10**9, joint=False)
    found = replay(rows, joint=False, trials=20, method="evolution", seed=1)
    assert len(found) == 20
    assert {row.spotter.hearing for row in found} == {BOOK}
    assert found[-1].validation_accuracy == max(row.validation_accuracy for row in rows)
