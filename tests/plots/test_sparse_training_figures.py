import numpy as np
import pytest
from drawn import drawn

from efficient_ai.plots.sparse_training import WAYS, plot_moves, plot_training_cost


def test_bars_add_up_to_what_came():
    made = drawn(lambda: plot_moves(np.zeros((4, 4)), np.ones((4, 4)), {10: (8, 0), 20: (6, 2)}))
    bars = made.axes[2].patches
    assert [bar.get_height() for bar in bars] == [8, 4, 0, 2]
    assert [bar.get_y() for bar in bars[:2]] == [0, 2]
    assert made.axes[0].images[0].get_clim() == made.axes[1].images[0].get_clim() == (0, 1)


def test_a_dot_a_seed_and_a_line_through_the_means():
    ways = {"random, fixed": {1.0: [0.5, 0.7], 4.0: [0.8]}, "pruned after training": {4.0: [0.9]}}
    made = drawn(lambda: plot_training_cost({"one": ways, "other": ways}))
    means, first, second = made.axes[0].lines[:3]
    assert means.get_ydata() == pytest.approx([60, 80])
    assert first.get_ydata() == pytest.approx([50, 70])
    assert second.get_ydata() == pytest.approx([80])
    assert [text.get_text() for text in made.legends[0].get_texts()] == list(ways)
    assert set(ways) <= set(WAYS)


def test_an_unknown_way_is_an_error():
    with pytest.raises(KeyError, match="by luck"):
        plot_training_cost({"one": {"by luck": {1.0: [0.5]}}})
