"""A .tflite file's quantization, read and written in place: scales and zero points are just numbers in it.

New ranges change the scales of activations, and with them the biases, which are stored in steps of the input's scale
times the weights'. Neither changes the length of anything, so the file keeps its layout to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from efficient_ai.cost.flat_file import FlatGraph, read_graph
from efficient_ai.errors import BadModel
from efficient_ai.numerics.affine import Affine
from efficient_ai.numerics.integer_layers import IntegerLayer

WEIGHTED = frozenset(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"))
OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
}
# What comes out has the scale of what goes in, as TensorFlow Lite's 8-bit specification asks.
_KEEPING = """
AVERAGE_POOL_2D MAX_POOL_2D PAD RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE CONCATENATION STRIDED_SLICE SLICE SPLIT PACK
UNPACK GATHER MAXIMUM MINIMUM RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
"""
KEEPING = frozenset(_KEEPING.split())
# What comes out has a scale of its own.
FREE = WEIGHTED | {"ADD", "SUB", "MUL", "MEAN", "QUANTIZE", "LEAKY_RELU", "HARD_SWISH"}


@dataclass(frozen=True)
class Weighted:
    """A convolution or dense layer of a file: tensor numbers, and the axis of the weights' channels."""

    operator: int
    kind: str
    source: int
    weights: int
    bias: int | None
    output: int

    @property
    def axis(self) -> int:
        return 3 if self.kind == "DEPTHWISE_CONV_2D" else 0


