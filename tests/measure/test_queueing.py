import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.measure.queueing import published_service_ms, simulate_queue, steady_response_ms
from efficient_ai.published import UnknownFigure


@given(st.floats(0.1, 20.0), st.integers(1, 200))
def test_a_server_that_is_quicker_than_the_hop_lets_nobody_wait(service, arrivals):
    found = simulate_queue(service, hop_ms=20.0, arrivals=arrivals)
    assert found.responses_ms == pytest.approx([service] * arrivals)
    assert found.misses == 0
    assert found.longest_queue == 1
    assert steady_response_ms(service, hop_ms=20.0) == service


@given(st.floats(20.1, 100.0), st.integers(2, 100))
def test_a_slower_server_falls_behind_by_the_difference_at_every_hop(service, arrivals):
    found = simulate_queue(service, hop_ms=20.0, arrivals=arrivals)
    assert found.responses_ms == pytest.approx([service + n * (service - 20.0) for n in range(arrivals)])
    assert found.misses == arrivals
    assert steady_response_ms(service, hop_ms=20.0) == math.inf
    assert found.utilisation == pytest.approx(1.0)


def test_random_arrivals_wait_as_the_pollaczek_khinchine_formula_says():
    for load in (0.3, 0.6):
        service = 20.0 * load
        means = [
            np.mean(simulate_queue(service, hop_ms=20.0, arrivals=20_000, pattern="poisson", seed=seed).responses_ms)
            for seed in range(5)
        ]
        assert np.mean(means) == pytest.approx(steady_response_ms(service, hop_ms=20.0, pattern="poisson"), rel=0.03)


def test_random_arrivals_never_settle_at_full_load():
    assert steady_response_ms(20.0, hop_ms=20.0, pattern="poisson") == math.inf


def test_a_board_of_43_ms_cannot_meet_a_hop_of_20_ms_and_can_meet_one_of_50():
    service = published_service_ms("mlperf_tiny_v1_3.stm32l4r5")
    assert round(service) == 43
    assert simulate_queue(service, hop_ms=20.0).miss_share == 1.0
    assert simulate_queue(service, hop_ms=50.0).miss_share == 0.0


def test_a_full_house_drops_what_comes_and_bounds_the_response():
    found = simulate_queue(45.0, hop_ms=20.0, arrivals=1_000, places=2, deadline_ms=100.0)
    assert found.longest_queue == 2
    assert found.dropped == pytest.approx(1_000 * (1 - 20 / 45), rel=0.02)
    assert max(found.responses_ms) <= 2 * 45.0
    assert found.late == 0
    assert found.misses == found.dropped
    assert found.arrived == found.dropped + len(found.responses_ms)


def test_a_rare_long_service_makes_those_behind_it_late_as_well():
    samples = [5.0] * 99 + [70.0]
    found = simulate_queue(samples, hop_ms=20.0, arrivals=20_000)
    long = sum(response >= 70.0 for response in found.responses_ms)
    assert 0 < long < 400
    assert found.late > 3 * long  # 70, 55, 40, 25: four late ones for each
    assert found.percentile_ms(50) == 5.0
    assert found.percentile_ms(99.9) >= 70.0


def test_the_same_seed_gives_the_same_run():
    options = {"hop_ms": 20.0, "arrivals": 50, "pattern": "poisson"}
    assert simulate_queue([5.0, 9.0], seed=3, **options) == simulate_queue([5.0, 9.0], seed=3, **options)
    assert simulate_queue([5.0, 9.0], seed=3, **options) != simulate_queue([5.0, 9.0], seed=4, **options)


def test_bad_arguments_are_named():
    for wrong in ([], [0.0], [math.inf], -1.0):
        with pytest.raises(ValueError, match=r"service_ms must be above 0"):
            simulate_queue(wrong, hop_ms=20.0)
    with pytest.raises(ValueError, match=r"hop_ms and deadline_ms must be above 0, got 0 and 0"):
        simulate_queue(1.0, hop_ms=0)
    with pytest.raises(ValueError, match=r"arrivals and places must be at least 1, got 1000 and 0"):
        simulate_queue(1.0, hop_ms=1, places=0)
    with pytest.raises(ValueError, match=r"pattern must be one of periodic, poisson, got 'bursts'"):
        simulate_queue(1.0, hop_ms=1, pattern="bursts")
    with pytest.raises(UnknownFigure):
        published_service_ms("abacus")
