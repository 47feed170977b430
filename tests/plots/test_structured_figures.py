import pytest
from drawn import drawn

from efficient_ai import plots
from efficient_ai.compress import Sensitivity

SCAN = Sensitivity((0.5, 0.9), {"a": (0.9, 0.3), "b": (0.95, 0.9)}, {"a": 10, "b": 20}, 0.94)
FIGURES = {
    "criteria": lambda: plots.plot_criteria({"l1": 0.1, "random": 0.2}, {"l1": [0.9, 0.91]}, 0.93),
    "gains": lambda: plots.plot_gains({"by sixteens": [(1.7, 1.6, 1.5, 1.7)], "any width": [(2.0, 1.3, 1.2, 1.4)]}),
    "scan": lambda: plots.plot_scan(SCAN, {"same share": {"a": 0.8, "b": 0.8}, "from the scan": {"b": 0.9}}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_closed_labelled_and_the_same_twice(name):
    figure = drawn(FIGURES[name])
    assert any(axes.get_xlabel() for axes in figure.axes)


def test_a_scan_shows_a_row_for_each_layer_and_no_negative_loss():
    gained = Sensitivity((0.5,), {"a": (0.99,)}, {"a": 10}, 0.94)
    left = plots.plot_scan(gained, {"same share": {"a": 0.8}}).axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == ["a"]
    assert [text.get_text() for text in left.texts] == ["0"]
