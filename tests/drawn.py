"""What every figure of the book must be, whatever it shows."""

import io

import matplotlib

matplotlib.use("Agg")


def svg(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def drawn(draw):
    """The figure that `draw` makes, which is closed, and the same when it is drawn twice."""
    import matplotlib.pyplot as plt

    figure = draw()
    assert plt.get_fignums() == []
    assert svg(figure) == svg(draw())
    return figure
