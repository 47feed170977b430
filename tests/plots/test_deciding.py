from drawn import drawn

from efficient_ai import plots
from efficient_ai.measure.battery import BatteryLife

LIVES = {
    name: BatteryLife(
        days, {"always on": 0.2, "sleep": 0.1, "first net": p, "second net": 0.0, "radio": 0.3}, "modelled"
    )
    for name, days, p in (("plain", 40.0, 5.0), ("cascade", 1234.0, 1.0))
}


def test_a_bar_is_as_long_as_the_mean_power_and_says_the_days():
    axes = drawn(lambda: plots.plot_strategies(LIVES)).axes[0]
    ends = {round(bar.get_y(), 2): bar.get_x() + bar.get_width() for bar in axes.patches if bar.get_width()}
    assert sorted(ends.values()) == [1.6, 5.6]
    assert [text.get_text() for text in axes.texts] == ["40 days", "1,234 days"]
    assert "modelled" in axes.get_xlabel()


def test_an_unused_part_is_not_in_the_legend():
    legend = plots.plot_strategies(LIVES).legends[0]
    assert "second net" not in [text.get_text() for text in legend.get_texts()]


def test_late_shares_are_drawn_in_percent_with_what_is_allowed():
    figure = drawn(lambda: plots.plot_slower({"car": {"idle": [0, 0.01, 1]}}, [1, 10, 100], {"car": 0.01}))
    curve, allowed = figure.axes[0].lines
    assert list(curve.get_ydata()) == [0, 1, 100]
    assert set(allowed.get_ydata()) == {1}


def test_a_panel_for_each_use_and_a_name_for_each_net():
    points = {"small": [(0.8, 1.0), (0.9, 3.0)], "large": [(0.8, 2.0), (0.9, 2.5)]}
    figure = drawn(lambda: plots.plot_prices({"always": points, "seldom": points}, ["a", "b"]))
    assert [axes.get_title() for axes in figure.axes] == ["always", "seldom"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b"]
    assert list(figure.axes[1].lines[1].get_ydata()) == [2.0, 2.5]
