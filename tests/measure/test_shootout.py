import numpy as np
import pytest
from small_nets import residual_net, samples, tflite

from efficient_ai import engines, measure
from efficient_ai.engines import registry
from efficient_ai.measure import Entry, Subject
from efficient_ai.records import EngineMissingRow, EngineRun, FailedRow, Variant

INPUTS = samples(4, seed=5)

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def rows(own_cache):
    if engines.available()["litert"] is None or engines.available()["onnxruntime"] is None:
        pytest.skip("litert and onnxruntime are needed")
    entries = [Entry("litert"), Entry("litert", "int8"), Entry("onnxruntime"), Entry("litert", threads=2)]
    return measure.shootout([Subject(residual_net(), entries, INPUTS, samples(16, seed=7))], warmup=1)


def test_each_entry_has_a_row_in_order(rows):
    assert [(r.engine, r.precision, r.threads) for r in rows] == [
        ("litert", "float32", 1),
        ("litert", "int8", 1),
        ("onnxruntime", "float32", 1),
        ("litert", "float32", 2),
    ]
    assert all(isinstance(r, EngineRun) and r.latency.runs == 50 for r in rows)


def test_deviation_is_taken_from_keras_in_float32(rows):
    expected = np.asarray(residual_net()(INPUTS[:1]))
    assert rows[0].max_deviation <= 1e-4 * rows[0].scale
    assert rows[1].max_deviation > 10 * rows[0].max_deviation
    assert rows[0].agreement == 1.0
    assert rows[0].scale >= np.abs(expected).max() * (1 - 1e-6)


def test_two_rows_of_a_shootout_have_a_ratio(rows):
    found = measure.ratio(rows[0].latency, rows[1].latency)
    assert 0 < found.low <= found.value <= found.high


def test_outputs_that_differ_are_never_timed():
    wrong = Variant("residual_net", "float32", tflite("int8", float_io=True))
    (row,) = measure.shootout([Subject(residual_net(), [Entry("litert")], INPUTS, made=(wrong,))])
    assert isinstance(row, FailedRow)
    assert "from Keras's, expected" in row.reason


def test_an_engine_that_is_not_installed_is_a_row(monkeypatch):
    monkeypatch.setitem(registry.DISTRIBUTIONS, "iree", ("not-a-distribution-anywhere",))
    (row,) = measure.shootout([Subject(residual_net(), [Entry("iree")], INPUTS)])
    assert row == EngineMissingRow("iree", engines.INSTALL["iree"])


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="engine must be one of"):
        Entry("abacus").form  # noqa: B018
    with pytest.raises(ValueError, match="delegate must be one of graph, eager, XLA for keras"):
        measure.shootout([Subject(residual_net(), [Entry("keras", delegate="magic")], INPUTS)])
    with pytest.raises(ValueError, match="precision must be one of float32 for keras"):
        measure.shootout([Subject(residual_net(), [Entry("keras", "int8")], INPUTS)])
    with pytest.raises(ValueError, match="tolerance must be positive"):
        measure.shootout([], tolerance=0)


def test_every_entry_names_each_engine_once_a_way_and_precision():
    entries = list(measure.every_entry())
    assert len(entries) == len(set(entries))
    assert {e.engine for e in entries} == set(engines.INSTALL)
    assert Entry("executorch", "int8", "XNNPACK") in entries
    assert Entry("executorch", "int8", "portable") not in entries
