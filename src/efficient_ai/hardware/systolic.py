"""A weight-stationary systolic array: cycles, traffic and time of matrix products, and of models made of them.

Weights sit still in a grid of multiply-accumulate cells; activations enter from the left, one step later in each row,
and sums leave at the bottom. `systolic_cycles` is the same array moved register by register, and the closed forms here
count its cycles exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from efficient_ai import published
from efficient_ai.records import LayerCost, ModelCost

CONVOLUTIONS = frozenset(("Conv1D", "Conv2D", "CONV_2D"))
DEPTHWISE = frozenset(("DepthwiseConv1D", "DepthwiseConv2D", "DEPTHWISE_CONV_2D"))
DENSE = frozenset(("Dense", "FULLY_CONNECTED"))


@dataclass(frozen=True, kw_only=True)
class SystolicArray:
    """An array of `rows` × `columns` cells, each with one weight, and the memory beside it.

    A product's inner dimension lies along the rows, its outputs along the columns. `double_buffered` cells take the
    next tile's weights while they work with the present ones. `accumulators` is the number of sums that each column
    can keep, which is the number of input vectors that pass through before the weights change; None for no limit.
    Activations of a layer stay on the chip where `activation_memory_bytes` hold its inputs and outputs. Weights come
    from memory for each inference, but for those that `weight_memory_bytes` on the chip keep for good.
    """

    name: str
    rows: int
    columns: int
    clock_hz: float
    bandwidth_bytes_per_s: float
    activation_memory_bytes: int
    weight_memory_bytes: int = 0
    accumulators: int | None = None
    double_buffered: bool = True

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "clock_hz", "bandwidth_bytes_per_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} of {self.name} must be above 0, got {getattr(self, name)}")
        if self.accumulators is not None and self.accumulators < 1:
            raise ValueError(f"accumulators of {self.name} must be at least 1 or None, got {self.accumulators}")

    @property
    def macs_per_cycle(self) -> int:
        return self.rows * self.columns

    @property
    def peak_ops_per_s(self) -> float:
        """Operations a second with every cell at work; a multiply-accumulate is two."""
        return 2 * self.macs_per_cycle * self.clock_hz


@dataclass(frozen=True)
class Product:
    """A matrix product: `vectors` × `inner` by `inner` × `outputs`, `groups` times with matrices of their own.

    A convolution is one after im2col: a vector for each position of the window, `inner` values under it, `outputs`
    channels. A depthwise convolution has a group for each channel, and one output in each.
    """

    vectors: int
    inner: int
    outputs: int
    groups: int = 1

    def __post_init__(self) -> None:
        if min(self.vectors, self.inner, self.outputs, self.groups) < 1:
            raise ValueError(f"a product's sizes must be at least 1, got {self}")

    @property
    def macs(self) -> int:
        return self.vectors * self.inner * self.outputs * self.groups

    @property
    def weights(self) -> int:
        return self.inner * self.outputs * self.groups


@dataclass(frozen=True)
class LayerOnArray:
    """One layer on an array, for a whole batch; `memory_s` is the time that its bytes take, weights first of all."""

    name: str
    operator: str
    product: Product
    cycles: int
    utilisation: float
    compute_s: float
    weight_bytes: int
    activation_bytes: int
    memory_s: float

    @property
    def seconds(self) -> float:
        """Whichever takes longer: arithmetic and transfers overlap."""
        return max(self.compute_s, self.memory_s)

    @property
    def bound_by_memory(self) -> bool:
        return self.memory_s > self.compute_s

    @property
    def ops_per_s(self) -> float:
        return 2 * self.product.macs / self.seconds

    @property
    def ops_per_byte(self) -> float:
        """Operations for each byte from memory; infinite where nothing has to be fetched."""
        moved = self.weight_bytes + self.activation_bytes
        return 2 * self.product.macs / moved if moved else math.inf


@dataclass(frozen=True)
class ModelOnArray:
    """A model on an array. `unmapped` names operators that multiply and that the array has no form for."""

    model: str
    array: SystolicArray
    batch: int
    layers: tuple[LayerOnArray, ...]
    unmapped: tuple[str, ...] = ()

    @property
    def cycles(self) -> int:
        return sum(layer.cycles for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.product.macs for layer in self.layers)

    @property
    def utilisation(self) -> float:
        """Share of the cells' cycles that did a wanted multiplication, memory left out."""
        return self.macs / (self.cycles * self.array.macs_per_cycle)

    @property
    def seconds(self) -> float:
        return sum(layer.seconds for layer in self.layers)

    @property
    def ops_per_s(self) -> float:
        return 2 * self.macs / self.seconds

    @property
    def memory_share(self) -> float:
        """Share of the time that is spent in layers whose bytes take longer than their arithmetic."""
        return sum(layer.seconds for layer in self.layers if layer.bound_by_memory) / self.seconds


def tpu_v1() -> SystolicArray:
    """The first TPU, as published: the accumulators hold 32-bit sums, the rest of its on-chip memory activations.

    Source: jouppi2017datacenter.
    """
    side = math.isqrt(int(published.figure("tpu_v1.macs_per_cycle").value))
    accumulator_bytes = int(published.figure("tpu_v1.accumulator_memory").value * 2**20)
    on_chip_bytes = int(published.figure("tpu_v1.on_chip_memory").value * 2**20)
    return SystolicArray(
        name="TPU v1",
        rows=side,
        columns=side,
        clock_hz=published.figure("tpu_v1.clock").value * 1e6,
        bandwidth_bytes_per_s=published.figure("tpu_v1.memory_bandwidth").value * 1e9,
        activation_memory_bytes=on_chip_bytes - accumulator_bytes,
        accumulators=accumulator_bytes // (4 * side),
    )


