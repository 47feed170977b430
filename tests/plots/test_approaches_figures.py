"""The figures of the chapter on approaches: what stands where."""

import numpy as np
import pytest
from drawn import drawn

from efficient_ai.plots import plot_convolutions, plot_pay_off
from efficient_ai.plots.approaches import LADDER, WAYS
from efficient_ai.records import Interval


def test_each_way_stands_at_its_ratios_in_both_panels():
    layers = {
        "net, 8×8×4": {"im2col": (1.0, Interval(1.5, 1.4, 1.6)), "winograd": (0.444, Interval(2.0, 1.8, 2.3))},
        "net, 4×4×8": {"fft": (0.3, Interval(3.0, 2.9, 3.2))},
    }
    figure = drawn(lambda: plot_convolutions(layers))
    left, right = figure.axes
    points = sorted(float(line.get_xdata()[0]) for line in left.lines if len(line.get_xdata()) == 1)
    assert points == [0.3, 0.444, 1.0]
    ends = {tuple(map(float, line.get_xdata())) for line in right.lines if len(line.get_xdata()) == 2}
    assert {(1.4, 1.6), (1.8, 2.3), (2.9, 3.2)} <= ends
    assert [label.get_text() for label in left.get_yticklabels()] == ["net\n8×8×4", "net\n4×4×8"]
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first layer on top


def test_a_curve_begins_at_the_compile_time_and_rises_by_what_an_answer_takes():
    nets = {"a": {"eager": (0.1, 0.01), "XLA": (2.0, 0.001)}, "b": {"eager": (0.1, 0.02)}}
    figure = drawn(lambda: plot_pay_off(nets, most=1_000))
    first, second = figure.axes
    assert [line.get_label() for line in first.lines] == ["eager", "XLA"]
    for line, (begin, each) in zip(first.lines, nets["a"].values(), strict=True):
        x, y = (np.asarray(values, float) for values in line.get_data())
        assert y == pytest.approx(begin + each * x)
    assert len(second.lines) == 1


def test_ways_and_rungs_differ_in_colour_and_in_marker():
    for kinds in (WAYS, LADDER):
        assert (
            len({color for color, _ in kinds.values()}) == len({marker for _, marker in kinds.values()}) == len(kinds)
        )
