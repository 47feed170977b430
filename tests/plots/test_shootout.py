from drawn import drawn

from efficient_ai.plots import plot_shootout
from efficient_ai.plots.shootout import engine_name
from efficient_ai.records import EngineRun, LatencyStats


def run(engine, delegate, precision, ms, threads=1):
    stats = LatencyStats("v", engine, delegate, threads, "cpu", 0, 10, tuple(ms * (1 + i / 100) for i in range(50)))
    return EngineRun("net", precision, 1000, 0.0, 1.0, 1.0, stats)


RUNS = [
    run("litert", "XNNPACK", "float32", 0.2),
    run("litert", "XNNPACK", "int8", 0.1),
    run("keras", "eager", "float32", 30),
]


def test_a_row_for_each_engine_fastest_first():
    figure = drawn(lambda: plot_shootout({"A": RUNS, "B": RUNS[:2]}))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["litert", "keras eager"]
    assert left.get_xscale() == right.get_xscale() == "log"
    assert (left.get_title(), right.get_title()) == ("A", "B")


def test_a_name_says_how_an_engine_ran_only_where_it_matters():
    assert engine_name(RUNS[0]) == "litert"
    assert engine_name(run("litert", "XNNPACK", "float32", 1, threads=2)) == "litert 2 threads"
    assert engine_name(run("executorch", "portable", "float32", 1)) == "executorch portable"
