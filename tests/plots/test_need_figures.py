import pytest
from drawn import drawn

from efficient_ai.hardware import Roofline
from efficient_ai.measure.ceilings import layers_on_roof
from efficient_ai.measure.queueing import simulate_queue
from efficient_ai.plots import (
    MacPrice,
    plot_backlog,
    plot_batches,
    plot_layers_on_roof,
    plot_mac_prices,
    plot_tails,
)
from efficient_ai.records import LayerCost, ModelCost


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_every_price_is_labelled_with_its_kind_and_stands_at_its_value():
    groups = {
        "bare": [MacPrice("int8", 0.25, "published")],
        "boards": [MacPrice("M4", 500.0, "fitted"), MacPrice("Pi", 12_345.0, "modelled")],
    }
    axes = drawn(lambda: plot_mac_prices(groups)).axes[0]
    assert {"0.25 pJ, published", "500 pJ, fitted", "12,345 pJ, modelled"} <= set(texts(axes))
    points = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    assert points == [0.25, 500.0, 12_345.0]
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(("pj", "kind", "said"), [(1.0, "guessed", "kind must be"), (0.0, "fitted", "above 0")])
def test_a_price_without_a_source_or_a_value_is_refused(pj, kind, said):
    with pytest.raises(ValueError, match=said):
        MacPrice("somewhere", pj, kind)


def cost_of(weights, activations):
    layer = LayerCost("dense", "FULLY_CONNECTED", (1,), 0, 1_000, weights, activations, activations)
    return ModelCost("net", (layer,), 0)


def arrows(axes):
    return sum(text.arrow_patch is not None for text in axes.texts)


def test_an_arrow_is_drawn_only_where_a_layer_moves():
    roof = Roofline("machine", 1e11, 1e10)
    moved = {
        "float32": layers_on_roof(cost_of(4_000, 40), roof),
        "int8": layers_on_roof(cost_of(1_000, 10), roof),
        "int4": layers_on_roof(cost_of(500, 10), roof),
    }
    still = moved | {"int4": moved["int8"]}
    assert arrows(drawn(lambda: plot_layers_on_roof(roof, {"net": moved})).axes[0]) == 2
    assert arrows(drawn(lambda: plot_layers_on_roof(roof, {"net": still})).axes[0]) == 1


def test_a_measured_net_is_named_on_the_roof():
    roof = Roofline("machine", 1e11, 1e10)
    forms = {"float32": layers_on_roof(cost_of(4_000, 40), roof)}
    axes = drawn(lambda: plot_layers_on_roof(roof, {"net": forms}, achieved={"net": (0.5, 1e9)})).axes[0]
    assert "net" in texts(axes)
    assert "whole net, measured" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_backlog_shows_each_answer_at_its_arrival():
    run = simulate_queue(50.0, hop_ms=40, arrivals=100, deadline_ms=200, name="slow")
    line = drawn(lambda: plot_backlog([run])).axes[0].lines[0]
    assert tuple(line.get_ydata()) == run.responses_ms
    assert line.get_xdata()[-1] == pytest.approx(99 * 0.04)


def test_a_backlog_refuses_runs_that_dropped_something():
    run = simulate_queue(50.0, hop_ms=10, arrivals=100, places=1, name="full")
    with pytest.raises(ValueError, match="full dropped"):
        plot_backlog([run])


def test_a_tail_falls_from_all_samples_to_the_slowest():
    line = drawn(lambda: plot_tails({"net": [3.0, 1.0, 2.0, 4.0]})).axes[0].lines[0]
    assert list(line.get_xdata()) == [1.0, 2.0, 3.0, 4.0]
    assert list(line.get_ydata()) == [1.0, 0.75, 0.5, 0.25]


def test_batches_show_latency_and_throughput_side_by_side():
    left, right = drawn(lambda: plot_batches([1, 4], [2.0, 4.0], [500.0, 1_000.0])).axes
    assert list(left.lines[0].get_ydata()) == [2.0, 4.0]
    assert list(right.lines[0].get_ydata()) == [500.0, 1_000.0]
