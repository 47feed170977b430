"""A place in memory for each activation of a .tflite file, found as TensorFlow Lite Micro finds it.

Tensors that are never alive together may share bytes. Placing them well is a packing problem; the interpreter for
microcontrollers solves it greedily, the largest tensor first, each at the lowest address where it fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.cost.file_reader import live_tensors_of_file
from efficient_ai.cost.liveness import Liveness, LiveTensor

ALIGNMENT_BYTES = 16  # TensorFlow Lite Micro's own
TIES = ("last", "first")


@dataclass(frozen=True)
class PlacedTensor:
    """A tensor, the steps over which it lives (both included), and its place: `bytes` are rounded up to the grid."""

    name: str
    first_step: int
    last_step: int
    offset_bytes: int
    size_bytes: int

    @property
    def end_bytes(self) -> int:
        """The first address behind it."""
        return self.offset_bytes + self.size_bytes


@dataclass(frozen=True)
class MemoryPlan:
    """Places for all activations of a schedule. `lower_bound_bytes` is what no plan can undercut: the largest sum of
    tensors alive at one step."""

    steps: tuple[str, ...]
    tensors: tuple[PlacedTensor, ...]
    lower_bound_bytes: int
    alignment_bytes: int

    @property
    def planned_bytes(self) -> int:
        """What the plan takes: the highest address that it uses."""
        return max((tensor.end_bytes for tensor in self.tensors), default=0)

    @property
    def unshared_bytes(self) -> int:
        """What it would take to give each tensor bytes of its own."""
        return sum(tensor.size_bytes for tensor in self.tensors)


def plan_memory(
    source: str | Path | bytes | Liveness, *, ties: str = "last", alignment_bytes: int = ALIGNMENT_BYTES
) -> MemoryPlan:
    """Place the activations of a .tflite file, largest first, each at the lowest address where it fits.

    Scratch memory, which some kernels ask for while they run, is no tensor of the file, and not in the plan.

    Args:
        source: Path of the file, its content, or a schedule that has been read already.
        ties: Which of equally large tensors comes first: the one with the "last" number in the file, as in
            TensorFlow Lite Micro, or the "first".
        alignment_bytes: Sizes are rounded up to a multiple of this, which also aligns the addresses.

    Returns:
        The tensors in the order in which they are written, with their addresses.

    Raises:
        BadModel: If this is no .tflite file, or a damaged one.
        ValueError: If `ties` is none of the two, or the alignment isn't positive.

    Source: david2021tensorflow, section 4.4.2.
    """
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, got {ties!r}")
    if alignment_bytes < 1:
        raise ValueError(f"alignment_bytes must be at least 1, got {alignment_bytes}")
    live = source if isinstance(source, Liveness) else live_tensors_of_file(source)
    tensors = [tensor for tensor in live.tensors if tensor.size_bytes]
    order = sorted(range(len(tensors)), key=lambda i: tensors[i].key, reverse=ties == "last")
    order.sort(key=lambda i: -tensors[i].size_bytes)
    placed: dict[int, PlacedTensor] = {}
    for i in order:
        placed[i] = _place(tensors[i], list(placed.values()), alignment_bytes)
    aligned = Liveness(
        live.steps,
        tuple(LiveTensor(t.name, _up(t.size_bytes, alignment_bytes), t.first_step, t.last_step) for t in tensors),
    )
    return MemoryPlan(live.steps, tuple(placed[i] for i in sorted(placed)), aligned.peak_bytes, alignment_bytes)


def _up(size: int, grid: int) -> int:
    return -(-size // grid) * grid


def _place(tensor: LiveTensor, placed: Sequence[PlacedTensor], alignment: int) -> PlacedTensor:
    size = _up(tensor.size_bytes, alignment)
    beside = [p for p in placed if p.first_step <= tensor.last_step and tensor.first_step <= p.last_step]
    offset = 0
    for other in sorted(beside, key=lambda p: p.offset_bytes):
        if other.offset_bytes - offset >= size:
            break
        offset = max(offset, other.end_bytes)
    return PlacedTensor(tensor.name, tensor.first_step, tensor.last_step, offset, size)
