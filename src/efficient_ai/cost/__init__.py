"""Parameters, MACs and peak activations, operator by operator, from Keras models and from .tflite files."""

from efficient_ai.cost.conventions import Conventions, conventions
from efficient_ai.cost.file_reader import count_file, live_tensors_of_file
from efficient_ai.cost.keras_reader import count, live_tensors
from efficient_ai.cost.liveness import Liveness, LiveTensor, Step, lifetimes
from efficient_ai.cost.memory_plan import MemoryPlan, PlacedTensor, plan_memory
from efficient_ai.cost.sparse_steps import step_macs
from efficient_ai.cost.training import StepCost, Widths, count_step

__all__ = [
    "Conventions",
    "LiveTensor",
    "Liveness",
    "MemoryPlan",
    "PlacedTensor",
    "Step",
    "StepCost",
    "Widths",
    "conventions",
    "count",
    "count_file",
    "count_step",
    "lifetimes",
    "live_tensors",
    "live_tensors_of_file",
    "plan_memory",
    "step_macs",
]
