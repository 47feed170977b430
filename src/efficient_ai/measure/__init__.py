"""What a model takes on this machine."""

from efficient_ai.measure.exactness import kernel_differences
from efficient_ai.measure.latency import ROUNDS, compare, difference, overhead, ratio
from efficient_ai.measure.operators import cut, part_costs, part_ends
from efficient_ai.measure.shootout import Entry, Subject, every_entry, shootout
from efficient_ai.measure.threads import compare_threads
from efficient_ai.measure.training import compare_steps

__all__ = [
    "ROUNDS",
    "Entry",
    "Subject",
    "compare",
    "compare_steps",
    "compare_threads",
    "cut",
    "difference",
    "every_entry",
    "kernel_differences",
    "overhead",
    "part_costs",
    "part_ends",
    "ratio",
    "shootout",
]
