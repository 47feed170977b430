import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_nets import tflite

from efficient_ai.errors import EfficientAIError, EngineMissing
from efficient_ai.measure import loadgen
from efficient_ai.measure.early_stopping import early_stopping_discards, early_stopping_queries, luck


def test_the_rule_gives_the_counts_that_mlperf_names():
    assert early_stopping_queries(0.90) == 64
    assert early_stopping_queries(0.99) == 662


def test_loadgens_own_log_agrees_beyond_the_first_slow_query():
    """LoadGen 6.0.17: of 1,001 queries it would discard 77; 595 with 33 too slow would need 4,299 more at p99."""
    assert early_stopping_discards(1001, 0.90) == 77
    assert early_stopping_queries(0.99, over=33) == 595 + 4299


@given(st.integers(1, 60), st.floats(0.05, 0.95))
def test_luck_is_the_sum_of_the_binomial_terms(queries, percentile):
    for over in range(queries + 1):
        terms = [math.comb(queries, k) * (1 - percentile) ** k * percentile ** (queries - k) for k in range(over + 1)]
        assert luck(queries, over, percentile) == pytest.approx(sum(terms), abs=1e-9)


@settings(max_examples=30)
@given(st.floats(0.5, 0.995), st.floats(0.6, 0.999), st.integers(0, 6))
def test_the_count_is_the_smallest_that_passes(percentile, confidence, over):
    count = early_stopping_queries(percentile, confidence=confidence, over=over)
    assert luck(count, over, percentile) <= 1 - confidence
    assert luck(count - 1, over, percentile) > 1 - confidence


def test_without_a_slow_query_the_count_is_a_power():
    """0.9ⁿ ≤ 0.01."""
    assert early_stopping_queries(0.9, over=0) == math.ceil(math.log(0.01) / math.log(0.9))


def test_an_estimate_begins_at_the_smallest_count():
    assert early_stopping_discards(63, 0.9) is None
    assert early_stopping_discards(64, 0.9) == 0


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"percentile must be a fraction in \(0, 1\), got 90"):
        early_stopping_queries(90)
    with pytest.raises(ValueError, match=r"over must be at least 0, got -1"):
        early_stopping_queries(0.9, over=-1)
    with pytest.raises(ValueError, match=r"scenario must be one of SingleStream, .*, got 'Multi'"):
        loadgen.expected("Multi", 1.0)
    with pytest.raises(ValueError, match=r"latency_ms must be above 0, got 0"):
        loadgen.expected("Offline", 0)
    with pytest.raises(ValueError, match=r"min_duration_s must be above 0"):
        loadgen.run_loadgen(b"", "Offline", min_duration_s=0)
    with pytest.raises(ValueError, match=r"Server needs latency_ms, or a rate in settings"):
        loadgen.run_loadgen(b"", "Server", min_duration_s=1)


def test_expected_settings_leave_a_slack_in_the_right_direction():
    assert loadgen.expected("SingleStream", 1.0)["single_stream_expected_latency_ns"] < 1e6
    assert loadgen.expected("MultiStream", 1.0)["multi_stream_expected_latency_ns"] < 8e6
    assert loadgen.expected("Offline", 1.0)["offline_expected_qps"] > 1_000
    assert loadgen.expected("Server", 1.0)["server_target_qps"] < 1_000


def test_a_log_without_a_result_is_refused():
    with pytest.raises(EfficientAIError, match=r"found no result in it"):
        loadgen.parse_log("nothing", "Offline")


def log(**values):
    base = {"result_validity": "VALID", "generated_samples_per_query": 1, "result_query_count": 100}
    entries = base | {"effective_min_duration_ms": 600_000} | values
    return "\n".join(f":::MLLOG {json.dumps({'key': key, 'value': value})}" for key, value in entries.items())


def test_a_log_becomes_a_record_with_its_units():
    found = loadgen.parse_log(
        log(**{"early_stopping_latency_ss": 41_998, "result_90.00_percentile_latency_ns": 41_046}), "SingleStream"
    )
    assert found.value == pytest.approx(0.041998)
    assert found.percentiles_ms == {90.0: pytest.approx(0.041046)}
    assert found.verdict == "VALID"
    assert not found.shortened


def test_an_invalid_log_says_why():
    text = log(
        result_validity="INVALID", result_invalid_reason="Increase expected QPS. ", result_min_duration_met=False
    )
    found = loadgen.parse_log(text, "Offline")
    assert found.verdict == "INVALID: Increase expected QPS."
    assert found.conditions == {"min_duration_met": False}


def test_without_loadgen_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineMissing, match=r"LoadGen is not installed; pip install 'efficient-ai\[loadgen\]'"):
        loadgen.run_loadgen(b"", "Offline", min_duration_s=0.1)


@pytest.fixture(scope="module")
def needs_loadgen():
    pytest.importorskip("mlperf_loadgen")
    pytest.importorskip("ai_edge_litert")


@pytest.mark.usefixtures("needs_loadgen")
def test_the_defaults_make_a_tiny_models_run_invalid_and_its_own_latency_mends_it():
    content = tflite("int8")
    wrong = loadgen.run_loadgen(content, "Offline", min_duration_s=0.3)
    assert not wrong.valid
    assert not wrong.conditions["min_duration_met"]
    assert "expected QPS" in wrong.verdict
    right = loadgen.run_loadgen(content, "Offline", min_duration_s=0.3, latency_ms=5e-3)
    assert right.valid
    assert right.value > 0
    assert right.samples > wrong.samples
    assert right.shortened


@pytest.mark.usefixtures("needs_loadgen")
@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream"])
def test_the_streams_come_out_valid_with_the_models_own_latency(scenario):
    found = loadgen.run_loadgen(tflite("int8"), scenario, min_duration_s=0.3, latency_ms=2e-3)
    assert found.valid, found.verdict
    assert found.queries >= loadgen.fewest_queries(scenario)
    assert found.samples_per_query == (8 if scenario == "MultiStream" else 1)
    assert found.value > 0
    assert found.percentiles_ms[50.0] <= found.percentiles_ms[99.0]
    assert found.version


@pytest.mark.usefixtures("needs_loadgen")
def test_loadgens_count_of_discarded_queries_is_ours():
    found = loadgen.run_loadgen(tflite("int8"), "SingleStream", min_duration_s=0.1, latency_ms=2e-3)
    (said,) = [line for line in found.early_stopping if line.startswith("Would discard")]
    assert int(said.split()[2]) == early_stopping_discards(found.queries, 0.90)


@pytest.mark.usefixtures("needs_loadgen")
def test_a_server_that_is_asked_too_much_is_invalid():
    found = loadgen.run_loadgen(
        tflite("int8"), "Server", min_duration_s=0.2, settings={"server_target_qps": 500, "server_target_latency_ns": 1}
    )
    assert not found.valid
    assert not found.conditions["early_stopping_met"]


@pytest.mark.usefixtures("needs_loadgen")
def test_a_file_that_is_no_model_is_an_error_in_a_line():
    with pytest.raises(EfficientAIError, match=r"LoadGen ended with exit code 1: .*refuses the model"):
        loadgen.run_loadgen(b"no model", "Offline", min_duration_s=0.1)
