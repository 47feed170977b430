import numpy as np
import pytest

from efficient_ai.plots import combined


def test_the_curve_of_energy_ends_with_everything_and_marks_the_rank():
    made = combined.plot_energy({"dense": np.array([3.0, 1.0])}, {"dense": 1})
    curve, dot = made.axes[0].lines
    assert list(curve.get_ydata()) == pytest.approx([0, 90, 100])
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == pytest.approx((50, 90))


def test_a_path_has_a_row_and_each_seed_a_dot():
    found = {"train": {"float32": [0.8, 0.9], "int8": [0.7, 0.8]}, "distil": {"float32": [0.9], "int8": [0.9]}}
    axes = combined.plot_orders(found).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["train", "distil"]
    dots = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert [len(line.get_xdata()) for line in dots] == [2, 2, 1, 1]


def test_only_the_front_is_filled_and_named():
    points = [
        {"technique": t, "precision": "int8", "accuracy": a, "short": t or "whole", "bytes": b}
        for t, a, b in (("", 0.9, 300), ("pruned", 0.8, 400), ("distilled", 0.7, 100))
    ]
    axes = combined.plot_front(points, {"bytes": "bytes"}, {"bytes": (2, 0)}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["distilled", "whole"]
    marked = [line.get_markerfacecolor() for line in axes.lines if len(line.get_xdata()) == 1]
    assert [face == "white" for face in marked] == [False, True, False]
