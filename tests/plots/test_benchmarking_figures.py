import numpy as np
import pytest
from drawn import drawn

from efficient_ai import plots
from efficient_ai.records import Interval

STEPS = {"python": "Python", "model": "model"}


def test_bars_are_as_long_as_the_bytes_and_start_where_the_last_ended():
    grown = {"a": {"python": 2**20, "model": 3 * 2**20}, "b": {"python": 2**21, "model": -5}}
    (axes,) = drawn(lambda: plots.plot_resident(grown, STEPS)).axes
    spans = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert spans == [(0, 1), (0, 2), (1, 3), (2, 0)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Python", "model"]


def test_ways_stand_from_top_to_bottom_with_their_intervals():
    rows = [("right", Interval(1.0, 0.9, 1.1), True), ("wrong", Interval(50, 40, 70), False)]
    (axes,) = drawn(lambda: plots.plot_ways(rows)).axes
    by_place = {tick: text.get_text() for tick, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)}
    assert by_place[1] == "right"
    assert by_place[0] == "wrong"
    lines = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    assert any(np.allclose(x, [40, 70]) for x in lines)
    assert axes.get_xscale() == "log"


def test_widths_are_drawn_in_points_as_marks_on_lines():
    counts = (100, 1_000, 10_000)
    widths = {"same pictures": [0.02, 0.006, 0.002], "other pictures": [0.05, 0.016, 0.005]}
    (axes,) = drawn(lambda: plots.plot_examples(counts, widths, widths, target=0.005)).axes
    marks = {line.get_label(): line.get_ydata() for line in axes.lines if line.get_linestyle() == "None"}
    assert marks["same pictures"] == pytest.approx([2, 0.6, 0.2])
    assert axes.lines[-1].get_ydata() == pytest.approx([0.5, 0.5])
