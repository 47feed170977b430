from drawn import drawn

from efficient_ai import plots

SIZES = {
    "float32": {"file": 10_240.0, "stored": None},
    "pruned float32": {"file": 10_240.0, "stored": 2_048.0},
}


def test_shares_are_drawn_in_percent_side_by_side():
    axes = drawn(lambda: plots.plot_operator_costs(["conv", "x" * 60], {"MACs": [0.9, 0.1], "bytes": [0.5, 0.5]})).axes[
        0
    ]
    assert [round(bar.get_width()) for bar in axes.patches] == [90, 10, 50, 50]
    assert max(len(text.get_text()) for text in axes.get_yticklabels()) == 34


def test_sizes_are_in_kib_and_a_form_that_is_not_there_has_no_mark():
    axes = drawn(lambda: plots.plot_variant_sizes(SIZES)).axes[0]
    marks = [float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata()) == 1]
    assert sorted(marks) == [2, 10, 10]


def test_every_variant_and_engine_has_its_median():
    rows = {"float32": {"litert": (1.0, 1.1, 2.0), "tf.lite": (3.0, 3.1, 4.0)}, "int8": {"litert": (0.5, 0.6, 0.7)}}
    figure = drawn(lambda: plots.plot_own_latency(rows))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["float32", "int8"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["litert", "tf.lite"]


def test_points_that_lie_together_have_their_labels_apart():
    points = {"int8": (1_024.0, 90.0), "dynamic_int8": (1_060.0, 90.1), "float32": (4_096.0, 95.0)}
    axes = drawn(lambda: plots.plot_own_quality(points, "accuracy (%)", 92.0)).axes[0]
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["int8"][1] != places["dynamic_int8"][1]
