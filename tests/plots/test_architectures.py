import numpy as np
import pytest
from drawn import drawn

from efficient_ai import plots
from efficient_ai.records import LatencyStats


def latency(variant, scale):
    samples = tuple(scale * (np.random.default_rng(0).random(60) + 1))
    return LatencyStats(variant, "litert", "XNNPACK", 1, "cpu", 10, 10, samples)


RUNS = {8: [[1.0, 0.5], [1.1, 0.6]], 20: [[1.2, 0.7], [1.3, 0.8]]}
FIGURES = {
    "depth": lambda: plots.plot_depth(RUNS, RUNS, "loss"),
    "inverted": lambda: plots.plot_inverted([1024, 512], [4096, 2048]),
    "macs_latency": lambda: plots.plot_macs_latency(
        {"a": 4_000_000, "b": 12_000_000},
        {n: [latency(f"{n} float32", s), latency(f"{n} int8", s / 2)] for n, s in (("a", 1), ("b", 2))},
    ),
    "shares": lambda: plots.plot_shares({"net": {"convolutions": (3, 40), "dense layers": (30, 4)}}),
    "widths": lambda: plots.plot_widths({"1": [(5e8, 0.7), (2e8, 0.6)], "0.5": [(1e8, 0.5), (5e7, 0.4)]}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_closed_labelled_and_the_same_twice(name):
    figure = drawn(FIGURES[name])
    assert all(axes.get_xlabel() for axes in figure.axes)


def test_the_line_of_equal_speed_goes_through_the_first_net():
    axes = FIGURES["macs_latency"]().axes[0]
    line, points = axes.lines[0], axes.lines[1]
    x, y = line.get_data()
    assert points.get_ydata()[0] / points.get_xdata()[0] == pytest.approx(y[0] / x[0])
    assert y[0] / x[0] == pytest.approx(y[1] / x[1])
