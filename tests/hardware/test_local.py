"""Measuring this machine: what is counted, what is stated, what is refused. Nothing here depends on how fast it is."""

import pytest

from efficient_ai.hardware import gemm_rate, local, memory_bandwidth


@pytest.fixture
def requests(monkeypatch):
    """Stands in for the measuring process: four calls of 1, 2, 3 and 8 ms."""
    seen = []

    def run(request, threads, seconds):
        seen.append({**request, "threads": threads, "seconds": seconds})
        return [3_000_000, 1_000_000, 2_000_000, 8_000_000]

    monkeypatch.setattr(local, "_run", run)
    monkeypatch.setattr(local, "last_level_cache_bytes", lambda: 2**20)
    return seen


@pytest.mark.usefixtures("requests")
def test_gemm_counts_two_operations_a_multiply_accumulate():
    rate = gemm_rate(n=100)
    assert rate.best_flop_per_s == pytest.approx(2 * 100**3 / 1e-3)
    assert rate.median_flop_per_s == pytest.approx(2 * 100**3 / 2.5e-3)
    assert rate.runs == 4


@pytest.mark.usefixtures("requests")
def test_bandwidth_counts_bytes_read_and_bytes_written():
    bandwidth = memory_bandwidth(buffer_bytes=2**22)
    assert bandwidth.best_bytes_per_s == pytest.approx(2 * 2**22 / 1e-3)
    assert bandwidth.median_bytes_per_s == pytest.approx(2 * 2**22 / 2.5e-3)


@pytest.mark.usefixtures("requests")
def test_a_buffer_that_the_cache_could_hold_is_refused():
    with pytest.raises(ValueError, match="at least 4194304"):
        memory_bandwidth(buffer_bytes=2**21)


def test_the_default_buffer_outgrows_a_large_cache(requests, monkeypatch):
    memory_bandwidth()
    monkeypatch.setattr(local, "last_level_cache_bytes", lambda: 2**30)
    memory_bandwidth()
    monkeypatch.setattr(local, "last_level_cache_bytes", lambda: None)
    memory_bandwidth()
    assert [r["buffer_bytes"] for r in requests] == [2**28, 2**32, 2**28]


def test_a_real_product_is_measured_and_states_how():
    rate = gemm_rate(n=64, dtype="float64", threads=1, seconds=0.05)
    assert rate.best_flop_per_s >= rate.median_flop_per_s > 0
    assert (rate.dtype, rate.n, rate.threads) == ("float64", 64, 1)
    assert rate.runs >= 5
    assert rate.cpu


def test_a_real_copy_is_measured_by_several_threads(monkeypatch):
    monkeypatch.setattr(local, "last_level_cache_bytes", lambda: None)
    bandwidth = memory_bandwidth(buffer_bytes=2**20, threads=2, seconds=0.05)
    assert bandwidth.best_bytes_per_s >= bandwidth.median_bytes_per_s > 0
    assert (bandwidth.buffer_bytes, bandwidth.threads) == (2**20, 2)
    assert bandwidth.runs >= 5


def test_threads_are_set_before_numpy_loads(monkeypatch):
    seen = {}

    class Done:
        returncode, stdout = 0, "[1, 2, 3]"

    def run(command, *, env, **_):
        seen.update(env)
        return Done

    monkeypatch.setattr(local.subprocess, "run", run)
    gemm_rate(threads=3)
    assert seen["OPENBLAS_NUM_THREADS"] == seen["OMP_NUM_THREADS"] == "3"


def test_a_measuring_process_that_fails_says_why(monkeypatch, tmp_path):
    broken = tmp_path / "probe.py"
    broken.write_text("raise SystemExit('no memory left')")
    monkeypatch.setattr(local, "_PROBE", broken)
    with pytest.raises(local.MeasurementFailed, match="no memory left"):
        gemm_rate(n=8, seconds=0.01)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dtype": "int8"}, "float32, float64"),
        ({"n": 0}, "n must be at least 1"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"seconds": 0}, "at most 3"),
        ({"seconds": 4}, "at most 3"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        gemm_rate(**wrong)
