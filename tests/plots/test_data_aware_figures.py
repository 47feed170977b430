import numpy as np
import pytest
from drawn import drawn

from efficient_ai.plots.data_aware import ALONE, TOGETHER, plot_hearings, plot_joint_search, plot_spotters


def test_time_runs_to_the_right_and_empty_places_are_hidden():
    pictures = {f"{n}": np.arange(n * 5.0).reshape(n, 5) for n in (10, 20, 30)}
    made = drawn(lambda: plot_hearings(pictures))
    assert [axes.images[0].get_array().shape for axes in made.axes[:3]] == [(5, n) for n in (10, 20, 30)]
    assert [axes.get_visible() for axes in made.axes] == [True] * 3 + [False]


def test_the_front_joins_what_no_other_beats():
    ram, accuracy = np.array([1024, 2048, 3072]), np.array([0.5, 0.4, 0.6])
    made = drawn(lambda: plot_spotters({ALONE: (ram, accuracy)}))
    points, front = made.axes[0].lines
    assert list(points.get_xdata()) == [1, 2, 3]
    assert list(front.get_xdata()) == [1, 3]
    assert front.get_ydata() == pytest.approx([50, 60])


def test_a_search_is_its_mean_within_the_middle_of_the_replays():
    found = np.array([[0.5, 0.7], [0.7, 0.9]])
    panels = {"small": {ALONE: found, TOGETHER: found + 0.05}, "large": {ALONE: found}}
    made = drawn(lambda: plot_joint_search(panels, limits={"small": 0.8, "large": 0.9}))
    first, second, limit = made.axes[0].lines
    assert first.get_ydata() == pytest.approx([60, 80])
    assert second.get_ydata() == pytest.approx([65, 85])
    assert limit.get_ydata()[0] == 80
    band = made.axes[1].collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(52)
    assert band[:, 1].max() == pytest.approx(88)
    assert [text.get_text() for text in made.legends[0].get_texts()] == [ALONE, TOGETHER]
