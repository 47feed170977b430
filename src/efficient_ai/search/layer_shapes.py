"""A net's layers as an interpreter meets them: their shapes, and what in a shape costs time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.cost import formulas
from efficient_ai.cost.keras_graph import read
from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

KINDS = ("conv", "depthwise", "dense", "add", "pool")
PRECISIONS = ("float32", "int8")
LANES = 8  # float32 values in an AVX2 register: kernels compute so many channels at a time
FOLDED = frozenset(("BatchNormalization", "ReLU", "Activation", "Dropout", "Flatten"))


@dataclass(frozen=True)
class LayerShape:
    """One layer at batch 1, with the normalization and the activation that follow it folded in.

    `kind` is one of `KINDS`. `height` and `width` are those of its input, `inputs` and `outputs` are channels. A
    convolution pads so that stride 1 keeps the size; "pool" takes the mean over squares of `kernel` pixels, side by
    side, so its stride is its kernel; "dense" sees an input of one pixel, "add" two inputs of the same shape.

    Raises:
        ValueError: If the kind isn't known, a size isn't positive, or a kind can't have such a shape.
    """

    kind: str
    height: int
    width: int
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        sizes = (self.height, self.width, self.inputs, self.outputs, self.kernel, self.stride)
        if min(sizes) < 1:
            raise ValueError(f"sizes must be at least 1, got {sizes}")
        if self.kind not in ("conv", "dense") and self.inputs != self.outputs:
            raise ValueError(f"a layer of kind {self.kind!r} keeps its channels, got {self.inputs} and {self.outputs}")
        if self.kind in ("dense", "add") and (self.kernel, self.stride) != (1, 1):
            raise ValueError(f"a layer of kind {self.kind!r} has no kernel and no stride, got {self}")
        if self.kind == "dense" and (self.height, self.width) != (1, 1):
            raise ValueError(f"a dense layer sees one pixel, got {self.height}×{self.width}")
        if self.kind == "pool" and self.kernel != self.stride:
            raise ValueError(f"pooling's stride is its kernel, got {self.stride} and {self.kernel}")

    @property
    def output_pixels(self) -> int:
        if self.kind == "pool":
            return (self.height // self.stride) * (self.width // self.stride)
        return math.ceil(self.height / self.stride) * math.ceil(self.width / self.stride)

    @property
    def macs(self) -> int:
        """Multiply-accumulates; additions and means have none."""
        if self.kind in ("add", "pool"):
            return 0
        if self.kind == "dense":
            return formulas.dense_macs(inputs=self.inputs, outputs=self.outputs)
        groups = self.inputs if self.kind == "depthwise" else 1
        return self.output_pixels * self.outputs * self.kernel**2 * self.inputs // groups

    @property
    def weights(self) -> int:
        """Weights without biases."""
        return self.macs // self.output_pixels

    @property
    def padded_macs(self) -> int:
        """Multiply-accumulates when channels are rounded up to whole registers."""
        whole = -(-self.outputs // LANES) * LANES
        return self.macs * whole // self.outputs

    @property
    def input_values(self) -> int:
        """Values read, an addition's two inputs both."""
        return self.height * self.width * self.inputs * (2 if self.kind == "add" else 1)

    @property
    def output_values(self) -> int:
        return self.output_pixels * self.outputs

    @property
    def gathered(self) -> int:
        """Pixels that the kernel gathers over all positions."""
        return self.output_pixels * self.kernel**2


def layers_of(model: keras.Model) -> tuple[LayerShape, ...]:
    """Read the layers that an interpreter will run from a Keras model: no weight is touched, nothing converted.

    A normalization, an activation, dropout and flattening vanish into the layers beside them.

    Args:
        model: A built Keras model of the kinds in `KINDS`, with square kernels and strides.

    Returns:
        One row a layer, in the model's order.

    Raises:
        BadModel: If it has a layer of another kind, which is named: nothing is counted as free unseen.
    """
    graph = read(model, None)
    found = []
    for call in graph.calls:
        if type(call.layer).__name__ in FOLDED:
            continue
        source, result = (tuple(graph.tensors[n].shape) for n in (call.inputs[0], call.outputs[0]))
        found.append(_shape(call.name, call.layer, source, result))
    return tuple(found)


def _shape(name: str, layer: Any, source: tuple[int, ...], result: tuple[int, ...]) -> LayerShape:
    operator = type(layer).__name__
    if operator == "Dense" and len(source) == 2:
        return LayerShape("dense", 1, 1, source[1], result[1])
    if operator == "Add" and len(source) == 4:
        return LayerShape("add", *source[1:], source[3])
    if operator == "GlobalAveragePooling2D" and source[1] == source[2]:
        return LayerShape("pool", *source[1:], source[3], source[1], source[1])
    known = {"Conv2D": "conv", "DepthwiseConv2D": "depthwise", "AveragePooling2D": "pool"}
    if operator not in known or (getattr(layer, "groups", 1) != 1 and operator == "Conv2D"):
        raise BadModel(f"layer {name} is a {operator}: only {', '.join(KINDS)} have been measured")
    kernel = tuple(layer.pool_size if operator == "AveragePooling2D" else layer.kernel_size)
    stride = tuple(layer.strides)
    padded = operator == "AveragePooling2D" or layer.padding == "same" or kernel == (1, 1)
    if len(set(kernel)) > 1 or len(set(stride)) > 1 or not padded or getattr(layer, "depth_multiplier", 1) != 1:
        raise BadModel(f"layer {name}: expected a square kernel and stride and same padding, got {kernel} and {stride}")
    return LayerShape(known[operator], *source[1:], result[3], kernel[0], stride[0])


def features(shape: LayerShape, precision: str) -> dict[str, float]:
    """What in a layer may decide its time, as numbers by name.

    Sizes are binary logarithms of one more than the count, so that one step is a doubling and zero stays zero.

    Raises:
        ValueError: If the precision isn't one of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    size = 4 if precision == "float32" else 1
    counts = {
        "MACs": shape.macs,
        "MACs in whole registers": shape.padded_macs,
        "bytes in": size * shape.input_values,
        "bytes out": size * shape.output_values,
        "bytes of weights": size * shape.weights,
        "output pixels": shape.output_pixels,
        "pixels gathered": shape.gathered,
        "channels in": shape.inputs,
        "channels out": shape.outputs,
    }
    return (
        {name: math.log2(1 + count) for name, count in counts.items()}
        | {"kernel": float(shape.kernel), "stride": float(shape.stride)}
        | {kind: float(shape.kind == kind) for kind in KINDS}
        | {"int8": float(precision == "int8")}
    )
