"""What a model takes on this machine."""

from efficient_ai.measure.latency import ROUNDS, RefusedRow, compare, overhead, ratio

__all__ = ["ROUNDS", "RefusedRow", "compare", "overhead", "ratio"]
