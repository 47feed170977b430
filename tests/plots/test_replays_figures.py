import numpy as np
from drawn import drawn

from efficient_ai.plots.replays import METHODS, plot_replays, plot_shared


def test_every_search_is_a_falling_line_and_the_closed_form_crosses():
    random = np.random.default_rng(0)
    curves = {name: np.maximum.accumulate(random.random((5, 20)), axis=1) for name in METHODS}
    made = drawn(lambda: plot_replays(curves, best=1.0, noise=0.005, expected=list(np.linspace(0.5, 0.9, 20))))
    (axes,) = made.axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    for name in METHODS:
        assert (np.diff(lines[f"{name}, 5 replays"]) <= 1e-12).all()
    assert "random, in closed form" in lines


def test_each_stage_has_its_panel_and_each_depth_its_marker():
    points = [(0.7, 0.5, 1), (0.8, 0.6, 3), (0.75, 0.5, 1)]
    made = drawn(lambda: plot_shared({"after 10 steps": points, "after 20 steps": points[:1]}))
    first, second = made.axes
    assert [len(line.get_xdata()) for line in first.lines] == [2, 1]
    assert [len(line.get_xdata()) for line in second.lines] == [1]
    assert second.get_title() == "after 20 steps"
