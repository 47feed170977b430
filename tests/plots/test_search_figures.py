import pytest
from drawn import drawn

from efficient_ai import plots
from efficient_ai.measure.sparse import SparseProduct
from efficient_ai.plots.search import kind_of
from efficient_ai.records import Interval

COSTS = {
    "MACs": {"plain-8": 1.0, "separable-12": 0.5, "inverted-16": 6.5},
    "LiteRT": {"plain-8": 20.0, "separable-12": 40.0, "inverted-16": 140.0},
}
UNITS = {"MACs": "million", "LiteRT": "µs"}
PRODUCTS = [
    SparseProduct(s, None, None, Interval(g, 0.9 * g, 1.1 * g)) for s, g in ((0.5, 0.4), (0.8, 1.0), (0.9, 2.0))
]
ORDERS = {("litert", "float32"): (0.9, 0.3), ("litert", "int8"): (0.5, 1.1), ("keras eager", "float32"): (0.2, 5.4)}
FIGURES = {
    "ranks": lambda: plots.plot_target_ranks(COSTS, UNITS),
    "fronts": lambda: plots.plot_target_fronts(
        COSTS, UNITS, {"plain-8": 0.8, "separable-12": 0.82, "inverted-16": 0.9}
    ),
    "engine orders": lambda: plots.plot_engine_orders(ORDERS, ("inverted-16", "plain-8")),
    "break even": lambda: plots.plot_break_even({"convolution": PRODUCTS}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_closed_labelled_and_the_same_twice(name):
    figure = drawn(FIGURES[name])
    assert any(axes.get_xlabel() for axes in figure.axes)


def test_the_nets_stand_in_the_order_of_the_first_target():
    (axes,) = plots.plot_target_ranks(COSTS, UNITS).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["separable-12", "plain-8", "inverted-16"]
    assert axes.images[0].get_array()[:, 1].tolist() == [2, 1, 3]


def test_the_engine_that_keeps_the_order_least_stands_lowest():
    left, right = plots.plot_engine_orders(ORDERS, ("inverted-16", "plain-8")).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["keras eager", "litert", "litert"]
    assert [line.get_xdata()[0] for line in right.lines[:3]] == [5.4, 1.1, 0.3]


def test_a_kind_is_what_stands_before_the_first_hyphen():
    assert kind_of("separable-96-half") == "separable"
