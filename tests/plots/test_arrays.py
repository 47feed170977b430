"""Figures of the hardware models: what stands in them."""

import pytest
from drawn import drawn

from efficient_ai import hardware, plots
from efficient_ai.hardware import on_array, roofline_of, tpu_v1
from efficient_ai.hardware.vela import VelaEstimate, VelaOperator
from efficient_ai.plots.arrays import layer_kind
from efficient_ai.records import LayerCost, ModelCost


def model(batch=1):
    layers = (
        LayerCost("a", "Conv2D", (1, 8, 8, 4), 0, 64 * 36 * 4, 0, 256, 256),
        LayerCost("b", "DepthwiseConv2D", (1, 8, 8, 4), 0, 64 * 9 * 4, 0, 256, 256),
        LayerCost("c", "Dense", (1, 10), 0, 640, 0, 64, 10),
    )
    return on_array(ModelCost("net", layers, 0), tpu_v1(), batch=batch)


def estimate():
    def operator(name, flash):
        return VelaOperator(name, name, name, "NPU", 100, 90, 10, 0, flash, 5, 0.1)

    operators = (operator("Conv2D", 100), operator("DepthwiseConv2D", 5), operator("Add", 0))
    figures = dict.fromkeys(VelaEstimate.__dataclass_fields__, 1)
    return VelaEstimate(**{**figures, "accelerator": "ethos-u55-128", "operators": operators})


def test_a_heat_map_names_its_rows_and_columns_and_writes_every_share():
    figure = drawn(lambda: plots.plot_utilisation({"a": {"1": 0.004, "8": 0.5}, "b": {"1": 0.0, "8": 1.0}}, "batch"))
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.texts] == ["0.4%", "50%", "0.0%", "100%"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]


def test_no_point_lies_above_the_roof():
    roof = roofline_of(tpu_v1())
    figure = drawn(lambda: plots.plot_roofline(roof, {"batch 1": model(), "batch 9": model(9)}))
    for axes in figure.axes:
        points = [line for line in axes.lines if len(line.get_xdata()) == 1]
        assert len(points) == 3
        for line in points:
            assert line.get_ydata()[0] * 1e12 <= roof.attainable_ops_per_s(line.get_xdata()[0]) * (1 + 1e-9)


def test_a_net_far_from_the_diagonal_is_named():
    draw = lambda: plots.plot_predicted(["near", "far"], [10, 30], [10.5, 10], [True, False])  # noqa: E731
    assert [text.get_text() for text in drawn(draw).axes[0].texts] == ["far"]


def test_operators_are_coloured_by_what_they_wait_for():
    figure = drawn(lambda: plots.plot_operator_cycles({"net": estimate()}))
    assert len(figure.axes[0].patches) == 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["arithmetic", "flash"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Conv2D", "convolution"),
        ("CONV_2D", "convolution"),
        ("DepthwiseConv2D", "depthwise"),
        ("DEPTHWISE_CONV_2D", "depthwise"),
        ("FullyConnected", "dense"),
        ("Dense", "dense"),
        ("Add", "other"),
    ],
)
def test_kinds_are_told_by_name(name, kind):
    assert layer_kind(name) == kind


def test_the_edge_tpu_is_drawn_from_records():
    nets = [hardware.coral.load(key) for key in hardware.coral.names()]
    guesses = [hardware.edge_tpu.latency_ms(net, 4e8) for net in nets]
    real = [hardware.coral.published_ms(key) for key in hardware.coral.names()]
    figure = drawn(lambda: plots.plot_predicted([n.name for n in nets], guesses, real, [False] * len(nets)))
    assert len([line for line in figure.axes[0].lines if line.get_marker() == "D"]) == len(nets) + 2
