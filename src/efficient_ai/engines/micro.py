"""TensorFlow Lite Micro: the interpreter of microcontrollers, run here for its outputs and its arena.

It says on C's stderr why it refuses a model and what its arena holds, so both are read from the file descriptor.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from efficient_ai.engines.sessions import TensorSpec, check_one
from efficient_ai.errors import BadModel

SMALLEST_ARENA_BYTES = 1 << 20
LARGEST_ARENA_BYTES = 1 << 30
TOO_SMALL = ("missing:", "Failed to resize", "Arena size", "arena size")


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Collect what C writes to file descriptor 2; the list is filled when the block ends."""
    lines: list[str] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines.extend(file.read().decode("utf-8", "replace").splitlines())


def _refusal(lines: list[str]) -> str:
    """What the interpreter said, as one line: the operator's name first, then the reason."""
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return "; ".join(reversed(said[-2:])) or "it gives no reason"


def allocates(content: bytes, arena_bytes: int) -> bool:
    """Whether the interpreter can be built in an arena of so many bytes; too small a one may end the process."""
    from tflite_micro.python.tflite_micro import runtime

    with captured_stderr():
        try:
            runtime.Interpreter.from_bytes(content, arena_size=arena_bytes)
        except (RuntimeError, ValueError):
            return False
    return True


class MicroSession:
    """A model on TensorFlow Lite Micro: one thread, no delegate."""

    delegate = "none"

    def __init__(self, content: bytes) -> None:
        from tflite_micro.python.tflite_micro import runtime

        arena_bytes = max(SMALLEST_ARENA_BYTES, 10 * len(content))
        while True:
            refused: Exception | None = None
            with captured_stderr() as lines:
                try:
                    interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena_bytes)
                except (RuntimeError, ValueError) as error:
                    refused = error
            if refused is None:
                break
            too_small = any(mark in line for mark in TOO_SMALL for line in lines)
            if not too_small or arena_bytes >= LARGEST_ARENA_BYTES:
                raise BadModel(f"tflm refuses the model: {_refusal(lines)}") from refused
            arena_bytes *= 4
        source = interpreter.get_input_details(0)
        check_one(1, 1, tuple(source["shape"]))
        self._interpreter = interpreter
        self.input = TensorSpec.from_details(source)
        self.output = TensorSpec.from_details(interpreter.get_output_details(0))

    def set_input(self, value: np.ndarray) -> None:
        self._interpreter.set_input(value, 0)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_output(self) -> np.ndarray:
        return self._interpreter.get_output(0)

    def arena(self) -> dict[str, int]:
        """Bytes of the arena in use: `total`, and its two ends `head` (activations) and `tail` (everything else)."""
        self.set_input(np.zeros(self.input.shape, self.input.dtype))
        self.invoke()
        with captured_stderr() as lines:
            self._interpreter.print_allocations()
        found = re.findall(r"Arena allocation (total|head|tail) (\d+) bytes", "\n".join(lines))
        if len(found) != 3:
            raise BadModel("tflm did not say how it used its arena; expected three lines 'Arena allocation …'")
        return {part: int(size) for part, size in found}
