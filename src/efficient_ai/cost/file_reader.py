"""Reads what a .tflite file costs, operator by operator, as the file is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from efficient_ai.cost import formulas
from efficient_ai.cost.flat_file import FlatGraph, FlatOperator, FlatTensor, read_bytes, read_graph
from efficient_ai.cost.liveness import Liveness, Step, lifetimes
from efficient_ai.errors import BadModel
from efficient_ai.records import LayerCost, ModelCost

# Operators that multiply no activation with a weight: they add, compare, scale, convert or move.
_FREE = """
AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D MEAN SUM REDUCE_MAX REDUCE_MIN ADD ADD_N SUB MUL DIV MAXIMUM MINIMUM RELU
RELU6 RELU_N1_TO_1 RELU_0_TO_1 LEAKY_RELU PRELU ELU GELU HARD_SWISH LOGISTIC TANH SOFTMAX LOG_SOFTMAX RESHAPE
SQUEEZE EXPAND_DIMS TRANSPOSE PAD PADV2 MIRROR_PAD SLICE STRIDED_SLICE SPLIT SPLIT_V PACK UNPACK TILE CONCATENATION
GATHER GATHER_ND EMBEDDING_LOOKUP SHAPE CAST BROADCAST_TO BROADCAST_ARGS FILL ARG_MAX ARG_MIN TOPK_V2 ONE_HOT
QUANTIZE DEQUANTIZE DENSIFY ABS NEG SIGN SQRT RSQRT SQUARE SQUARED_DIFFERENCE EXP LOG POW FLOOR CEIL ROUND SELECT
SELECT_V2 EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL LOGICAL_AND LOGICAL_OR LOGICAL_NOT RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR SPACE_TO_DEPTH DEPTH_TO_SPACE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND L2_NORMALIZATION
REVERSE_V2 READ_VARIABLE ASSIGN_VARIABLE VAR_HANDLE
"""
FREE = frozenset(_FREE.split())
# Operators that only unpack a stored weight: float16 or int8 to float32, sparse to dense.
UNPACKING = frozenset(("DEQUANTIZE", "DENSIFY"))
# Which inputs are parameters. What is not named here (a shape, an axis, a padding) only steers an operator.
PARAMETERS = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "FULLY_CONNECTED": (1, 2),
    "TRANSPOSE_CONV": (1, 3),
    "ADD": (0, 1),
    "SUB": (0, 1),
    "MUL": (0, 1),
    "DIV": (0, 1),
    "PRELU": (1,),
    "GATHER": (0,),
    "EMBEDDING_LOOKUP": (1,),
}

Tensors = Sequence[FlatTensor]


def _conv(inputs: Tensors, output: FlatTensor) -> int:
    batch, height, width, channels = output.shape
    _, kernel_height, kernel_width, group_channels = inputs[1].shape
    return batch * formulas.conv2d_macs(
        output_height=height,
        output_width=width,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        input_channels=group_channels,  # the file stores a kernel for its own group only
        output_channels=channels,
    )


def _depthwise(inputs: Tensors, output: FlatTensor) -> int:
    batch, height, width, channels = output.shape
    _, kernel_height, kernel_width, _ = inputs[1].shape
    return batch * formulas.depthwise_macs(
        output_height=height,
        output_width=width,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        channels=channels,
    )


def _dense(inputs: Tensors, output: FlatTensor) -> int:
    units, width = inputs[1].shape
    return formulas.dense_macs(inputs=width, outputs=units, rows=output.elements // max(units, 1))


def _conv_transpose(inputs: Tensors, output: FlatTensor) -> int:
    batch, height, width, channels = inputs[2].shape
    filters, kernel_height, kernel_width, _ = inputs[1].shape
    return batch * formulas.conv2d_transpose_macs(
        input_height=height,
        input_width=width,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        input_channels=channels,
        output_channels=filters,
    )


MACS: dict[str, Callable[[Tensors, FlatTensor], int]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _conv_transpose,
}


def _stored_form(graph: FlatGraph) -> dict[int, FlatTensor]:
    """Each constant, and each tensor that only unpacks one, with the constant that the file stores for it."""
    stored = {number: tensor for number, tensor in enumerate(graph.tensors) if tensor.constant}
    for operator in graph.operators:
        source = operator.inputs[0] if operator.inputs else None
        if operator.operator in UNPACKING and source in stored:
            stored.update(dict.fromkeys(operator.outputs, stored[source]))
    return stored


def _macs(name: str, graph: FlatGraph, operator: FlatOperator) -> int:
    if operator.operator not in MACS:
        return 0
    try:
        inputs = [None if number is None else graph.tensors[number] for number in operator.inputs]
        return MACS[operator.operator](inputs, graph.tensors[operator.outputs[0]])
    except (ValueError, IndexError, AttributeError) as error:
        raise BadModel(f"{name} is damaged: its {operator.operator} has tensors of the wrong rank or number") from error


def _liveness(graph: FlatGraph, stored: dict[int, FlatTensor]) -> Liveness:
    steps = []
    for number, operator in enumerate(graph.operators):
        reads = tuple(tensor for tensor in operator.inputs if tensor is not None)
        steps.append(Step(f"{number} {operator.operator}", reads, operator.outputs))
    return lifetimes(
        steps,
        {number: tensor.size_bytes for number, tensor in enumerate(graph.tensors) if number not in stored},
        names={number: tensor.name for number, tensor in enumerate(graph.tensors)},
        inputs=graph.inputs,
        outputs=graph.outputs,
    )


def live_tensors_of_file(source: str | Path | bytes) -> Liveness:
    """Find from when to when each activation of a .tflite file lives; argument and errors as in `count_file`."""
    graph = read_graph(*read_bytes(source))
    return _liveness(graph, _stored_form(graph))


def count_file(source: str | Path | bytes) -> ModelCost:
    """Count parameters, MACs and bytes of a .tflite file, operator by operator.

    Weight bytes are what the file holds for a constant: its buffer, and its scales (4 bytes each) and zero points
    (8 bytes each) where it is quantized. A constant that several operators share counts once. A weight that is
    unpacked first (float16, sparse) counts where it is used. The file's own batch counts:
    convert with 1. Scratch memory of the kernels is no tensor of the file, and not in `peak_activation_bytes`.

    Args:
        source: Path of the file, or its content.

    Returns:
        One row an operator of the main graph, in the order in which they run. An operator that the counter doesn't
        know (control flow and custom ones included) has no MACs, and is named in `unknown_operators`.

    Raises:
        BadModel: If this is no .tflite file, or a damaged or truncated one.
    """
    name, content = read_bytes(source)
    graph = read_graph(name, content)
    stored = _stored_form(graph)
    seen: set[int] = set()
    rows, unknown = [], []
    for number, operator in enumerate(graph.operators):
        known = operator.operator in MACS or operator.operator in FREE
        if not known:
            unknown.append(operator.operator)
        reads = [tensor for tensor in operator.inputs if tensor is not None]
        own: dict[int, int] = {}  # the constants that are first used here, with the elements that they stand for
        for position, tensor in enumerate(operator.inputs):
            unpacked = operator.operator in UNPACKING
            if tensor is None or tensor not in stored or unpacked or stored[tensor].buffer in seen:
                continue
            constant = stored[tensor]
            seen.add(constant.buffer)
            is_parameter = position in PARAMETERS.get(operator.operator, () if known else range(len(operator.inputs)))
            own[tensor] = constant.elements if is_parameter else 0
        outputs = [graph.tensors[tensor] for tensor in operator.outputs]
        rows.append(
            LayerCost(
                name=outputs[0].name if outputs else f"{operator.operator} {number}",
                operator=operator.operator,
                output_shape=outputs[0].shape if outputs else (),
                params=sum(own.values()),
                macs=_macs(name, graph, operator),
                weight_bytes=sum(stored[tensor].stored_bytes for tensor in own),
                input_bytes=sum(graph.tensors[t].size_bytes for t in dict.fromkeys(reads) if t not in stored),
                output_bytes=sum(tensor.size_bytes for tensor in outputs),
            )
        )
    peak = _liveness(graph, stored).peak_bytes
    return ModelCost(name, tuple(rows), peak, tuple(dict.fromkeys(unknown)))
