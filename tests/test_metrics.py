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


@given(n=st.integers(50, 400), seed=st.integers(0, 99), half_width=st.floats(0.002, 0.1))
def test_examples_for_are_the_fewest_that_reach_the_width_by_the_normal_law(n, seed, half_width):
    random = np.random.default_rng(seed)
    first, second = random.random(n) < 0.9, random.random(n) < 0.8
    spread = np.std(first.astype(float) - second)
    needed = metrics.examples_for(first, second, half_width=half_width)
    reached = 1.959963984540054 * spread / np.sqrt(np.array([max(needed, 1), max(needed - 1, 1)]))
    assert reached[0] <= half_width * (1 + 1e-9)
    assert needed <= 1 or reached[1] > half_width


def test_examples_for_the_width_of_a_bootstrap_are_the_examples_that_it_had():
    random = np.random.default_rng(0)
    first = random.random(4_000) < 0.9
    second = np.where(random.random(4_000) < 0.1, ~first, first)
    found = metrics.paired_difference(first, second)
    needed = metrics.examples_for(first, second, half_width=(found.high - found.low) / 2)
    assert needed == pytest.approx(4_000, rel=0.12)


def test_pairs_need_fewer_examples_the_more_alike_they_are():
    random = np.random.default_rng(0)
    first = random.random(2_000) < 0.9
    alike = np.where(random.random(2_000) < 0.02, ~first, first)
    assert metrics.examples_for(first, first, half_width=0.01) == 0
    paired = metrics.examples_for(first, alike, half_width=0.01)
    assert paired < metrics.examples_for(first, alike, half_width=0.01, paired=False) / 5


@pytest.mark.parametrize("options", [{"half_width": 0}, {"half_width": 0.01, "confidence": 1}])
def test_examples_for_refuses_numbers_out_of_range(options):
    with pytest.raises(ValueError, match="half_width must be above 0 and confidence in"):
        metrics.examples_for(np.ones(3), np.ones(3), **options)
    with pytest.raises(ValueError, match="equally many"):
        metrics.examples_for(np.ones(3), np.ones(2), half_width=0.1)


def test_each_class_has_its_own_accuracy():
    labels = np.array([0, 0, 1, 2, 2, 2, 2])
    rightly = np.array([True, False, True, True, True, True, False])
    np.testing.assert_allclose(metrics.per_class_accuracy(rightly, labels), [0.5, 1.0, 0.75])


@pytest.mark.parametrize(("labels", "message"), [([0, 2, 2], "class 1 has no example"), ([0, 1], "one label for each")])
def test_an_accuracy_of_a_class_wants_examples(labels, message):
    with pytest.raises(ValueError, match=message):
        metrics.per_class_accuracy(np.ones(3, bool), np.array(labels))


@given(n=st.integers(10, 200), right=st.floats(0, 1), confidence=st.floats(0.55, 0.99), bins=st.integers(1, 20))
def test_equally_confident_answers_are_off_by_confidence_less_accuracy(n, right, confidence, bins):
    logits = np.tile(np.log([confidence, 1 - confidence]), (n, 1))
    labels = (np.arange(n) >= round(right * n)).astype(int)
    expected = abs(confidence - round(right * n) / n)
    assert metrics.expected_calibration_error(logits, labels, bins=bins) == pytest.approx(expected, abs=1e-9)


def test_errors_of_opposite_sign_cancel_within_a_bin_alone():
    logits = np.log(np.array([[0.6, 0.4]] * 10 + [[0.9, 0.1]] * 10))
    labels = np.array([0] * 9 + [1] + [0] * 6 + [1] * 4)  # 0.9 right where 0.6 was believed, 0.6 where 0.9 was
    assert metrics.expected_calibration_error(logits, labels) == pytest.approx(0.3)
    assert metrics.expected_calibration_error(logits, labels, bins=1) == pytest.approx(0.0, abs=1e-12)


def test_softer_logits_of_an_overconfident_net_are_better_calibrated():
    random = np.random.default_rng(0)
    truth = random.normal(0, 1, (4_000, 5))
    chances = np.exp(truth) / np.exp(truth).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(5, p=p) for p in chances])
    loud = metrics.expected_calibration_error(4 * truth, labels)
    assert metrics.expected_calibration_error(truth, labels) < 0.03 < 0.15 < loud


@pytest.mark.parametrize(("count", "bins"), [(0, 15), (3, 0)])
def test_a_calibration_error_wants_bins_and_examples(count, bins):
    with pytest.raises(ValueError, match="at least one bin and one example"):
        metrics.expected_calibration_error(np.zeros((count, 2)), np.zeros(count, int), bins=bins)
