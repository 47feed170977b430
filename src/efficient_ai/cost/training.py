"""What a step of training costs: three products where an answer has one, and everything that must be kept for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.cost.keras_reader import count

if TYPE_CHECKING:
    import keras

SLOTS = {"sgd": 1, "adam": 2}  # float32 numbers that an optimizer remembers of each weight
VIEWS = ("Flatten", "Reshape", "Dropout")  # their output is their input
# The way back needs the input of the first, and of the second the output.
NEED_INPUT = ("Conv1D", "Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization", "MaxPooling2D")
NEED_OUTPUT = ("ReLU", "Activation", "Softmax", "MaxPooling2D")


@dataclass(frozen=True)
class Widths:
    """Bytes of a number: of weights, activations and gradients as they are computed with.

    `master` says whether a float32 copy of the weights is kept beside those that are computed with.
    """

    weights: float = 4
    activations: float = 4
    gradients: float = 4
    master: bool = False

    def __post_init__(self) -> None:
        if min(self.weights, self.activations, self.gradients) <= 0:
            raise ValueError(f"a number has more than zero bytes, got {self}")


@dataclass(frozen=True)
class StepCost:
    """One step on a batch: multiply-accumulates, bytes that are held at once, and bytes that are moved."""

    model: str
    batch: int
    forward_macs: float
    backward_macs: float
    weight_bytes: float
    gradient_bytes: float
    optimizer_bytes: float
    activation_bytes: float
    moved_weight_bytes: float
    moved_activation_bytes: float

    @property
    def macs(self) -> float:
        return self.forward_macs + self.backward_macs

    @property
    def peak_bytes(self) -> float:
        """At the end of the way forward, when all that the way back needs has been kept."""
        return self.weight_bytes + self.gradient_bytes + self.optimizer_bytes + self.activation_bytes


def count_step(
    model: keras.Model, *, batch: int, optimizer: str = "sgd", widths: Widths = Widths(), density: float = 1.0
) -> StepCost:
    """Count a step of training, operator by operator.

    The way back has two products for each product of the way forward: the gradient of the weights, and that of the
    inputs, which the first layer with weights doesn't need. Kept for it is what goes into convolutions, dense layers
    and normalizations, and what comes out of activation functions, each once. In each product an operand is read once
    and a result is written once; the optimizer reads gradients, weights and its own memory once, and writes weights
    and memory once.

    Args:
        model: A Keras model that `count` knows.
        batch: Examples a step.
        optimizer: "sgd" (with momentum) or "adam".
        widths: Bytes of a number.
        density: The share of weights that are there, if products with absent ones were skipped everywhere.

    Returns:
        The costs. Only what comes from shapes: no scratch memory of an implementation, no code.

    Raises:
        ValueError: If a number is out of range, or the optimizer is unknown.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    if optimizer not in SLOTS:
        raise ValueError(f"optimizer must be one of {', '.join(SLOTS)}, got {optimizer!r}")
    if not 0 < density <= 1:
        raise ValueError(f"density must be in (0, 1], got {density}")
    layers = count(model).layers
    first = next((layer.name for layer in layers if layer.macs), None)
    params = density * sum(layer.params for layer in layers)
    forward = density * sum(layer.macs for layer in layers)
    not_needed = density * sum(layer.macs for layer in layers if layer.name == first)
    kept = sum(math.prod(shape) for shape in kept_shapes(model))
    passed = sum(layer.input_bytes + layer.output_bytes for layer in layers) / 4
    slots = 4 * params * SLOTS[optimizer]
    held = params * (4 if widths.master else widths.weights)
    return StepCost(
        model=model.name,
        batch=batch,
        forward_macs=batch * forward,
        backward_macs=batch * (2 * forward - not_needed),
        weight_bytes=params * (widths.weights + (4 if widths.master else 0)),
        gradient_bytes=params * widths.gradients,
        optimizer_bytes=slots,
        activation_bytes=batch * kept * widths.activations,
        # read forwards and backwards; gradients written and read; the update reads and writes weights and slots
        moved_weight_bytes=2 * params * widths.weights + 2 * params * widths.gradients + 2 * held + 2 * slots,
        # forwards in and out; backwards what was kept, and the gradients of outputs and inputs
        moved_activation_bytes=batch * passed * (2 * widths.activations + widths.gradients),
    )


def kept_shapes(model: keras.Model) -> tuple[tuple[int, ...], ...]:
    """The tensors that the way back needs, without the axis of the batch: those between layers, and the input.

    Raises:
        ValueError: If a tensor's size depends on the input's.
    """
    shapes = []
    for layer in model.layers:
        fused = getattr(getattr(layer, "activation", None), "__name__", "linear") != "linear"
        needed = type(layer).__name__ in NEED_OUTPUT or fused
        if needed or any(type(user).__name__ in NEED_INPUT for user in _users(layer)):
            shape = tuple(layer.output.shape[1:])
            if None in shape:
                raise ValueError(f"the output of layer {layer.name!r} has no fixed size: {shape}")
            shapes.append(shape)
    return tuple(shapes)


def _users(layer: Any) -> Iterator[Any]:
    """The layers that take a layer's output, seen through those that only arrange it anew."""
    for node in layer._outbound_nodes:
        user = node.operation
        if type(user).__name__ in VIEWS:
            yield from _users(user)
        else:
            yield user
