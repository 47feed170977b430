"""Nets to choose among: a space of candidates and their models."""

from efficient_ai.search.nets import build
from efficient_ai.search.space import CANDIDATES, CHOICES, Candidate, sample

__all__ = ["CANDIDATES", "CHOICES", "Candidate", "build", "sample"]
