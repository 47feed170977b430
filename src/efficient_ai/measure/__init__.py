"""What a model takes on this machine."""

from efficient_ai.measure.latency import ROUNDS, compare, overhead, ratio

__all__ = ["ROUNDS", "compare", "overhead", "ratio"]
