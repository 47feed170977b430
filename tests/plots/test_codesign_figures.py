from drawn import drawn

from efficient_ai.plots.codesign import WAYS, plot_silicon


def test_a_way_without_an_array_is_drawn_above_the_largest():
    needed = {way: {0.8: 64, 0.85: 256} for way in WAYS}
    needed["array first"] = {0.8: None, 0.85: None}
    shares = {"plain": [(16, 0.9), (64, 0.5)], "separable": [(16, 0.4), (64, 0.2)]}
    made = drawn(lambda: plot_silicon(needed, most=4096, utilisation=shares))
    left, right = made.axes
    assert [line.get_label() for line in left.lines] == ["plain", "separable"]
    heights = {line.get_label(): list(line.get_ydata()) for line in right.lines}
    assert heights["together"] == [64, 256]
    assert min(heights["array first"]) > 4096
    assert right.get_yticklabels()[-1].get_text() == "none"
