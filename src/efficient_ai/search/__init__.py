"""Nets to choose among: a space of candidates and their models."""

from efficient_ai.search.nets import build
from efficient_ai.search.space import CANDIDATES, CHOICES, Candidate, sample
from efficient_ai.search.table import AXES, MOST_MACS, name_of, places, tabled

__all__ = [
    "AXES",
    "CANDIDATES",
    "CHOICES",
    "MOST_MACS",
    "Candidate",
    "build",
    "name_of",
    "places",
    "sample",
    "tabled",
]
