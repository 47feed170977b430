import numpy as np
import pytest
from small_nets import tflite

from efficient_ai import engines, measure
from efficient_ai.engines import registry
from efficient_ai.records import EngineMissingRow, Interval, LatencyStats, RefusedRow, Variant

VARIANTS = tuple(Variant("residual_net", precision, tflite(precision)) for precision in ("float32", "float16", "int8"))


def need(*names):
    for name in names:
        if engines.available()[name] is None:
            pytest.skip(f"{name} is not installed: {engines.INSTALL[name]}")


@pytest.fixture(scope="module")
def rows():
    need("litert", "tflm")
    return measure.compare(VARIANTS, engines=("litert", "tflm"), warmup=3)


def test_each_variant_has_a_row_on_each_engine_in_order(rows):
    assert [(row.variant, row.engine) for row in rows] == [
        (variant.name, engine) for variant in VARIANTS for engine in ("litert", "tflm")
    ]


def test_a_row_counts_its_runs_and_names_how_they_were_taken(rows):
    for row in rows:
        if isinstance(row, LatencyStats):
            assert row.runs == 50
            assert row.warmup == 3
            assert row.threads == 1
            assert row.cpu
            assert row.delegate == ("XNNPACK" if row.engine == "litert" else "none")
            assert 0 < min(row.samples_ms) <= row.p50_ms <= row.p90_ms <= row.p99_ms <= max(row.samples_ms)


def test_a_variant_that_an_engine_refuses_is_a_row(rows):
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    assert [(row.variant, row.engine) for row in refused] == [("float16", "tflm")]
    assert "DEQUANTIZE" in refused[0].reason


def test_an_engine_that_is_not_installed_is_a_row(monkeypatch):
    need("litert")
    monkeypatch.setitem(registry.DISTRIBUTIONS, "tflite-runtime", ("not-a-distribution-anywhere",))
    found = measure.compare(VARIANTS[:1], engines=("tflite-runtime", "litert"), warmup=0)
    assert found[0] == EngineMissingRow("tflite-runtime", engines.INSTALL["tflite-runtime"])
    assert [type(row) for row in found] == [EngineMissingRow, LatencyStats]


def test_the_delegate_can_be_switched_off():
    need("litert")
    (row,) = measure.compare(VARIANTS[:1], delegate="none", warmup=0)
    assert row.delegate == "none"


def test_nonsense_is_refused_with_what_was_expected():
    with pytest.raises(ValueError, match="runs must be at least 50, got 49"):
        measure.compare(VARIANTS, runs=49)
    with pytest.raises(ValueError, match="multiple of rounds"):
        measure.compare(VARIANTS, runs=51)
    with pytest.raises(ValueError, match="warmup must not be negative"):
        measure.compare(VARIANTS, warmup=-1)
    with pytest.raises(ValueError, match="engine must be one of"):
        measure.compare(VARIANTS, engines=("abacus",))
    with pytest.raises(ValueError, match="delegate must be one of"):
        measure.compare(VARIANTS[:1], delegate="magic")


def stats(samples, rounds=10):
    return LatencyStats("v", "e", "none", 1, "cpu", 0, rounds, tuple(samples))


def test_ratio_finds_a_factor_through_drift_that_both_share():
    rng = np.random.default_rng(0)
    drift = np.repeat(rng.uniform(1, 2, 10), 20)
    first, second = (drift * rng.normal(1, 0.02, 200) for _ in range(2))
    found = measure.ratio(stats(1.5 * first), stats(second))
    assert found.low <= found.value <= found.high
    assert found.low <= 1.5 <= found.high
    assert found.high - found.low < 0.1
    shuffled = measure.ratio(stats(1.5 * first), stats(rng.permutation(second)))
    assert found.high - found.low < shuffled.high - shuffled.low


def test_ratio_repeats_with_its_seed_and_is_one_for_equal_rows():
    row = stats(np.random.default_rng(1).uniform(1, 2, 100))
    assert measure.ratio(row, row, seed=3) == measure.ratio(row, row, seed=3)
    assert measure.ratio(row, row).value == 1
    with pytest.raises(ValueError, match="one comparison"):
        measure.ratio(row, stats([1.0] * 50))
    with pytest.raises(ValueError, match="100 in 5"):
        measure.ratio(row, stats(row.samples_ms, rounds=5))


def test_overhead_is_a_ratio_about_one():
    need("litert")
    found = measure.overhead(tflite(), runs=50, rounds=4)
    assert isinstance(found, Interval)
    assert 0 < found.low <= found.value <= found.high
