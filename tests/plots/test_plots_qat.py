"""Figures of training with few bits show every seed, and the weight that can't move."""

import numpy as np
from drawn import drawn

from efficient_ai import plots


def test_every_seed_of_every_method_is_drawn():
    found = {
        "qat": {8: [0.1, 0.2], 4: [-0.3, 0.1], 2: [-1.0, -0.5]},
        "ptq": {8: [0.0], 4: [-4.0], 2: [-60.0]},
    }
    made = drawn(lambda: plots.plot_trained_bits({"one": found, "other": found}))
    assert len(made.axes) == 2
    dots = [line for line in made.axes[0].lines if line.get_linestyle() == "None"]
    shown = sorted(y for line in dots for y in line.get_ydata())
    assert shown == sorted(v for by in found.values() for values in by.values() for v in values)
    assert [tick.get_text() for tick in made.axes[0].get_xticklabels()] == ["8", "4", "2"]


def test_both_descents_are_drawn_with_all_their_steps():
    stuck, moving = np.tile([-0.8, -1.0], (9, 1)), np.stack([np.linspace(-1, 1, 9), np.rint(np.linspace(-1, 1, 9))], 1)
    made = drawn(lambda: plots.plot_straight_through(stuck, moving, 0.7))
    lines = [np.asarray(line.get_ydata()) for line in made.axes[1].lines]
    for wanted in (stuck[:, 0], moving[:, 0], moving[:, 1]):
        assert any(np.array_equal(line, wanted) for line in lines)
