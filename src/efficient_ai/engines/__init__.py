"""Inference engines behind one small protocol, each in a process of its own.

`available()` says which are installed, `INSTALL` how to get the others, `Worker` runs one, `predict` and `arena` are
short forms for a single question.
"""

from __future__ import annotations

import numpy as np

from efficient_ai.engines.client import EngineFailed, Loaded, Worker
from efficient_ai.engines.exports import Export, export, export_all
from efficient_ai.engines.inside import coverage, smallest_arena
from efficient_ai.engines.program import program_plan
from efficient_ai.engines.registry import DELEGATES, INSTALL, available, form, missing_row, require
from efficient_ai.records import ArenaUse, Variant

__all__ = [
    "DELEGATES",
    "INSTALL",
    "EngineFailed",
    "Export",
    "Loaded",
    "Worker",
    "arena",
    "available",
    "coverage",
    "export",
    "export_all",
    "form",
    "missing_row",
    "predict",
    "program_plan",
    "require",
    "smallest_arena",
]


def predict(
    content: bytes, inputs: np.ndarray, *, engine: str = "litert", threads: int = 1, delegate: str | None = None
) -> np.ndarray:
    """Run a .tflite model on a batch, in a worker of its own.

    Args:
        content: The .tflite file.
        inputs: Real values, shape (samples, *one sample's shape); quantized as the model's scales say.
        engine: One of `INSTALL`'s names.
        threads: Threads that an inference may use.
        delegate: As in `Worker.load`.

    Returns:
        Real values, float32, shape (samples, *one output's shape).

    Raises:
        BadModel: If the engine refuses the model.
        EngineMissing: If it isn't installed.
        ValueError: If the inputs' shape doesn't fit.
    """
    with Worker(engine, threads=threads) as worker:
        worker.load(content, delegate=delegate)
        return worker.predict(inputs)


def arena(model: Variant | bytes) -> ArenaUse:
    """Ask TensorFlow Lite Micro's recording allocator what a model's arena holds.

    Args:
        model: A variant, or the content of a .tflite file.

    Returns:
        The arena's bytes, and its two ends: `head_bytes` for activations, `tail_bytes` for everything else.

    Raises:
        BadModel: If it refuses the model (float16 and dynamic_int8 among them); the message gives its reason.
        EngineMissing: If `tflite-micro` isn't installed.
    """
    name, content = (model.name, model.content) if isinstance(model, Variant) else ("", model)
    with Worker("tflm") as worker:
        worker.load(content)
        used = worker.arena()
    return ArenaUse(name, arena_bytes=used["total"], head_bytes=used["head"], tail_bytes=used["tail"])
