import numpy as np
import pytest
from drawn import drawn

from efficient_ai.plots.few_shot import CENTROID, STARTS, plot_adaptation, plot_glyphs, plot_learning
from efficient_ai.records import Interval


def test_rows_of_letters_stand_below_one_another_with_a_line_between_the_splits():
    rows = {"a": np.zeros((12, 28, 28)), "b": np.ones((12, 28, 28)), "c": np.ones((12, 28, 28))}
    made = drawn(lambda: plot_glyphs(rows, split_at=1))
    (axes,) = made.axes
    assert axes.images[0].get_array().shape == (3 * 28, 12 * 28)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.lines[0].get_ydata()[0] == 27.5


def test_the_mean_of_losses_begins_when_there_are_enough():
    made = drawn(lambda: plot_learning([4.0] * 8 + [2.0] * 8))
    dots, line = made.axes[0].lines
    assert len(dots.get_xdata()) == 16
    assert line.get_xdata()[0] == 2
    assert line.get_ydata()[[0, -1]] == pytest.approx([4, 2])


def test_centroids_are_hollow_and_gradient_steps_are_joined():
    ways = {
        CENTROID: (5.0, Interval(0.9, 0.88, 0.91)),
        "1": (15.0, Interval(0.6, 0.5, 0.7)),
        "3": (45.0, Interval(0.8, 0.7, 0.9)),
    }
    made = drawn(lambda: plot_adaptation({"1 shot": {"Reptile": ways}, "5 shots": {"Reptile": ways}}, chance=0.2))
    joined, hollow = (container.lines[0] for container in made.axes[0].containers)
    assert list(joined.get_xdata()) == [15, 45]
    assert joined.get_ydata() == pytest.approx([60, 80])
    assert hollow.get_ydata() == pytest.approx([90])
    assert hollow.get_markerfacecolor() == "white"
    (bars,) = made.axes[0].containers[1].lines[2]
    assert bars.get_segments()[0][:, 1] == pytest.approx([88, 91])
    texts = [text.get_text() for text in made.legends[0].get_texts()]
    assert texts == ["Reptile", "hollow: nearest centroid"]
    assert set(STARTS) >= {"Reptile", "scratch"}


def test_unknown_weights_are_an_error():
    with pytest.raises(KeyError, match="by luck"):
        plot_adaptation({"x": {"by luck": {CENTROID: (1.0, Interval(0.5, 0.4, 0.6))}}}, chance=0.2)
