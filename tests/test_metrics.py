import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from efficient_ai import metrics


def test_accuracy_and_agreement_count_the_largest_logit():
    logits = np.array([[0.1, 0.9], [2.0, 1.0], [0.0, 3.0]])
    assert metrics.accuracy(logits, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    assert metrics.agreement(logits, logits[:, ::-1]) == 0


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equally many, got 2 and 3"):
        metrics.correct(np.zeros((2, 4)), np.zeros(3))


def test_sqnr_of_a_uniform_grid_is_six_decibels_a_bit():
    values = np.random.default_rng(0).uniform(-1, 1, 100_000)
    gains = [metrics.sqnr_db(np.rint(values * 2**b) / 2**b, values) for b in (7, 8)]
    assert gains[1] - gains[0] == pytest.approx(6.02, abs=0.1)
    assert metrics.sqnr_db(values, values) == float("inf")


def test_bootstrap_interval_has_the_width_of_theory():
    hits = np.random.default_rng(1).random(10_000) < 0.9
    interval = metrics.bootstrap_mean(hits)
    assert interval.low < interval.value < interval.high
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * np.sqrt(0.09 / 10_000), rel=0.1)


def test_a_paired_interval_is_narrower_than_two_single_ones():
    random = np.random.default_rng(2)
    first = random.random(5_000) < 0.9
    second = first ^ (random.random(5_000) < 0.01)
    paired = metrics.paired_difference(first, second)
    single = metrics.bootstrap_mean(first)
    assert paired.high - paired.low < single.high - single.low
    assert metrics.paired_difference(first, first).high == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_every_point_is_on_the_front_or_beaten_by_one_on_it(points):
    costs, gains = zip(*points, strict=True)
    front = metrics.pareto_front(costs, gains)
    for cost, gain in points:
        assert any(costs[i] <= cost and gains[i] >= gain for i in front)
    for i in front:
        assert not any(
            (costs[j] < costs[i] and gains[j] >= gains[i]) or (costs[j] <= costs[i] and gains[j] > gains[i])
            for j in range(len(points))
        )


def test_bits_per_byte_of_an_even_guess_and_of_a_sure_one():
    targets = np.array([[0, 255, 7], [1, 2, 3]])
    even = np.full((2, 3, 256), 5.0)
    assert np.allclose(metrics.bits_per_byte(even, targets), 8)
    sure = np.where(np.arange(256) == targets[..., None], 1_000.0, 0)
    assert np.allclose(metrics.bits_per_byte(sure, targets), 0)
    half = np.where(np.arange(256) < 128, 0.0, -np.inf)
    assert metrics.bits_per_byte(np.broadcast_to(half, (1, 2, 256)), np.array([[5, 6]]))[0] == pytest.approx(7)


def test_bits_per_byte_wants_a_logit_for_each_byte():
    with pytest.raises(ValueError, match=r"\(2, 4, 256\), got \(2, 3, 256\)"):
        metrics.bits_per_byte(np.zeros((2, 3, 256)), np.zeros((2, 4), int))


def test_windows_in_a_row_are_accepted_once():
    scores = np.array([[0.1, 0.9, 0.95, 0.2, 0.9], [0.9, 0.9, 0.9, 0.9, 0.9], [0.0, 0.1, 0.2, 0.3, 0.4]])
    assert metrics.accepts(scores, threshold=0.9).tolist() == [2, 1, 0]
    assert metrics.accepts(scores, threshold=0.0).tolist() == [1, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=25))
def test_kendalls_correlation_is_scipys(pairs):
    stats = pytest.importorskip("scipy.stats")
    first, second = zip(*pairs, strict=True)
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    assert metrics.kendall(first, second) == pytest.approx(float(stats.kendalltau(first, second).statistic))


def test_kendalls_correlation_refuses_what_orders_nothing():
    with pytest.raises(ValueError, match="at least two different values"):
        metrics.kendall([1, 1], [1, 2])
    with pytest.raises(ValueError, match="equally long, got 2 and 3"):
        metrics.kendall([1, 2], [1, 2, 3])
