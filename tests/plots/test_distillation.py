import numpy as np

from efficient_ai import plots
from efficient_ai.plots import distillation


def test_a_panel_a_temperature_and_the_labelled_bar_is_filled():
    beliefs = {1.0: [0.9, 0.1, 0.0], 4.0: [0.5, 0.3, 0.2]}
    made = distillation.plot_temperature(np.zeros((4, 4)), beliefs, ("shirt", "bag", "coat"), 0)
    assert len(made.axes) == 3
    bars = made.axes[1].patches
    assert [bar.get_width() for bar in bars] == beliefs[1.0]
    assert [bar.get_facecolor()[3] for bar in bars] == [1, 0, 0]


def test_each_seed_is_a_line_and_the_means_are_marked():
    groups = {"alone": [1.0, 2.0, 3.0], "same": [2.0, 3.0, 4.0], "more": [5.0, 6.0, 7.0]}
    (axes,) = distillation.plot_pairs({"accuracy": groups}).axes
    lines = [tuple(line.get_ydata()) for line in axes.lines]
    assert [y for y in lines if len(y) == 3] == list(zip(*groups.values(), strict=True))
    assert [y[0] for y in lines if len(y) == 2 and y[0] == y[1]] == [2.0, 3.0, 6.0]


def test_settings_are_printed_with_their_sign():
    made = distillation.plot_settings({1.0: {0.5: -0.1, 1.0: 0.25}, 4.0: {0.5: 0.0, 1.0: 0.5}})
    assert sorted(text.get_text() for text in made.axes[0].texts) == ["+0.00", "+0.25", "+0.50", "−0.10"]
    assert plots.COLORS["distilled"]
