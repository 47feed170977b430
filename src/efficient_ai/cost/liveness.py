"""Which tensors must be in memory at the same time, and how many bytes that takes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One operator of a schedule: the tensors that it reads and those that it writes."""

    name: str
    reads: tuple[Hashable, ...]
    writes: tuple[Hashable, ...]


@dataclass(frozen=True)
class LiveTensor:
    """A tensor, and the steps (counted from 0, both included) over which it has to be kept.

    `key` is what the schedule calls it: in a .tflite file, its number.
    """

    name: str
    size_bytes: int
    first_step: int
    last_step: int
    key: Hashable = None


@dataclass(frozen=True)
class Liveness:
    """A schedule with the life of each of its tensors, ready to be drawn as a Gantt chart."""

    steps: tuple[str, ...]
    tensors: tuple[LiveTensor, ...]

    @property
    def live_bytes(self) -> tuple[int, ...]:
        """Bytes of all tensors alive, step by step."""
        totals = [0] * len(self.steps)
        for tensor in self.tensors:
            for step in range(tensor.first_step, tensor.last_step + 1):
                totals[step] += tensor.size_bytes
        return tuple(totals)

    @property
    def peak_bytes(self) -> int:
        """The largest of `live_bytes`; 0 for an empty schedule."""
        return max(self.live_bytes, default=0)

    @property
    def peak_step(self) -> int:
        """The first step at which the peak is reached."""
        return self.live_bytes.index(self.peak_bytes)


def lifetimes(
    steps: Sequence[Step],
    size_bytes: Mapping[Hashable, int],
    *,
    names: Mapping[Hashable, str],
    inputs: Iterable[Hashable],
    outputs: Iterable[Hashable],
) -> Liveness:
    """Find from when to when each tensor lives under a schedule.

    A tensor lives from the step that writes it to the last that reads it, both included, since an operator needs
    its input and its output side by side. The model's inputs live from the start, its outputs until the end.

    Args:
        steps: The operators in the order in which they run.
        size_bytes: Size of each tensor that occupies memory; what it does not name (weights) is left out.
        names: What to call each tensor.
        inputs: The model's inputs.
        outputs: The model's outputs.

    Returns:
        The schedule with the life of each tensor, ordered by the first step.
    """
    if not steps:
        return Liveness((), ())
    first: dict[Hashable, int] = {}
    last: dict[Hashable, int] = {}
    end = len(steps) - 1
    for tensor in inputs:
        first[tensor] = last[tensor] = 0
    for number, step in enumerate(steps):
        for tensor in (*step.reads, *step.writes):
            first.setdefault(tensor, number)
            last[tensor] = number
    for tensor in outputs:
        first.setdefault(tensor, end)
        last[tensor] = end
    tensors = tuple(
        LiveTensor(names[tensor], size_bytes[tensor], begin, last[tensor], tensor)
        for tensor, begin in sorted(first.items(), key=lambda item: item[1])
        if tensor in size_bytes
    )
    return Liveness(tuple(step.name for step in steps), tensors)
