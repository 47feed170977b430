"""The records that the other rooms pass on: frozen, with the unit in each field's name."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class LayerCost:
    """What one operator costs at batch 1.

    `macs` counts multiply-accumulates; operators that only move, compare or add have none.
    """

    name: str
    operator: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int


@dataclass(frozen=True)
class ModelCost:
    """What one model costs at batch 1, operator by operator.

    `peak_activation_bytes` is an estimate: the largest sum of tensors alive at one step of the schedule.
    `unknown_operators` names what the counter does not know; such a model's sums are lower bounds.
    """

    model: str
    layers: tuple[LayerCost, ...]
    peak_activation_bytes: int
    unknown_operators: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        return sum(layer.weight_bytes for layer in self.layers)


@dataclass(frozen=True)
class Variant:
    """One deployable form of a model: the bytes of its file, a .tflite file as a rule, and how it was made.

    `precision` is one of float32, float16, dynamic_int8, int8, int16x8; `technique` says what was done to
    the weights before ("" for nothing); `form` is what kind of file it is, as `engines.form` names it.
    """

    model: str
    precision: str
    content: bytes = field(repr=False)
    technique: str = ""
    form: str = "tflite"

    @property
    def name(self) -> str:
        return f"{self.technique} {self.precision}".strip()

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @cached_property
    def compressed_bytes(self) -> int:
        """The same file through DEFLATE, which finds the zeros that a plain file stores in full."""
        return len(zlib.compress(self.content, 9))


@dataclass(frozen=True)
class LatencyStats:
    """Latency of one variant on one engine: the samples in the order of their rounds, and how they were taken."""

    variant: str
    engine: str
    delegate: str
    threads: int
    cpu: str
    warmup: int
    rounds: int
    samples_ms: tuple[float, ...] = field(repr=False)

    @property
    def runs(self) -> int:
        return len(self.samples_ms)

    def percentile_ms(self, percent: float) -> float:
        """The sample below which `percent` (0 to 100) of the samples lie, by linear interpolation."""
        ordered = sorted(self.samples_ms)
        position = (len(ordered) - 1) * percent / 100
        low = int(position)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (position - low)

    @property
    def p50_ms(self) -> float:
        return self.percentile_ms(50)

    @property
    def p90_ms(self) -> float:
        return self.percentile_ms(90)

    @property
    def p99_ms(self) -> float:
        return self.percentile_ms(99)


@dataclass(frozen=True)
class EngineMissingRow:
    """Stands in a table for an engine that is not installed here."""

    engine: str
    install_command: str


@dataclass(frozen=True)
class RefusedRow:
    """Stands in a table for a variant that an engine doesn't take, with the engine's reason."""

    variant: str
    engine: str
    reason: str


@dataclass(frozen=True)
class FailedRow:
    """Stands in a table for a variant that ended an engine's process, or came out wrong, with what is known of it."""

    variant: str
    engine: str
    reason: str


@dataclass(frozen=True)
class EngineRun:
    """One model on one engine: what came out, against Keras in float32, and how long it took.

    `max_deviation` is the largest difference of any output, `agreement` the fraction of inputs with the same largest
    output, `scale` the reference's largest magnitude.
    """

    model: str
    precision: str
    size_bytes: int
    max_deviation: float
    agreement: float
    scale: float
    latency: LatencyStats

    @property
    def engine(self) -> str:
        return self.latency.engine

    @property
    def delegate(self) -> str:
        return self.latency.delegate

    @property
    def threads(self) -> int:
        return self.latency.threads


@dataclass(frozen=True)
class ProgramPlan:
    """What a program that was planned ahead of time will do: `calls` steps, each a kernel's or a delegate's.

    `kernels` names the kernels that it needs, `delegated` counts the calls that go to a delegate, `memory_bytes` is
    what it will use for activations.
    """

    calls: int
    delegated: int
    kernels: tuple[str, ...]
    memory_bytes: int


@dataclass(frozen=True)
class ArenaUse:
    """What the TensorFlow Lite Micro interpreter says its arena holds (`arena_bytes` = head + tail)."""

    variant: str
    arena_bytes: int
    head_bytes: int
    tail_bytes: int


@dataclass(frozen=True)
class Coverage:
    """Which operators of a file a delegate took: names in the order of the file, and in how many pieces it took them.

    Between two pieces the interpreter's own kernels run, so each piece costs a call.
    """

    variant: str
    engine: str
    taken: tuple[str, ...]
    left: tuple[str, ...]
    parts: int

    @property
    def operators(self) -> int:
        return len(self.taken) + len(self.left)


@dataclass(frozen=True)
class PartCost:
    """An estimate of what a stretch of a file's operators takes: time of the file cut behind it, less that of the file
    cut before it."""

    variant: str
    name: str
    operators: tuple[str, ...]
    macs: int
    time_ms: Interval


@dataclass(frozen=True)
class KernelDifference:
    """How far the outputs of one kernel set lie from those of another, value by value, in steps of the output."""

    kernels: str
    values: int
    differing: int
    most_steps: int
    samples: int
    argmax_changes: int


@dataclass(frozen=True)
class Interval:
    """An estimate with its bootstrap interval."""

    value: float
    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True)
class PublishedFigure:
    """A figure that somebody published, with where; `verified` says how it was checked (V or 2)."""

    key: str
    value: float
    unit: str
    source: str
    where: str = ""
    verified: str = "V"


@dataclass(frozen=True)
class Machine:
    """The machine that measured something."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str


@dataclass(frozen=True)
class ModelCard:
    """How a shipped model was made and what it reached.

    `test_accuracy` is that of its own test set; `also` has what else was measured, units in the names.
    """

    name: str
    data: str
    data_sha256: str
    weights_sha256: str
    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str
    augmentation: str
    test_accuracy: float
    train_seconds: float
    machine: str
    versions: str
    date: str
    command: str
    also: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class EpochLog:
    """One epoch of training."""

    epoch: int
    loss: float
    accuracy: float
    seconds: float
