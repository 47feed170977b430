import numpy as np
from drawn import drawn

from efficient_ai import plots

FRONTS = {"random": [[(20, 0.7), (40, 0.8)], [(25, 0.75)]], "nsga2": [[(20, 0.72), (30, 0.82)]]}
FAMILY = [(60, 0.8), (30, 0.7)]
COVERED = {"random": np.array([[1, 2, 3], [1, 1, 2]]), "nsga2": np.array([[1, 3, 4]])}


def test_searches_stand_beside_the_family_and_the_figure_is_the_same_twice():
    figure = drawn(lambda: plots.plot_searches(FRONTS, FAMILY, COVERED))
    left, right = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["by lot", "NSGA-II", "by hand"]
    assert left.lines[-1].get_xdata().tolist() == [30, 60]
    assert right.lines[0].get_ydata().tolist() == [1, 1.5, 2.5]
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