@dataclass
class QuantizedFile:
    """The main graph of a .tflite file with access to its numbers."""

    content: bytearray = field(repr=False)
    graph: FlatGraph = field(repr=False)

    @classmethod
    def read(cls, content: bytes) -> QuantizedFile:
        """Read a file; BadModel if it is none."""
        return cls(bytearray(content), read_graph("model", bytes(content)))

    def _table(self, tensor: int) -> Any:
        from tflite.Model import Model

        return Model.GetRootAs(self.content, 0).Subgraphs(0).Tensors(tensor)

    def _place(self, tensor: int, slot: int) -> tuple[int, int]:
        """Where a vector of a tensor's quantization begins, and how long it is; (0, 0) where there is none."""
        table = self._table(tensor).Quantization()
        offset = table._tab.Offset(slot) if table is not None else 0
        return (table._tab.Vector(offset), table._tab.VectorLen(offset)) if offset else (0, 0)

    def scales(self, tensor: int) -> np.ndarray:
        """The scales of a tensor: one, one a channel, or none where it isn't quantized; float32."""
        start, count = self._place(tensor, 8)
        return np.frombuffer(self.content, "<f4", count, start).copy() if count else np.zeros(0, np.float32)

    def zero_points(self, tensor: int) -> np.ndarray:
        """The zero points of a tensor, int64."""
        start, count = self._place(tensor, 10)
        return np.frombuffer(self.content, "<i8", count, start).copy() if count else np.zeros(0, np.int64)

    def _data(self, tensor: int) -> tuple[int, int]:
        from tflite.Model import Model

        buffer = Model.GetRootAs(self.content, 0).Buffers(self.graph.tensors[tensor].buffer)
        if buffer.Offset() > 1:
            return buffer.Offset(), buffer.Size()
        slot = buffer._tab.Offset(4)
        return buffer._tab.Vector(slot), buffer.DataLength()

    def constant(self, tensor: int) -> np.ndarray:
        """A constant's stored values: int8, int32 or float32, in its shape."""
        dtype = {"INT8": "<i1", "INT32": "<i4", "FLOAT32": "<f4"}[self.graph.tensors[tensor].dtype]
        start, size = self._data(tensor)
        return np.frombuffer(self.content, dtype, size // np.dtype(dtype).itemsize, start).reshape(
            self.graph.tensors[tensor].shape
        )

    def real(self, tensor: int) -> np.ndarray:
        """A constant's values as real numbers, float32; weights and biases have zero points of 0."""
        values = self.constant(tensor)
        scales = self.scales(tensor)
        if values.dtype == np.float32 or not len(scales):
            return np.asarray(values, np.float32)
        axis = [-1 if n == len(scales) else 1 for n in values.shape] if len(scales) > 1 else [1] * values.ndim
        if axis.count(-1) > 1:
            keep = 3 if values.ndim == 4 and values.shape[0] == 1 else 0
            axis = [-1 if i == keep else 1 for i in range(values.ndim)]
        return (values.astype(np.float64) * scales.reshape(axis)).astype(np.float32)

    def weighted(self) -> tuple[Weighted, ...]:
        """The layers that have weights, in the order in which they run."""
        found = []
        for number, op in enumerate(self.graph.operators):
            if op.operator in WEIGHTED:
                bias = op.inputs[2] if len(op.inputs) > 2 else None
                found.append(Weighted(number, op.operator, op.inputs[0], op.inputs[1], bias, op.outputs[0]))
        return tuple(found)

    def set_weights(self, layer: Weighted, values: np.ndarray) -> None:
        """Store other weights: as they are in a float32 file, on a grid for each channel in an int8 one."""
        start, size = self._data(layer.weights)
        if self.graph.tensors[layer.weights].dtype == "FLOAT32":
            self.content[start : start + size] = values.astype("<f4").tobytes()
            return
        at, count = self._place(layer.weights, 8)
        axes = tuple(i for i in range(values.ndim) if i != layer.axis) if count > 1 else None
        scales = np.maximum(np.abs(values).max(axis=axes, keepdims=True) / 127, 1e-12).astype("<f4")
        self.content[at : at + 4 * count] = scales.tobytes()
        integers = np.clip(np.rint(values / scales), -127, 127).astype("<i1")
        self.content[start : start + size] = integers.tobytes()

    def _options(self, operator: int) -> Any:
        """An operator's options, as the `tflite` package reads them; None for an operator that needs none."""
        import importlib

        from tflite.Model import Model

        kind = OPTIONS.get(self.graph.operators[operator].operator)
        union = Model.GetRootAs(self.content, 0).Subgraphs(0).Operators(operator).BuiltinOptions()
        if kind is None or union is None:
            return None
        options = getattr(importlib.import_module(f"tflite.{kind}"), kind)()
        options.Init(union.Bytes, union.Pos)
        return options

    def activation(self, operator: int) -> str:
        """What an operator applies to its result before it stores it: "NONE", "RELU", "RELU6", …"""
        from tflite.ActivationFunctionType import ActivationFunctionType

        options = self._options(operator)
        number = 0 if options is None else options.FusedActivationFunction()
        return next(name for name, value in vars(ActivationFunctionType).items() if value == number)

    def integer_layer(self, layer: Weighted) -> IntegerLayer:
        """A convolution or dense layer of an int8 file as the numbers that it computes with.

        Raises:
            BadModel: If it is depthwise, has no bias, or an activation other than ReLU and ReLU6.
        """
        activation, options = self.activation(layer.operator), self._options(layer.operator)
        if layer.kind == "DEPTHWISE_CONV_2D" or layer.bias is None or activation not in ("NONE", "RELU", "RELU6"):
            raise BadModel(f"operator {layer.operator} ({layer.kind}, {activation}) is none that integer_layer reads")
        (source,), (result,) = self.scales(layer.source), self.scales(layer.output).astype(np.float64)
        scales = self.scales(layer.weights)
        if len(scales) > 1:  # the reference multiplies in double precision, but a single scale in float32 first
            source, scales = np.float64(source), scales.astype(np.float64)
        (zero_in,), (zero_out,) = (self.zero_points(n) for n in (layer.source, layer.output))
        cut = {"NONE": (-128, 127), "RELU": (zero_out, 127), "RELU6": (zero_out, zero_out + round(6 / result))}
        lowest, highest = cut[activation]
        return IntegerLayer(
            self.constant(layer.weights),
            self.constant(layer.bias),
            (source * scales).astype(np.float64) / result,
            int(zero_in),
            int(zero_out),
            max(-128, int(lowest)),
            min(127, int(highest)),
            1 if layer.kind == "FULLY_CONNECTED" else int(options.StrideH()),
            "SAME" if layer.kind == "CONV_2D" and options.Padding() == 0 else "VALID",
        )

    def set_grid(self, tensor: int, grid: Affine) -> None:
        """Give an activation another scale and zero point."""
        (at, scales), (zero_at, zeros) = self._place(tensor, 8), self._place(tensor, 10)
        if (scales, zeros) != (1, 1):
            raise BadModel(f"tensor {self.graph.tensors[tensor].name!r} has {scales} scales and {zeros} zero points")
        self.content[at : at + 4] = np.float32(grid.scale).tobytes()
        self.content[zero_at : zero_at + 8] = np.int64(grid.zero_point).tobytes()

    def set_bias(self, layer: Weighted, values: np.ndarray) -> None:
        """Store a layer's biases, real numbers, in steps of its input's scale times its weights'."""
        if layer.bias is None:
            raise BadModel(f"operator {layer.operator} ({layer.kind}) has no bias to write to")
        same = [t for t in self.graph.tensors if t.buffer == self.graph.tensors[layer.bias].buffer]
        if len(same) > 1:
            raise BadModel(f"{len(same)} layers of the file share the bias {same[0].name!r}; it can't be changed alone")
        start, size = self._data(layer.bias)
        if self.graph.tensors[layer.bias].dtype == "FLOAT32":
            self.content[start : start + size] = values.astype("<f4").tobytes()
            return
        at, count = self._place(layer.bias, 8)
        steps = self.scales(layer.source)[0] * self.scales(layer.weights)
        self.content[at : at + 4 * count] = steps.astype("<f4").tobytes()
        limit = 2**31 - 1
        integers = np.clip(np.rint(values.astype(np.float64) / steps), -limit, limit).astype("<i4")
        self.content[start : start + size] = integers.tobytes()

    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The int8 activations whose grid is free, those that must share one together.

        What an operator of another kind reads or writes is left out: its scale may be fixed by the kernel.
        """
        number = len(self.graph.tensors)
        parent, held = list(range(number)), set()

        def find(at: int) -> int:
            while parent[at] != at:
                at = parent[at]
            return at

        for op in self.graph.operators:
            around = [n for n in (*op.inputs, *op.outputs) if n is not None]
            if op.operator in KEEPING:
                for n in around:
                    if self.graph.tensors[n].dtype == "INT8":
                        parent[find(n)] = find(op.outputs[0])
            elif op.operator not in FREE:
                held |= set(around)
        found: dict[int, list[int]] = {}
        for n, tensor in enumerate(self.graph.tensors):
            if tensor.dtype == "INT8" and not tensor.constant and len(self.scales(n)) == 1:
                found.setdefault(find(n), []).append(n)
        return tuple(tuple(members) for members in found.values() if not held & set(members))

    def with_grids(self, grids: Mapping[int, Affine]) -> QuantizedFile:
        """A new file with other grids for some activations, its biases stored anew."""
        biases = {layer.operator: self.real(layer.bias) for layer in self.weighted() if layer.bias is not None}
        new = QuantizedFile(bytearray(self.content), self.graph)
        for tensor, grid in grids.items():
            new.set_grid(tensor, grid)
        for layer in new.weighted():
            if layer.source in grids and layer.bias is not None:
                new.set_bias(layer, biases[layer.operator])
        return new
