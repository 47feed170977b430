import pytest

from efficient_ai import engines, studies
from efficient_ai.measure import Entry
from efficient_ai.search import CANDIDATES
from efficient_ai.studies import ranks


def test_a_net_on_an_engine_is_a_row_with_its_percentiles_in_order():
    if engines.available()["litert"] is None:
        pytest.skip("litert is not installed")
    rows = ranks.rows(("plain-8", "separable-12"), [Entry("litert"), Entry("litert", "int8")], runs=50)
    assert [(row["net"], row["precision"]) for row in rows] == [
        ("plain-8", "float32"),
        ("plain-8", "int8"),
        ("separable-12", "float32"),
        ("separable-12", "int8"),
    ]
    for row in rows:
        assert 0 < row["p10_ms"] <= row["p50_ms"] <= row["p90_ms"]
        assert row["deviation"] < 1e-4 or row["precision"] == "int8"


def test_the_record_has_every_candidate_on_every_engine_that_was_there():
    (entry,) = studies.record("ranks").entries
    nets = {}
    for row in entry["rows"]:
        nets.setdefault((row["engine"], row["delegate"], row["precision"]), set()).add(row["net"])
    assert all(found == set(CANDIDATES) for found in nets.values())
    assert {engine for engine, _, _ in nets} == {engine for engine, version in entry["engines"].items() if version}
