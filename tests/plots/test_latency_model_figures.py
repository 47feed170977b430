"""What the figures of the latency model show of what they are given."""

import pytest
from drawn import drawn

from efficient_ai.plots import plot_importance, plot_layer_predictions, plot_net_predictions, plot_tuning
from efficient_ai.search.latency_model import HeldOut
from efficient_ai.search.layer_shapes import LayerShape
from efficient_ai.search.layer_times import LayerTime


def held_out(shape, precision, measured, predicted):
    return HeldOut(LayerTime(shape, precision, measured, measured, measured), measured, predicted)


def points(axes):
    return sum(len(line.get_xdata()) for line in axes.get_lines() if line.get_linestyle() == "None")


def test_a_layer_without_multiplications_stands_beside_its_prediction_only():
    rows = (
        held_out(LayerShape("conv", 8, 8, 8, 8, 3), "float32", 4.0, 5.0),
        held_out(LayerShape("conv", 8, 8, 8, 8, 3), "int8", 2.0, 2.5),
        held_out(LayerShape("add", 8, 8, 8, 8), "float32", 0.5, 0.4),
    )
    left, right = drawn(lambda: plot_layer_predictions(rows)).axes
    assert (points(left), points(right)) == (2, 3)


def test_every_net_stands_in_both_panels():
    measured = {"plain-8": 0.01, "separable-8": 0.03, "inverted-8": 0.1}
    predicted = {name: 1.1 * value for name, value in measured.items()}
    macs = {name: int(1e8 * value) for name, value in measured.items()}
    left, right = drawn(lambda: plot_net_predictions(measured, predicted, macs)).axes
    assert points(left) == points(right) == 3


def test_the_bars_begin_at_no_loss():
    axes = drawn(lambda: plot_importance({"MACs": 3.0, "kernel": 1.25})).axes[0]
    assert [bar.get_x() for bar in axes.patches] == [1, 1]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.25, 2.0])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["kernel", "MACs"]


def test_each_search_has_a_panel_with_every_program_and_the_three_medians():
    row = {"first_us": [60.0, 80.0, 300.0], "guided_us": [70.0, 75.0], "random_us": [90.0, 400.0]}
    panels = drawn(lambda: plot_tuning([row, row | {"first_us": [100.0]}])).axes
    assert [points(axes) for axes in panels] == [3 + 2 + 2 + 3, 1 + 2 + 2 + 3]
    medians = [line.get_xdata()[0] for line in panels[0].get_lines() if line.get_marker() == "|"]
    assert medians == [245.0, 72.5, 80.0]
    assert [axes.get_title() for axes in panels] == ["search 1", "search 2"]
