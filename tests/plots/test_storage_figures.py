import matplotlib
import numpy as np
import pytest

from efficient_ai.plots import storage

matplotlib.use("Agg")
PARTS = {name: 100 * (i + 1) for i, name in enumerate("abcdef")}
POINTS = [(20.0, 1.0), (90.0, -2.0)]
FIGURES = {
    "gap bits": lambda: storage.plot_gap_bits((3, 4), {"equal": [900, 800], "coded": [700, 690]}, 650),
    "codebook": lambda: storage.plot_codebook(np.linspace(-1, 1, 99), {"a": np.array([-1, 1]), "b": np.array([0])}),
    "code lengths": lambda: storage.plot_code_lengths({"a": ([3, 1, 0], [1, 2, 0]), "b": ([1, 1], [1, 1])}),
    "bytes": lambda: storage.plot_bytes({"x": PARTS, "y": PARTS}),
    "ratio": lambda: storage.plot_ratio(
        {"x": {"2 bits": POINTS, "4 bits": POINTS}}, {"x": (40, 0.1)}, {"x": (20, 1)}, {"x": 1.2}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_closed_and_names_its_axes(name):
    import matplotlib.pyplot as plt

    figure = FIGURES[name]()
    assert plt.get_fignums() == []
    assert any(axes.get_xlabel() for axes in figure.axes)


def test_the_pieces_of_a_bar_add_up_to_its_file():
    (axes,) = FIGURES["bytes"]().axes
    ends = [patch.get_x() + patch.get_width() for patch in axes.patches]
    assert max(ends) == pytest.approx(sum(PARTS.values()) / 1024)


def test_symbols_that_never_occur_are_not_drawn():
    (axes,) = FIGURES["code lengths"]().axes
    assert len(axes.lines[0].get_xdata()) == 2
