import pytest
from drawn import drawn

from efficient_ai.plots.multitask import plot_sharing


def test_the_line_of_the_shared_nets_goes_by_rising_weight_through_their_means():
    apart = {"two nets": [(0.9, 0.8), (0.92, 0.82)], "two narrow nets": [(0.8, 0.7)]}
    shared = {3.0: [(0.85, 0.9)], 0.1: [(0.9, 0.6), (0.9, 0.7)]}
    figure = drawn(lambda: plot_sharing(apart, shared, tasks=("word", "pace")))
    (line,) = (line for line in figure.axes[0].lines if line.get_linestyle() == "-")
    assert line.get_xdata() == pytest.approx([65, 90])
    assert line.get_ydata() == pytest.approx([90, 85])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.1", "3"]
    assert "word" in figure.axes[0].get_ylabel()
    assert "pace" in figure.axes[0].get_xlabel()
