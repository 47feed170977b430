import matplotlib
import numpy as np
import pytest

from efficient_ai import plots

matplotlib.use("Agg")
NETS = {"a": {"converter": 11.0, "ranges": 17.5, "bias": 17.0}, "b": {"converter": 17.0, "ranges": 18.0, "bias": 22.0}}
WAYS = {"a": {"minmax": 14.0, "percentile": 17.0, "mse": 16.0}}


def test_channels_are_shown_as_shares_of_their_layers_largest():
    axes = plots.plot_channel_ranges({"x": np.array([4.0, 1.0, 2.0])}).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.25]
    assert axes.get_yscale() == "log"


def test_a_staircase_reaches_each_value_from_the_one_before():
    panels = plots.plot_mending(NETS).axes
    for axes, values in zip(panels, NETS.values(), strict=True):
        tops = [bar.get_y() + bar.get_height() for bar in axes.patches]
        assert tops == pytest.approx(list(values.values()))
        starts = [bar.get_y() for bar in axes.patches]
        assert starts == pytest.approx([0, *list(values.values())[:-1]])


def test_each_way_of_choosing_ranges_is_a_point_with_a_name():
    figure = plots.plot_schemes(WAYS)
    assert {text.get_text() for text in figure.legends[0].get_texts()} == set(WAYS["a"])
    assert sorted(float(line.get_xdata()[0]) for line in figure.axes[0].lines[1:]) == sorted(WAYS["a"].values())


def test_bits_stand_in_the_order_given_with_the_reference_beside_them():
    axes = plots.plot_fewer_bits((8, 4), {"one": [90.0, 80.0], "two": [91.0, 85.0]}, 92.0, "accuracy (%)").axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["8", "4"]
    assert axes.lines[-1].get_ydata()[0] == 92.0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two", "float32"]
