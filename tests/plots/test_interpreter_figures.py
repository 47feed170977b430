from drawn import drawn

from efficient_ai import plots
from efficient_ai.cost import Liveness, LiveTensor, plan_memory
from efficient_ai.records import Interval, PartCost


def test_a_memory_plan_draws_a_box_a_tensor_and_its_limits():
    tensors = tuple(LiveTensor(f"t{i}", 4096, i, i + 1 if i < 4 else 4, i) for i in range(5))
    plan = plan_memory(Liveness(tuple("abcde"), tensors))
    figure = drawn(lambda: plots.plot_memory_plan({"one": plan, "two": plan}, {"a small device": 16_384}))
    assert len(figure.axes) == 2
    for axes in figure.axes:
        assert len(axes.patches) == 5
        top = max(patch.get_y() + patch.get_height() for patch in axes.patches)
        assert top == plan.planned_bytes / 1024
        assert axes.get_ylim()[1] > 16
        assert "a small device" in [text.get_text() for text in axes.texts]


def test_parts_have_a_bar_a_precision_at_their_microseconds():
    def part(value):
        return PartCost("v", "CONV_2D", ("CONV_2D",), 10, Interval(value, value - 0.001, value + 0.001))

    parts = {"float32": [part(0.1), part(0.02)], "int8": [part(0.03), part(-0.0005)]}
    figure = drawn(lambda: plots.plot_parts(parts, ["stem", "dense"]))
    (axes,) = figure.axes
    assert [round(patch.get_width(), 6) for patch in axes.patches] == [100, 20, 30, -0.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["stem", "dense"]
