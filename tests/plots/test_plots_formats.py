"""Figures of number formats show every number, every seed and every run that they are given."""

import numpy as np
from drawn import drawn

from efficient_ai import plots
from efficient_ai.plots.formats import technique
from efficient_ai.plots.style import COLORS


def test_every_number_of_a_format_has_its_tick():
    grids = {"int8": np.linspace(-1, 1, 255), "ternary": np.array([-1.0, 0, 1])}
    made = drawn(lambda: plots.plot_number_lines(grids))
    linear, logarithmic = made.axes
    assert [len(c.get_segments()) for c in linear.collections] == [255, 3]
    assert [len(c.get_segments()) for c in logarithmic.collections] == [127, 1]


def test_a_walk_shows_its_mean_and_both_ends():
    paths = np.cumsum(np.random.default_rng(0).integers(0, 2, (20, 30)), axis=1)
    made = drawn(lambda: plots.plot_walk(np.arange(30) / 2, np.zeros(30), paths, shown=4))
    drawn_lines = [np.asarray(line.get_ydata()) for line in made.axes[0].lines]
    assert len(drawn_lines) == 4 + 3
    assert any(np.array_equal(line, paths.mean(axis=0)) for line in drawn_lines)


def test_losses_are_drawn_one_curve_a_recipe():
    made = drawn(lambda: plots.plot_losses({"float32": [3, 2, 1], "int8, nearest": [3, 2.5, 2]}, "loss"))
    assert [text.get_text() for text in made.axes[0].get_legend().get_texts()] == ["float32", "int8, nearest"]


def test_each_seed_of_each_recipe_is_marked_in_each_panel():
    panels = {
        "text": {"float16": [0.0, 0.01], "binary weights": [0.4, 0.5]},
        "pictures": {"float16": [-0.1], "binary weights": [-4.0]},
    }
    made = drawn(lambda: plots.plot_recipes(panels, {"text": 0.1}))
    for axes, groups in zip(made.axes, panels.values(), strict=True):
        marks = [list(line.get_xdata()) for line in axes.lines if line.get_linestyle() == "None"]
        assert marks == list(groups.values())
    assert made.axes[0].get_xscale() == "symlog"
    assert made.axes[1].get_xscale() == "linear"


def test_a_recipe_has_the_colour_of_its_technique():
    assert technique("int8, nearest")[0] == COLORS["int8"]
    assert technique("float32")[0] == COLORS["float32"]
    assert technique("bfloat16")[0] == technique("float8")[0] == COLORS["float16"]
