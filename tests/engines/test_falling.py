"""What happens when an engine crashes, hangs, or lives in another environment."""

import os
import signal
import sys
import time

import pytest
from small_nets import samples, tflite

from efficient_ai import cli, engines, measure
from efficient_ai.engines import EngineFailed, Worker, environment
from efficient_ai.errors import EngineMissing
from efficient_ai.measure import latency
from efficient_ai.measure.stable import Stable
from efficient_ai.records import FailedRow, LatencyStats, RefusedRow, Variant


def need(*names):
    for name in names:
        if engines.available()[name] is None:
            pytest.skip(f"{name} is not installed: {engines.INSTALL[name]}")


def damaged():
    """An int8 file whose first operator reads a tensor that isn't there: microcontrollers' interpreter looks for it.

    It looks so far beyond the tensors that no memory is there, whatever the process holds.
    """
    import struct

    import tflite as schema

    content = tflite("int8")
    first = schema.Model.GetRootAsModel(content, 0).Subgraphs(0).Operators(0)
    hurt = bytearray(content)
    struct.pack_into("<i", hurt, first._tab.Vector(first._tab.Offset(6)), 1_000_000_000)
    return bytes(hurt)


def test_a_segmentation_fault_is_an_error_of_the_model_not_of_the_process():
    need("tflm")
    with Worker("tflm") as worker, pytest.raises(EngineFailed, match="ended with signal SIGSEGV while loading"):
        worker.load(damaged())


def test_a_crash_is_a_row_and_the_others_are_timed():
    need("tflm", "litert")
    variants = [Variant("n", "int8", tflite("int8")), Variant("n", "int8", damaged(), "damaged")]
    rows = measure.compare(variants, engines=("litert", "tflm"), warmup=0)
    assert [type(row) for row in rows] == [LatencyStats, LatencyStats, RefusedRow, FailedRow]
    assert "SIGSEGV" in rows[3].reason
    assert rows[3].variant == "damaged int8"


def test_the_command_line_says_in_one_line_what_crashed(capsys, tmp_path):
    need("tflm")
    (tmp_path / "hurt.tflite").write_bytes(damaged())
    assert cli.main(["bench", str(tmp_path / "hurt.tflite"), "--engine", "tflm"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "SIGSEGV" in error


def test_models_loaded_before_a_crash_are_loaded_again():
    need("tflm")
    with Stable("tflm") as stable:
        first, outputs = stable.load(tflite("int8"), inputs=samples(2))
        with pytest.raises(EngineFailed):
            stable.load(damaged())
        second, again = stable.load(tflite("float32"), inputs=samples(2))
        assert (first.model, second.model) == (0, 1)
        assert len(stable.timer(0)(2, 0)) == len(stable.timer(1)(1, 1)) + 1
        assert outputs.shape == again.shape == (2, 5)


def test_an_engine_that_dies_while_it_is_timed_is_a_row_and_the_others_are_timed(monkeypatch):
    need("litert")
    honest, turns = Worker.time, []

    def time(self, runs, **options):
        turns.append(options.get("model"))
        if options.get("model") == 0 and turns.count(0) == 3:
            os.kill(self.pid, signal.SIGKILL)
        return honest(self, runs, **options)

    monkeypatch.setattr(Worker, "time", time)
    rows = measure.compare([Variant("a", "int8", tflite("int8")), Variant("b", "float32", tflite("float32"))], warmup=0)
    assert [type(row) for row in rows] == [FailedRow, LatencyStats]
    assert "SIGKILL while timing" in rows[0].reason
    assert rows[1].runs == latency.FEWEST_RUNS


def test_a_worker_that_hangs_is_ended_after_its_limit(tmp_path):
    need("litert")
    idle = tmp_path / "python"
    idle.write_text("#!/bin/sh\nexec sleep 60\n")
    idle.chmod(0o755)
    begin = time.monotonic()
    with pytest.raises(EngineFailed, match=r"litert worker gave no answer within 0\.5 s while starting and was ended"):
        Worker("litert", python=str(idle), limit_s=0.5)
    assert time.monotonic() - begin < 20


def test_a_request_that_takes_too_long_is_named():
    need("litert")
    with Worker("litert", limit_s=30) as worker:
        worker.load(tflite())
        worker.limit_s = 0.3
        with pytest.raises(EngineFailed, match="while timing and was ended: give it more with limit_s"):
            worker.time(10_000_000)
    with pytest.raises(ValueError, match="limit_s must be positive, got 0"):
        Worker("litert", limit_s=0)


def test_the_second_environment_is_the_one_that_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "nothing"))
    assert environment.python() is None
    monkeypatch.setenv(environment.VARIABLE, sys.executable)
    assert environment.python() == sys.executable
    assert environment.version(("not-a-distribution", "numpy"))
    assert environment.version(("not-a-distribution",)) is None


def test_without_a_second_environment_its_engines_are_missing_by_name(monkeypatch, tmp_path):
    if environment.here("torch"):
        pytest.skip("torch is in this environment")
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "nothing"))
    assert engines.available()["torch"] is None
    with pytest.raises(EngineMissing, match="engine 'torch' is not installed here: make torch"):
        Worker("torch")


def test_another_environment_sees_the_package_and_nothing_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    found = environment.variables(tmp_path, elsewhere=True)["PYTHONPATH"]
    assert os.listdir(found) == ["efficient_ai"]
    assert "/somewhere" in environment.variables(tmp_path, elsewhere=False)["PYTHONPATH"]
