import pytest
from drawn import drawn

from efficient_ai.plots.lottery import LABELS, plot_ticket_curves, plot_tickets

ARMS = {
    "ticket": {1.0: [0.9, 0.88], 0.2: [0.91, 0.9], 0.04: [0.88, 0.89]},
    "other weights": {0.2: [0.88, 0.87], 0.04: [0.8, 0.82]},
}


def test_each_arm_runs_through_the_means_with_fewer_weights_to_the_right():
    figure = drawn(lambda: plot_tickets({"one net": ARMS, "another": ARMS}))
    axes = figure.axes[0]
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    ticket = next(line for line in axes.lines if len(line.get_xdata()) == 3)
    assert ticket.get_xdata() == pytest.approx([4, 20, 100])
    assert ticket.get_ydata() == pytest.approx([88.5, 90.5, 89])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [LABELS[arm] for arm in ARMS]
    assert all(axes.get_title().endswith("(study)") for axes in figure.axes)


def test_a_curve_runs_through_the_means_of_its_seeds():
    curves = {"ticket": [[(200, 0.7), (400, 0.8)], [(200, 0.8), (400, 0.9)]], "all weights": [[(200, 0.5), (400, 0.6)]]}
    figure = drawn(lambda: plot_ticket_curves(curves))
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx([75, 85])
    assert figure.axes[0].get_title() == "study"
