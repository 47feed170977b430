"""Nets to choose among: a space of candidates and their models."""

from efficient_ai.search.costs import Costs, FromShapes, FromVela, Limits, RecordedCosts, limits_of
from efficient_ai.search.fronts import best_within, front, hypervolume
from efficient_ai.search.latency_model import LatencyModel, fit_latency_model
from efficient_ai.search.layer_shapes import LayerShape, layers_of
from efficient_ai.search.layer_times import LayerTimes, measured_layers
from efficient_ai.search.nas import SAMPLERS, Found, Search, as_row, done, found, join, run
from efficient_ai.search.nets import build
from efficient_ai.search.proxy import BriefTraining, Recorded
from efficient_ai.search.space import CANDIDATES, CHOICES, Candidate, sample
from efficient_ai.search.table import AXES, MOST_MACS, name_of, places, tabled
from efficient_ai.search.workers import WorkerProcess, rate, start

__all__ = [
    "AXES",
    "CANDIDATES",
    "CHOICES",
    "MOST_MACS",
    "SAMPLERS",
    "BriefTraining",
    "Candidate",
    "Costs",
    "Found",
    "FromShapes",
    "FromVela",
    "LatencyModel",
    "LayerShape",
    "LayerTimes",
    "Limits",
    "Recorded",
    "RecordedCosts",
    "Search",
    "WorkerProcess",
    "as_row",
    "best_within",
    "build",
    "done",
    "fit_latency_model",
    "found",
    "front",
    "hypervolume",
    "join",
    "layers_of",
    "limits_of",
    "measured_layers",
    "name_of",
    "places",
    "rate",
    "run",
    "sample",
    "start",
    "tabled",
]
