import numpy as np
import pytest
from drawn import drawn

from efficient_ai import hardware, plots
from efficient_ai.numerics import affine_for
from efficient_ai.records import Interval, LatencyStats


def latency(engine, variant):
    samples = tuple(np.random.default_rng(0).random(60) + 1)
    return LatencyStats(variant, engine, "XNNPACK", 1, "cpu", 10, 10, samples)


INTERVAL = Interval(0.9, 0.89, 0.91)
FIGURES = {
    "devices": lambda: plots.plot_devices(hardware.devices(), {"memory_bytes": 1e9, "ops_per_s": 1e11}),
    "fit": lambda: plots.plot_fit(["a", "b"], ["x"], [[0.2, 7.0]]),
    "grid": lambda: plots.plot_quantization_grid(np.linspace(-1, 1, 99), {"4 bit": affine_for(np.ones(3), bits=4)}),
    "latency": lambda: plots.plot_latency([latency("litert", "int8"), latency("tf.lite", "float32")]),
    "sensitivity": lambda: plots.plot_sensitivity([0, 0.5], {"global": [0.9, 0.5], "layer": [0.9, 0.4]}, 0.9),
    "study": lambda: plots.plot_study({"one-shot": {0.8: [0.9]}, "gradual": {0.8: [0.91, 0.92]}}, INTERVAL),
    "weights": lambda: plots.plot_weights(np.linspace(-1, 1, 50), np.linspace(-1, 1, 50), 0.2),
    "zoo": lambda: plots.plot_zoo(["a", "b"], [INTERVAL, INTERVAL], {"MACs": [10, 1e6], "bytes": [3, 4]}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_closed_labelled_and_the_same_twice(name):
    figure = drawn(FIGURES[name])
    assert any(axes.get_xlabel() or axes.get_yticklabels() for axes in figure.axes)


def test_every_technique_has_a_colour_and_a_marker_of_its_own():
    assert set(plots.COLORS) == set(plots.MARKERS)
    assert len(set(plots.COLORS.values())) == len(plots.COLORS)
    assert len(set(plots.MARKERS.values())) == len(plots.MARKERS)
