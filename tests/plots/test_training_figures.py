import numpy as np
from drawn import drawn

from efficient_ai import plots


def test_exponents_have_a_panel_for_each_title():
    figure = drawn(lambda: plots.plot_exponents({"a": np.array([0.5, 0.25, 0.0]), "b": np.array([2.0**-30])}))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b"]
    first = {round(bar.get_x() + bar.get_width() / 2 - 0.5): bar.get_height() for bar in figure.axes[0].patches[2:]}
    assert first[-1] == first[-2] == 50


def test_scales_show_shares_above_and_accuracies_below():
    curves = {"float16": [0.8, 0.6], "float16, scaled": [0.8, 0.8]}
    above, below = drawn(lambda: plots.plot_scales((0, 20), (0.0, 1.0), curves, (0.79, 0.81))).axes
    assert above.lines[0].get_ydata().tolist() == [0, 100]
    assert [line.get_ydata()[-1] for line in below.lines] == [60, 80]


def test_a_race_is_drawn_against_time_and_against_energy():
    left, right = drawn(lambda: plots.plot_race({"a": [(1, 0.1, 0.5), (2, 0.2, 0.6)], "b": [(3, 0.01, 0.55)]})).axes
    assert left.lines[0].get_xdata().tolist() == [1, 2]
    assert right.lines[1].get_xdata().tolist() == [0.01]
