import numpy as np
from drawn import drawn

from efficient_ai.plots import plot_luck, plot_rates


def test_luck_marks_where_each_curve_meets_the_limit():
    queries = np.array([2, 10, 100, 1_000])
    curves = {"p90": (queries, 0.9**queries), "p99": (queries, 0.99**queries)}
    made = drawn(lambda: plot_luck(curves, limit=0.01, met={0.9: 64, 0.99: 662}))
    (axes,) = made.axes
    assert {text.get_text() for text in axes.texts} == {"64", "662"}
    points = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert points == [[[64, 0.01]], [[662, 0.01]]]


def test_rates_leave_out_what_a_machine_was_not_asked():
    made = drawn(lambda: plot_rates({"board": {"kws": 20.0, "ic": 5.0}, "here": {"kws": 9_000.0}}, ("kws", "ic")))
    (axes,) = made.axes
    found = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert found == {"kws": ([20.0, 9_000.0], [0, 1]), "ic": ([5.0], [0])}
