import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.measure import eembc
from efficient_ai.records import LatencyStats

TIMES = st.lists(st.floats(1.0, 100.0), min_size=100, max_size=300)


def test_a_model_that_always_takes_the_same_scores_the_same_under_every_rule():
    scores = eembc.rule_scores([2.5] * 2_000)
    assert [score.latency_ms for score in scores] == pytest.approx([2.5] * 4)
    assert scores[0].per_s == pytest.approx(400)


@given(TIMES)
def test_percentile_rules_lie_between_the_smallest_and_the_largest_sample(times):
    for score in eembc.rule_scores(times)[1:]:
        assert eembc.significant(min(times)) <= score.latency_ms * 1.01
        assert score.latency_ms <= max(times) * 1.01


def test_a_slow_tail_changes_percentiles_and_leaves_the_median_of_stretches_nearly():
    samples = np.full(2_000, 1.0)
    samples[::12] = 10.0  # a twelfth is slow: under the 90th percentile and over the 95th
    ulpmark, tiny, stream, mark = (score.latency_ms for score in eembc.rule_scores(samples))
    assert mark == 10.0
    assert stream in (1.0, 10.0)
    assert tiny == pytest.approx(samples.mean(), rel=0.02)
    assert ulpmark == pytest.approx(tiny, rel=0.02)


def test_the_early_stopping_estimate_is_never_below_the_percentile():
    rng = np.random.default_rng(0)
    samples = rng.exponential(1.0, 500) + 0.1
    assert eembc.mlperf_single_stream(samples).latency_ms >= np.percentile(samples, 90)


def test_a_coarse_timer_makes_a_short_run_coarse():
    samples = [0.013] * 50  # a stretch takes 0.13 ms, under a tick
    assert eembc.ulpmark_ml(samples).latency_ms == pytest.approx(0.1)  # a tick for ten inferences
    assert eembc.ulpmark_ml(samples, timer_hz=1e8).latency_ms == pytest.approx(0.013, rel=1e-3)


def test_each_rule_says_what_it_misses():
    def missed(score):
        return [check.rule for check in score.checks if check.verdict == "missed"]

    few = [1.0] * 20
    assert missed(eembc.ulpmark_ml(few)) == ["10 s or 10 iterations"]
    assert missed(eembc.ulpmark_ml([1.0] * 50)) == []
    assert missed(eembc.ulpmark_ml([10_000.0] * 5)) == []
    assert missed(eembc.ulpmark_ml([1.0] * 50, timer_hz=100)) == ["timer of at least 1,000 Hz"]
    assert missed(eembc.mlmark([1.0] * 1_024)) == ["more than 1,024 iterations"]
    assert missed(eembc.mlmark([1.0] * 1_025, images=4_999)) == ["accuracy on 5,000 images"]
    assert eembc.mlmark([1.0] * 1_025, images=5_000).kept
    assert missed(eembc.mlperf_single_stream(few)) == ["enough queries for early stopping"]
    assert not eembc.mlperf_tiny_rate(few).kept


def test_mlmark_reports_three_significant_figures():
    assert eembc.mlmark([1.23456]).latency_ms == 1.23
    assert eembc.mlmark([123_456.0]).latency_ms == 123_000.0


def test_a_row_of_a_comparison_is_taken_as_it_is():
    row = LatencyStats("int8", "litert", "XNNPACK", 1, "cpu", 0, 1, (1.0,) * 100)
    assert eembc.rule_scores(row) == eembc.rule_scores(row.samples_ms)


def test_the_slow_line_explains_why_inputs_are_loaded_first():
    picture = 96 * 96 * 3
    assert eembc.serial_seconds(picture, mode="energy") == pytest.approx(28.8)
    assert eembc.serial_seconds(picture, mode="performance") == pytest.approx(2.4)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"samples_ms must be at least 5 numbers above 0, got 4"):
        eembc.ulpmark_ml([1.0] * 4)
    with pytest.raises(ValueError, match=r"samples_ms must be at least 1 numbers above 0"):
        eembc.mlmark([0.0])
    with pytest.raises(ValueError, match=r"mode must be one of performance, energy, got 'fast'"):
        eembc.serial_seconds(1, mode="fast")
    with pytest.raises(ValueError, match=r"timer_hz must be above 0"):
        eembc.ulpmark_ml([1.0] * 5, timer_hz=0)
    with pytest.raises(ValueError, match=r"payload_bytes must be at least 0"):
        eembc.serial_seconds(-1)
