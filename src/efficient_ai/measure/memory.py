"""What a process that runs a model holds in memory, step by step from the bare interpreter on."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.engines import require
from efficient_ai.engines.lite import MODULES
from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.records import Variant

PROGRAM = Path(__file__).with_name("_once.py")
STEPS = ("python", "numpy", "library", "model", "run")
LIMIT_S = 120


@dataclass(frozen=True)
class ResidentMemory:
    """Resident bytes of a fresh process after each of `STEPS`, pages shared with other processes included.

    `ru_maxrss_bytes` is the peak that the `resource` module claims at the very start, which on Linux is that of the
    process that started it; None where there is no such module.
    """

    variant: str
    engine: str
    bytes_after: Mapping[str, int]
    ru_maxrss_bytes: int | None

    @property
    def total_bytes(self) -> int:
        return self.bytes_after["run"]

    @property
    def growth_bytes(self) -> dict[str, int]:
        """What each step added; below zero where it gave some back."""
        before = [0, *(self.bytes_after[step] for step in STEPS)]
        return {step: self.bytes_after[step] - before[i] for i, step in enumerate(STEPS)}


def once(path: Path, engine: str) -> dict:
    """Start a process that loads a .tflite file on an engine and runs it once; what it reports.

    Args:
        path: The file.
        engine: One of the .tflite family: litert, tf.lite or tflite-runtime.

    Raises:
        ValueError: If the engine is none of these.
        EngineMissing: If it isn't installed.
        BadModel: If the program fails; the message has its last line.
        EfficientAIError: If it takes too long.
    """
    if engine not in MODULES:
        raise ValueError(f"engine must be one of {', '.join(MODULES)}, got {engine!r}")
    require(engine)
    command = [sys.executable, "-I", str(PROGRAM), MODULES[engine], str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        raise EfficientAIError(f"the program took over {LIMIT_S} s on {engine} and was ended") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BadModel(f"{engine} can't run {path.name}: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def resident_memory(variant: Variant, *, engine: str = "litert", repeats: int = 3) -> tuple[ResidentMemory, ...]:
    """Measure what a program that does nothing but run one inference holds, in a fresh process each time.

    Args:
        variant: A .tflite file.
        engine: As for `once`.
        repeats: How many processes, at least 1.

    Returns:
        A record for each process.

    Raises:
        ValueError, EngineMissing, BadModel, EfficientAIError: As for `once`; ValueError also for `repeats` under 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    with tempfile.TemporaryDirectory(prefix="efficient-ai-memory-") as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(variant.content)
        found = [once(path, engine) for _ in range(repeats)]
    return tuple(ResidentMemory(variant.name, engine, one["steps"], one["inherited"]) for one in found)
