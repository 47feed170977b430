"""The Edge TPU: which operators of an int8 file it takes, what fits into its memory, and a model of its latency.

Its maker publishes no more of the chip than its rate, its memory and its clock. The array here is the square that gives
that rate at that clock, and everything else follows from what has to pass through the cable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from efficient_ai import cost as costs
from efficient_ai import published
from efficient_ai.hardware.systolic import Product, SystolicArray, cycles, product_of
from efficient_ai.records import ModelCost, Variant

# The operators of the maker's table, by TensorFlow Lite's names, as a copy of its first edition lists them. Later
# editions add to it; the table's conditions on shapes are not looked at here.
_OPERATORS = """
LOGISTIC RELU RELU6 RELU_N1_TO_1 TANH ADD MAXIMUM MINIMUM MUL SUB AVERAGE_POOL_2D CONCATENATION CONV_2D
DEPTHWISE_CONV_2D FULLY_CONNECTED L2_NORMALIZATION MAX_POOL_2D MEAN PAD RESHAPE RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQUEEZE STRIDED_SLICE
"""
OPERATORS = frozenset(_OPERATORS.split())


@dataclass(frozen=True)
class Compatibility:
    """What of a file the Edge TPU takes. `unsupported` are operators, each once, in the order in which they run.

    The compiler puts all operators before the first unsupported one onto the chip, and leaves that one and all that
    follow to the processor: `on_chip` of `operators`.
    """

    model: str
    quantized: bool
    operators: int
    on_chip: int
    unsupported: tuple[str, ...]
    weight_bytes: int
    memory_bytes: int

    @property
    def runs_whole(self) -> bool:
        return self.on_chip == self.operators

    @property
    def streamed_bytes(self) -> int:
        """Bytes of weights that don't fit, and have to come again for each inference."""
        return max(0, self.weight_bytes - self.memory_bytes)


@dataclass(frozen=True)
class EdgeTpuNet:
    """What the model of the Edge TPU needs to know of a net: its products, and the bytes that go in and out."""

    name: str
    products: tuple[Product, ...]
    input_bytes: int
    output_bytes: int

    @property
    def weight_bytes(self) -> int:
        """int8 weights, without biases."""
        return sum(product.weights for product in self.products)

    @property
    def macs(self) -> int:
        return sum(product.macs for product in self.products)


def array() -> SystolicArray:
    """The Edge TPU as an array: the square of cells that comes nearest to its rate at its clock.

    Source: coral2020edgetpu for rate and memory, coral2021libedgetpu for the clock. That the array is a square, and
    weight-stationary, is assumed.
    """
    clock_hz = published.figure("edge_tpu.clock").value * 1e6
    side = round(math.sqrt(published.figure("edge_tpu.peak").value * 1e12 / (2 * clock_hz)))
    return SystolicArray(
        name="Edge TPU",
        rows=(side + 4) // 8 * 8,
        columns=(side + 4) // 8 * 8,
        clock_hz=clock_hz,
        bandwidth_bytes_per_s=published.figure("edge_tpu.usb_rate").value * 1e9,
        activation_memory_bytes=memory_bytes(),
        weight_memory_bytes=memory_bytes(),
    )


def memory_bytes() -> int:
    """The chip's memory for weights, in bytes."""
    return int(published.figure("edge_tpu.memory").value * 1e6)


def compatibility(model: Variant | bytes | str | Path) -> Compatibility:
    """Check a .tflite file against the Edge TPU's list of operators and its memory.

    Args:
        model: A variant, the content of a .tflite file, or its path.

    Returns:
        What would run on the chip. A file with float activations has nothing there.

    Raises:
        BadModel: If this is no .tflite file.

    Source: coral2020compatibility.
    """
    content = model.content if isinstance(model, Variant) else model
    counted = costs.count_file(content)
    quantized = _is_int8(counted)
    refused = [i for i, layer in enumerate(counted.layers) if layer.operator not in OPERATORS]
    first = min(refused, default=len(counted.layers)) if quantized else 0
    return Compatibility(
        model=f"{model.model} {model.name}" if isinstance(model, Variant) else counted.model,
        quantized=quantized,
        operators=len(counted.layers),
        on_chip=first,
        unsupported=tuple(dict.fromkeys(counted.layers[i].operator for i in refused)),
        weight_bytes=counted.weight_bytes,
        memory_bytes=memory_bytes(),
    )


