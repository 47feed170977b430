"""Functions of this process, timed in turn."""

import pytest

from efficient_ai.measure import compare_calls, ratio


def test_every_call_has_its_runs_and_warm_ups_and_keeps_its_name():
    pytest.importorskip("threadpoolctl")
    counted = {"a": 0, "b": 0}

    def call(name):
        counted[name] += 1

    rows = compare_calls({n: lambda n=n: call(n) for n in counted}, runs=50, warmup=3, rounds=5)
    assert list(rows) == ["a", "b"]
    assert all((row.runs, row.rounds, row.threads, row.engine) == (50, 5, 1, "NumPy") for row in rows.values())
    assert counted == {"a": 50 + 3 + 4, "b": 50 + 3 + 4}


def test_what_does_more_takes_longer():
    pytest.importorskip("threadpoolctl")
    rows = compare_calls({"little": lambda: sum(range(100)), "much": lambda: sum(range(20_000))})
    assert ratio(rows["much"], rows["little"]).low > 5


def test_too_few_runs_are_refused():
    with pytest.raises(ValueError, match="runs must be at least 50"):
        compare_calls({"a": lambda: None}, runs=10)
