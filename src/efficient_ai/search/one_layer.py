"""A .tflite file with one layer in it, written without a converter: a few milliseconds instead of half a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.engines import require
from efficient_ai.search.layer_shapes import PRECISIONS, LayerShape

if TYPE_CHECKING:
    from types import ModuleType

IDENTIFIER = b"TFL3"
IN_SCALE, OUT_SCALE, ZERO_POINT = 0.02, 0.02, -128  # as a ReLU leaves them: all codes stand for zero and above
WEIGHT_SCALE = 0.01


def layer_file(shape: LayerShape, *, precision: str = "float32", copies: int = 1, seed: int = 0) -> bytes:
    """Write a file whose only operator is one layer with random weights, no bias and a ReLU folded in.

    An addition adds its input to itself; its file may be a chain of several.

    Args:
        shape: Of the layer.
        precision: "float32", or "int8" with a scale for each output channel.
        copies: How many additions stand in a row.
        seed: Of the weights.

    Returns:
        The file, as a converter would make it: batch 1, one input and one output.

    Raises:
        EngineMissing: If LiteRT, whose schema this needs, isn't installed.
        ValueError: If the precision isn't known, or several copies are asked of anything but an addition.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if copies < 1 or (copies > 1 and shape.kind != "add"):
        raise ValueError(f"copies must be 1, or above for additions, got {copies} of kind {shape.kind!r}")
    require("litert")
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    made = _Writer(schema, precision, np.random.default_rng(seed))
    last = made.activation(_input_shape(shape))
    source = last
    for _ in range(copies):
        result = made.activation(_output_shape(shape))
        made.operator(shape, last, result)
        last = result
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.model(source, last).Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def weights_of(shape: LayerShape, *, precision: str = "float32", seed: int = 0) -> np.ndarray:
    """The weights that `layer_file` writes, as real values in TensorFlow's layout of a file.

    Returns:
        (outputs, kernel, kernel, inputs) of a convolution, (1, kernel, kernel, channels) of a depthwise one,
        (outputs, inputs) of a dense layer.
    """
    stored = _draw(shape, precision, np.random.default_rng(seed))
    return stored.astype(np.float32) * np.float32(WEIGHT_SCALE) if precision == "int8" else stored


def _draw(shape: LayerShape, precision: str, random: np.random.Generator) -> np.ndarray:
    size = {
        "conv": (shape.outputs, shape.kernel, shape.kernel, shape.inputs),
        "depthwise": (1, shape.kernel, shape.kernel, shape.outputs),
        "dense": (shape.outputs, shape.inputs),
    }[shape.kind]
    if precision == "int8":
        return random.integers(-127, 128, size).astype(np.int8)
    return random.normal(0, (shape.outputs / shape.weights) ** 0.5, size).astype(np.float32)


def _input_shape(shape: LayerShape) -> tuple[int, ...]:
    return (1, shape.inputs) if shape.kind == "dense" else (1, shape.height, shape.width, shape.inputs)


def _output_shape(shape: LayerShape) -> tuple[int, ...]:
    if shape.kind == "dense":
        return (1, shape.outputs)
    divide = (lambda size: size // shape.stride) if shape.kind == "pool" else (lambda size: -(-size // shape.stride))
    return (1, divide(shape.height), divide(shape.width), shape.outputs)


class _Writer:
    """Collects what a file consists of."""

    def __init__(self, schema: ModuleType, precision: str, random: np.random.Generator) -> None:
        self._schema, self._small, self._random = schema, precision == "int8", random
        self._precision = precision
        self._buffers = [schema.BufferT()]  # buffer 0 is empty: activations have it
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[int] = []

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int, quantization: Any) -> int:
        tensor = self._schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, buffer
        tensor.name = f"tensor{len(self._tensors)}"
        tensor.quantization = quantization
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def _scales(self, scales: list[float], zero_point: int, axis: int = 0) -> Any:
        if not self._small:
            return None
        found = self._schema.QuantizationParametersT()
        found.scale, found.zeroPoint, found.quantizedDimension = scales, [zero_point] * len(scales), axis
        return found

    def activation(self, shape: tuple[int, ...]) -> int:
        kind = self._schema.TensorType.INT8 if self._small else self._schema.TensorType.FLOAT32
        return self._tensor(shape, kind, 0, self._scales([IN_SCALE], ZERO_POINT))

    def _constant(self, values: np.ndarray, quantization: Any) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        kinds = {"int8": "INT8", "int32": "INT32", "float32": "FLOAT32"}
        kind = getattr(self._schema.TensorType, kinds[values.dtype.name])
        return self._tensor(values.shape, kind, len(self._buffers) - 1, quantization)

    def _parameters(self, shape: LayerShape) -> list[int]:
        """Weights and zero biases."""
        weights = _draw(shape, self._precision, self._random)
        axis = weights.ndim - 1 if shape.kind == "depthwise" else 0
        many = [WEIGHT_SCALE] * shape.outputs
        biases = np.zeros(shape.outputs, np.int32 if self._small else np.float32)
        return [
            self._constant(weights, self._scales(many, 0, axis)),
            self._constant(biases, self._scales([IN_SCALE * WEIGHT_SCALE] * shape.outputs, 0)),
        ]

    def operator(self, shape: LayerShape, source: int, result: int) -> None:
        s = self._schema
        name, options = {
            "conv": ("CONV_2D", s.Conv2DOptionsT),
            "depthwise": ("DEPTHWISE_CONV_2D", s.DepthwiseConv2DOptionsT),
            "dense": ("FULLY_CONNECTED", s.FullyConnectedOptionsT),
            "add": ("ADD", s.AddOptionsT),
            "pool": ("AVERAGE_POOL_2D", s.Pool2DOptionsT),
        }[shape.kind]
        found = options()
        if shape.kind in ("conv", "depthwise", "pool"):
            found.strideH = found.strideW = shape.stride
            found.padding = s.Padding.VALID if shape.kind == "pool" else s.Padding.SAME
        if shape.kind == "pool":
            found.filterHeight = found.filterWidth = shape.kernel
        else:
            found.fusedActivationFunction = s.ActivationFunctionType.RELU
        if shape.kind in ("conv", "depthwise"):
            found.dilationHFactor = found.dilationWFactor = 1
        if shape.kind == "depthwise":
            found.depthMultiplier = 1
        code = getattr(s.BuiltinOperator, name)
        if code not in self._codes:
            self._codes.append(code)
        operator = s.OperatorT()
        operator.opcodeIndex = self._codes.index(code)
        rest = [source] if shape.kind == "add" else [] if shape.kind == "pool" else self._parameters(shape)
        operator.inputs, operator.outputs = [source, *rest], [result]
        operator.builtinOptionsType = getattr(s.BuiltinOptions, options.__name__.removesuffix("T"))
        operator.builtinOptions = found
        self._operators.append(operator)

    def model(self, source: int, result: int) -> Any:
        s = self._schema
        graph = s.SubGraphT()
        graph.name, graph.tensors, graph.operators = "main", self._tensors, self._operators
        graph.inputs, graph.outputs = [source], [result]
        model = s.ModelT()
        model.version, model.subgraphs, model.buffers, model.description = 3, [graph], self._buffers, "one layer"
        model.operatorCodes = []
        for code in self._codes:
            operator_code = s.OperatorCodeT()
            operator_code.builtinCode, operator_code.deprecatedBuiltinCode = code, min(code, 127)
            operator_code.version = 3 if self._small else 1
            model.operatorCodes.append(operator_code)
        return model
