import numpy as np
import pytest
from small_nets import tflite

from efficient_ai import cache, engines, measure
from efficient_ai.measure.ways import WAYS, TimedWays
from efficient_ai.records import LatencyStats, Variant


def made(**samples):
    return TimedWays("litert", "a CPU", 2, {name: np.array(values, float) for name, values in samples.items()})


@pytest.fixture(scope="module")
def ways():
    if engines.available()["litert"] is None:
        pytest.skip(engines.INSTALL["litert"])
    return measure.timed_ways(Variant("net", "int8", tflite("int8")), rounds=3, runs=20)


def test_every_way_has_its_turn_in_every_round(ways):
    assert set(ways.samples_ms) == set(WAYS)
    once_a_round = {"first", "load and first", "program"}
    for way, samples in ways.samples_ms.items():
        assert samples.shape == (3, 1 if way in once_a_round else 20)
        assert (samples > 0).all()
    assert ways.cores == cache.machine().cores


def test_a_part_takes_less_than_the_whole(ways):
    assert (ways.samples_ms["first"] <= ways.samples_ms["load and first"]).all()
    assert ways.value_ms("program") > ways.value_ms("warm")


def test_a_way_against_itself_is_one_and_the_interval_has_it(ways):
    same = ways.off("warm")
    assert same.value == 1
    assert same.low <= 1 <= same.high


def test_medians_of_equal_runs_agree_with_ratio():
    rng = np.random.default_rng(0)
    one, two = rng.lognormal(0.7, 0.1, (10, 40)), rng.lognormal(0, 0.1, (10, 40))
    rows = [LatencyStats("v", "e", "d", 1, "c", 0, 10, tuple(s.ravel())) for s in (one, two)]
    expected, got = measure.ratio(*rows), made(warm=two, busy=one).off("busy")
    assert got.value == expected.value
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high), rel=0.02)


def test_statistics_are_those_of_all_runs():
    found = made(warm=[[1, 1], [1, 1]], busy=[[1, 2], [3, 10]])
    assert found.value_ms("busy", "mean") == 4
    assert found.value_ms("busy", "median") == 2.5
    assert found.value_ms("busy", "p99") == pytest.approx(np.percentile([1, 2, 3, 10], 99))
    assert found.off("busy", "mean").value == 4


def test_a_round_that_is_slow_for_both_does_not_widen_the_ratio():
    slow = np.repeat([[1.0], [1.0], [5.0], [5.0]], 30, axis=1)
    together = made(warm=slow, busy=2 * slow).off("busy")
    assert together.low == together.high == 2


@pytest.mark.parametrize("numbers", [{"rounds": 1}, {"runs": 0}])
def test_too_few_are_refused(numbers):
    with pytest.raises(ValueError, match="rounds must be at least 2 and runs at least 1"):
        measure.timed_ways(Variant("net", "int8", tflite("int8")), **numbers)


def test_an_engine_that_is_no_interpreter_of_files_is_refused():
    with pytest.raises(ValueError, match="engine must be one of"):
        measure.timed_ways(Variant("net", "int8", tflite("int8")), engine="onnxruntime")
