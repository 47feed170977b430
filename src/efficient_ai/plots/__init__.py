"""One style and one palette; `plot_*` functions draw records, and `Table` shows rows. Nothing here measures."""

from efficient_ai.plots.compression import (
    plot_fidelity,
    plot_latency,
    plot_quantization_grid,
    plot_sensitivity,
    plot_study,
    plot_weights,
)
from efficient_ai.plots.landscape import plot_devices, plot_fit, plot_growth, plot_zoo
from efficient_ai.plots.style import COLORS, MARKERS, figure
from efficient_ai.plots.table import Table, signed

__all__ = [
    "COLORS",
    "MARKERS",
    "Table",
    "figure",
    "plot_devices",
    "plot_fidelity",
    "plot_fit",
    "plot_growth",
    "plot_latency",
    "plot_quantization_grid",
    "plot_sensitivity",
    "plot_study",
    "plot_weights",
    "plot_zoo",
    "signed",
]
