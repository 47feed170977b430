from efficient_ai import plots
from efficient_ai.records import Interval


def test_voices_have_a_marker_for_each_count_and_a_curve_of_thresholds():
    kinds = ("own", "other", "human")
    counted = {"digits known": Interval(0.9, 0.85, 0.95), "other words refused": Interval(0.8, 0.7, 0.9)}
    curve = ([100.0, 10.0, 0.0], [0.01, 0.05, 0.2])
    made = plots.plot_voices(dict.fromkeys(kinds, counted), dict.fromkeys(kinds, curve))
    left, right = made.axes
    assert [text.get_text() for text in made.legends[0].get_texts()] == list(kinds)
    assert [label.get_text() for label in left.get_xticklabels()] == list(counted)
    assert len(right.lines) == 3
    assert list(right.lines[0].get_ydata()) == [1.0, 5.0, 20.0]
    assert "hour" in right.get_xlabel()
