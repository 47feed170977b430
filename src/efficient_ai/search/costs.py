"""What a net of the space costs before it has been trained, and what a device allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from efficient_ai import cost
from efficient_ai.compress import Int8, convert
from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset
from efficient_ai.hardware import catalogue, vela
from efficient_ai.search.layer_shapes import LayerShape, layers_of
from efficient_ai.search.nets import build
from efficient_ai.search.table import name_of

if TYPE_CHECKING:
    import keras

    from efficient_ai.search.latency_model import LatencyModel
    from efficient_ai.search.space import Candidate

# Of an int8 file, beside the weights: a bias, its scale and zero point and the filter's for each channel; a tensor's
# name, its ranges and an operator for each layer; and what frames it. With fresh weights the
# converter's files keep to it within 3%.
CHANNEL_BYTES = 28
LAYER_BYTES = 380
FILE_BYTES = 620


@dataclass(frozen=True)
class Costs:
    """Of one inference at batch 1: seconds, bytes of the int8 file, multiply-accumulates, bytes of int8 activations.

    `arena_bytes` is None where nobody has planned it.
    """

    latency_s: float
    size_bytes: int
    macs: int
    arena_bytes: int | None = None


@dataclass(frozen=True)
class Limits:
    """What a net may cost; None where there is no limit."""

    latency_s: float | None = None
    size_bytes: int | None = None
    arena_bytes: int | None = None
    macs: int | None = None

    def __post_init__(self) -> None:
        for name, limit in dataclasses.asdict(self).items():
            if limit is not None and not limit > 0:
                raise ValueError(f"the limit {name} must be above 0, got {limit}")

    def excess(self, costs: Costs) -> dict[str, float]:
        """For each limit how far it is exceeded, as a share of it: at most 0 where it is kept.

        Raises:
            ValueError: If there is a limit to a cost that isn't known.
        """
        found = {}
        for name, limit in dataclasses.asdict(self).items():
            if limit is not None:
                if getattr(costs, name) is None:
                    raise ValueError(f"there is a limit to {name}, but nobody has found out what it is: {costs}")
                found[name] = getattr(costs, name) / limit - 1
        return found


def limits_of(device: str, *, latency_s: float | None = None, macs: int | None = None) -> Limits:
    """The limits that a device of the catalogue sets: its flash to the file, its working memory to the activations.

    Args:
        device: Its whole name, as in "STM32L4R5ZI".
        latency_s: A deadline in seconds, which the product sets and not the device.
        macs: The most multiply-accumulates, which bounds the time of a training as well.

    Raises:
        UnknownDevice: If the catalogue has none of this name; the message lists near ones.
    """
    known = catalogue.device(device)
    return Limits(latency_s, known.storage_bytes, known.memory_bytes, macs)


@dataclass(frozen=True)
class FromShapes:
    """Costs from a net's shapes alone: a learned latency, an estimated int8 file, a planned arena.

    `latency` is a fitted model of the machine (`search.fit_latency_model`); without one the latency is that of a
    machine that does `macs_per_s`.
    """

    latency: LatencyModel | None = None
    precision: str = "int8"
    macs_per_s: float = 1e9

    def __call__(self, candidate: Candidate) -> Costs:
        model = build(candidate)
        macs = cost.count(model).macs
        seconds = (
            self.latency.predict_model(model, precision=self.precision) if self.latency else macs / self.macs_per_s
        )
        return Costs(float(seconds), int8_bytes(layers_of(model)), macs, planned_arena(model))


@dataclass(frozen=True)
class FromVela:
    """Costs of the int8 file as Arm's compiler sees it: a few seconds a net.

    The latency is the compiler's estimate (modelled) at the clock of its system configuration.

    Raises:
        EngineMissing: When called, if `ethos-u-vela` isn't installed.
    """

    accelerator: str = "ethos-u55-128"
    calibration: int = 20

    def __call__(self, candidate: Candidate) -> Costs:
        model = build(candidate)
        data = fashion_mnist()
        few = stratified_subset(data.train_labels, self.calibration, seed=0)
        file = convert(model, Int8(as_inputs(data.train_images[few], model.input_shape[1:])))
        found = vela.estimate(file, self.accelerator)
        plan = cost.plan_memory(file.content)
        return Costs(found.seconds, file.size_bytes, cost.count(model).macs, plan.planned_bytes)


@dataclass(frozen=True)
class RecordedCosts:
    """Costs that were found before, by the net's name in the table.

    Raises:
        ValueError: When called, if the net isn't in the record.
    """

    costs: Mapping[str, Costs]

    def __call__(self, candidate: Candidate) -> Costs:
        name = name_of(candidate)
        if name not in self.costs:
            raise ValueError(f"the record has no net {name}: limit the search to those that it has")
        return self.costs[name]


def int8_bytes(shapes: Sequence[LayerShape]) -> int:
    """About how long a net's int8 file will be: its weights, and what the file keeps for each channel and layer.

    That is the file of fresh weights. Training makes it some kilobytes longer, since a converter keeps equal tensors,
    as biases of zero are, only once.
    """
    weighted = [shape for shape in shapes if shape.kind in ("conv", "depthwise", "dense")]
    channels = sum(shape.outputs for shape in weighted)
    weights = sum(shape.weights for shape in weighted)
    return weights + CHANNEL_BYTES * channels + LAYER_BYTES * len(shapes) + FILE_BYTES


def planned_arena(model: keras.Model) -> int:
    """Bytes of a plan for a net's activations at one byte a value."""
    wide = cost.live_tensors(model)
    narrow = tuple(dataclasses.replace(tensor, size_bytes=tensor.size_bytes // 4) for tensor in wide.tensors)
    return cost.plan_memory(dataclasses.replace(wide, tensors=narrow)).planned_bytes