def _is_int8(counted: ModelCost) -> bool:
    """Whether every operator that multiplies writes one byte a value."""
    made = [layer for layer in counted.layers if layer.macs]
    return bool(made) and all(layer.output_bytes == math.prod(layer.output_shape) for layer in made)


def net_of(counted: ModelCost, *, name: str = "") -> EdgeTpuNet:
    """Give a counted model as the model of the Edge TPU takes it, in int8.

    Args:
        counted: As `cost.count` or `cost.count_file` give it.
        name: Instead of the model's own.

    Returns:
        Its products; input and output bytes at one byte a value.
    """
    products = [product for product in map(product_of, counted.layers) if product is not None]
    first, last = counted.layers[0], counted.layers[-1]
    width = max(1, last.output_bytes // math.prod(last.output_shape))
    return EdgeTpuNet(name or counted.model, tuple(products), first.input_bytes // width, math.prod(last.output_shape))


def array_seconds(net: EdgeTpuNet, on: SystolicArray | None = None) -> float:
    """Seconds that the array works for one inference, with every weight and activation at hand."""
    on = on or array()
    return sum(cycles(on, product) for product in net.products) / on.clock_hz


def moved_bytes(net: EdgeTpuNet, on: SystolicArray | None = None) -> int:
    """Bytes that pass through the cable for one inference: input, output, and the weights that don't fit."""
    on = on or array()
    return net.input_bytes + net.output_bytes + max(0, net.weight_bytes - on.weight_memory_bytes)


def latency_ms(net: EdgeTpuNet, bandwidth_bytes_per_s: float, on: SystolicArray | None = None) -> float:
    """Predict the latency of one inference: the transfers, and then the array's work.

    Args:
        net: The net.
        bandwidth_bytes_per_s: What the cable really carries; see `fit_bandwidth`.
        on: The array; `array()` where it is None.

    Returns:
        Milliseconds. Whatever the host does, and additions, pooling and concatenation on the chip, are left out.

    Raises:
        ValueError: If the bandwidth isn't above 0.
    """
    if bandwidth_bytes_per_s <= 0:
        raise ValueError(f"bandwidth_bytes_per_s must be above 0, got {bandwidth_bytes_per_s}")
    return 1e3 * (array_seconds(net, on) + moved_bytes(net, on) / bandwidth_bytes_per_s)


def fit_bandwidth(nets: Sequence[EdgeTpuNet], measured_ms: Sequence[float]) -> float:
    """Fit the one constant of `latency_ms`, so that the sum of squared relative errors is smallest.

    Args:
        nets: At least one.
        measured_ms: A latency for each.

    Returns:
        Bytes a second that the cable carries.

    Raises:
        ValueError: If the lengths differ, or the latencies leave no time for the transfers.
    """
    if not nets or len(nets) != len(measured_ms):
        raise ValueError(f"a latency for each net is needed, got {len(nets)} nets and {len(measured_ms)} latencies")
    share = [moved_bytes(net) / ms for net, ms in zip(nets, measured_ms, strict=True)]
    left = [1 - 1e3 * array_seconds(net) / ms for net, ms in zip(nets, measured_ms, strict=True)]
    ms_per_byte = sum(s * rest for s, rest in zip(share, left, strict=True)) / sum(s * s for s in share)
    if ms_per_byte <= 0:
        raise ValueError("the latencies are shorter than the array's own work: they leave nothing for the cable")
    return 1e3 / ms_per_byte