def tile_widths(array: SystolicArray, product: Product) -> list[int]:
    """Cut a product's weights into tiles.

    Groups that are small enough share a tile, as blocks along its diagonal; the cells beside the blocks hold zeros.

    Returns:
        The columns that each tile uses, in the order in which the tiles are loaded.
    """
    together = max(1, min(array.rows // product.inner, array.columns // product.outputs, product.groups))
    if together > 1:
        left = [min(together, product.groups - first) for first in range(0, product.groups, together)]
        return [groups * product.outputs for groups in left]
    across = [min(array.columns, product.outputs - first) for first in range(0, product.outputs, array.columns)]
    down = math.ceil(product.inner / array.rows)
    return [width for width in across for _ in range(down)] * product.groups


def cycles(array: SystolicArray, product: Product) -> int:
    """Count the cycles of a product, from the first weight that enters to the last sum that leaves.

    Weights take `rows` cycles to move into place. A vector's sum leaves column j (from 0) `rows` + j cycles after the
    vector's first value has entered, so a tile of `vectors` is done after `vectors` + `rows` + its columns − 2 cycles
    more. Double-buffered tiles follow one another after max(vectors, rows) cycles, since the next weights move in
    meanwhile; otherwise each waits until the one before has drained. A narrow last tile may be done before the one
    ahead of it.

    Args:
        array: Its memory is not looked at.
        product: What to compute.

    Returns:
        Cycles, as `systolic_cycles.run` takes them.

    Source: kung1982systolic for the array; jouppi2017datacenter for the two sets of weights.
    """
    widths = tile_widths(array, product)
    chunk = product.vectors if array.accumulators is None else min(array.accumulators, product.vectors)
    full, rest = divmod(product.vectors, chunk)
    passes = [chunk] * full + ([rest] if rest else [])
    if not array.double_buffered:
        return sum(vectors + 2 * array.rows + width - 2 for vectors in passes for width in widths)
    start = array.rows + len(widths) * sum(max(vectors, array.rows) for vectors in passes)
    last_out = 0
    for vectors, width in ((vectors, width) for vectors in reversed(passes) for width in reversed(widths)):
        start -= max(vectors, array.rows)
        last_out = max(last_out, start + vectors + array.rows + width - 2)
        if start + array.rows + array.columns - 2 <= last_out:  # no tile before this one can drain later
            break
    return last_out


def product_of(layer: LayerCost, *, batch: int = 1) -> Product | None:
    """Give a layer as a matrix product, from its cost alone.

    Args:
        layer: As `cost.count` or `cost.count_file` give it; a convolution in groups, other than depthwise, can't be
            told from a smaller one.
        batch: Samples at once.

    Returns:
        The product; None where the layer multiplies nothing, or is no convolution and no dense layer.
    """
    if not layer.macs or layer.operator not in CONVOLUTIONS | DEPTHWISE | DENSE:
        return None
    *positions, channels = layer.output_shape[1:] or layer.output_shape
    vectors = math.prod(positions)
    inner = layer.macs // (vectors * channels)
    if layer.operator in DEPTHWISE:
        return Product(batch * vectors, inner, 1, channels)
    return Product(batch * vectors, inner, channels)


def on_array(cost: ModelCost, array: SystolicArray, *, batch: int = 1) -> ModelOnArray:
    """Put a model on an array, layer after layer, in int8.

    A value takes one byte, whatever the counted model's precision. Each weight comes from memory once for each pass of
    as many vectors as the accumulators keep; weights that fit into `weight_memory_bytes` never come. Inputs and
    outputs of a layer cost traffic where they don't fit on the chip. Additions, pooling and activation functions are
    done beside the array and cost nothing here.

    Args:
        cost: The model, operator by operator.
        array: The hardware.
        batch: Samples at once, at least 1.

    Returns:
        One row a layer that multiplies.

    Raises:
        ValueError: If the batch is below 1, or no layer multiplies.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    found = [(layer, product_of(layer, batch=batch)) for layer in cost.layers]
    mapped = [(layer, product) for layer, product in found if product is not None]
    if not mapped:
        raise ValueError(f"{cost.model} has no layer that multiplies on {array.name}")
    stored = sum(product.weights for _, product in mapped)
    streamed_share = max(0.0, 1 - array.weight_memory_bytes / stored)
    rows = []
    for layer, product in mapped:
        taken = cycles(array, product)
        passes = 1 if array.accumulators is None else math.ceil(product.vectors / array.accumulators)
        weight_bytes = round(product.weights * passes * streamed_share)
        activations = batch * (layer.input_bytes + layer.output_bytes) // _itemsize(layer)
        spilled = activations if activations > array.activation_memory_bytes else 0
        rows.append(
            LayerOnArray(
                name=layer.name,
                operator=layer.operator,
                product=product,
                cycles=taken,
                utilisation=product.macs / (taken * array.macs_per_cycle),
                compute_s=taken / array.clock_hz,
                weight_bytes=weight_bytes,
                activation_bytes=spilled,
                memory_s=(weight_bytes + spilled) / array.bandwidth_bytes_per_s,
            )
        )
    unmapped = tuple(dict.fromkeys(layer.operator for layer, product in found if layer.macs and product is None))
    return ModelOnArray(cost.model, array, batch, tuple(rows), (*unmapped, *cost.unknown_operators))


def _itemsize(layer: LayerCost) -> int:
    """Bytes that the counted model spends on a value."""
    return max(1, layer.output_bytes // math.prod(layer.output_shape))
