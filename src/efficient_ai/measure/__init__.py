"""What a model takes on this machine, and what benchmarks' rules make of it.

Measured here: latency, `mlperf_tiny`, `loadgen`, `power`, `ceilings`. Modelled from measurements of others or of ours:
`battery`, `queueing`. `eembc` reads scores out of samples, `streaming` keeps what a window computed, and `background`
keeps the machine busy meanwhile.
"""

from efficient_ai.measure import battery, ceilings, eembc, loadgen, mlperf_tiny, power, queueing, streaming, tiny_runner
from efficient_ai.measure.background import background_load
from efficient_ai.measure.calls import compare_calls
from efficient_ai.measure.compilers import compiled_operators, first_answers, pays_after
from efficient_ai.measure.early_stopping import early_stopping_discards, early_stopping_queries
from efficient_ai.measure.exactness import kernel_differences
from efficient_ai.measure.latency import ROUNDS, compare, difference, overhead, ratio
from efficient_ai.measure.memory import ResidentMemory, resident_memory
from efficient_ai.measure.operators import cut, part_costs, part_ends
from efficient_ai.measure.shootout import Entry, Subject, every_entry, shootout
from efficient_ai.measure.threads import compare_threads
from efficient_ai.measure.training import compare_steps
from efficient_ai.measure.ways import TimedWays, timed_ways

__all__ = [
    "ROUNDS",
    "Entry",
    "ResidentMemory",
    "Subject",
    "TimedWays",
    "background_load",
    "battery",
    "ceilings",
    "compare",
    "compare_calls",
    "compare_steps",
    "compare_threads",
    "compiled_operators",
    "cut",
    "difference",
    "early_stopping_discards",
    "early_stopping_queries",
    "eembc",
    "every_entry",
    "first_answers",
    "kernel_differences",
    "loadgen",
    "mlperf_tiny",
    "overhead",
    "part_costs",
    "part_ends",
    "pays_after",
    "power",
    "queueing",
    "ratio",
    "resident_memory",
    "shootout",
    "streaming",
    "timed_ways",
    "tiny_runner",
]
