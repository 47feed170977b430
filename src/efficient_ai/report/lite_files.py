"""A .tflite file's graphs, checked before an interpreter sees them.

The interpreters are written to run files that a converter made. They take it that every number in a file leads to
something, that a graph calls no graph that calls it, and that tensors have sizes that can be meant.
"""

from __future__ import annotations

import importlib
import math
from collections import Counter
from pathlib import Path
from typing import Any

from efficient_ai.cost.flat_file import BITS, DAMAGE, FlatTensor, read_graph
from efficient_ai.errors import BadModel

MOST_BYTES = 2 * 2**30  # of one graph's tensors that the file doesn't hold
MOST_DIMENSIONS = 8
# Operators that call other graphs of the file, with the fields of their options that say which.
CALLS = {
    "IfOptions": ("ThenSubgraphIndex", "ElseSubgraphIndex"),
    "WhileOptions": ("CondSubgraphIndex", "BodySubgraphIndex"),
    "CallOnceOptions": ("InitSubgraphIndex",),
    "CallOptions": ("Subgraph",),
}


def check(path: Path) -> dict[str, Any]:
    """Read all graphs of a .tflite file and check what they point at.

    Args:
        path: The file.

    Returns:
        Inputs, outputs, operators and custom operators of the main graph.

    Raises:
        BadModel: If it is no .tflite file, is damaged, calls itself, or has tensors of more than any device holds.
    """
    content = path.read_bytes()
    graph = read_graph("it", content)
    try:
        _Graphs(content).check()
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadModel(f"it is damaged ({reason}): copy or convert it again") from error
    operators = Counter(each.operator for each in graph.operators)
    return {
        "inputs": [_described(graph.tensors[number]) for number in graph.inputs],
        "outputs": [_described(graph.tensors[number]) for number in graph.outputs],
        "operators": dict(operators.most_common()),
        "layers": len(graph.operators),
        "custom": sorted(name for name in operators if name.startswith(("CUSTOM", "BUILTIN"))),
    }


def _described(tensor: FlatTensor) -> dict[str, Any]:
    return {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype.lower()}


class _Graphs:
    def __init__(self, content: bytes) -> None:
        from tflite.Model import Model
        from tflite.TensorType import TensorType

        self.model = Model.GetRootAs(content, 0)
        self.types = {value: name for name, value in vars(TensorType).items() if isinstance(value, int)}
        self.count = self.model.SubgraphsLength()

    def check(self) -> None:
        if not 1 <= self.count <= 1000:
            raise ValueError(f"{self.count} graphs")
        called = [self._graph(number) for number in range(self.count)]
        self._no_circle(called)

    def _numbers(self, table: Any, field: str, limit: int, lowest: int = 0) -> list[int]:
        """A vector of numbers, each of which leads to something."""
        numbers = getattr(table, f"{field}AsNumpy")().tolist() if getattr(table, f"{field}Length")() else []
        if any(not lowest <= number < limit for number in numbers):
            raise IndexError(f"{field.lower()} {numbers[:8]} of {limit}")
        return numbers

    def _graph(self, number: int) -> set[int]:
        """Check one graph; the graphs that it calls."""
        graph = self.model.Subgraphs(number)
        tensors, operators = graph.TensorsLength(), graph.OperatorsLength()
        known = self._tensors(graph, tensors)
        given = self._numbers(graph, "Inputs", tensors)
        known.update(given)
        wanted = self._numbers(graph, "Outputs", tensors)
        called: set[int] = set()
        for place in range(operators):
            operator = graph.Operators(place)
            if not 0 <= operator.OpcodeIndex() < self.model.OperatorCodesLength():
                raise IndexError(f"there is no operator code {operator.OpcodeIndex()}")
            reads = self._numbers(operator, "Inputs", tensors, -1)
            missing = [each for each in reads if each >= 0 and each not in known]
            if missing:
                raise ValueError(f"operator {place} reads tensor {missing[0]}, which nothing before it writes")
            known.update(self._numbers(operator, "Outputs", tensors, -1))
            known.update(each for each in self._numbers(operator, "Intermediates", tensors, -1) if each >= 0)
            called |= self._called(operator)
        unwritten = [each for each in wanted if each not in known]
        if unwritten:
            raise ValueError(f"nothing writes output {unwritten[0]}")
        return called

    def _tensors(self, graph: Any, count: int) -> set[int]:
        """Check the tensors; those that hold something before the graph runs."""
        known, total = set(), 0
        for number in range(count):
            tensor = graph.Tensors(number)
            shape = tensor.ShapeAsNumpy().tolist() if tensor.ShapeLength() else []
            signature = tensor.ShapeSignatureAsNumpy().tolist() if tensor.ShapeSignatureLength() else []
            if len(shape) > MOST_DIMENSIONS or any(size < 0 for size in shape) or any(size < -1 for size in signature):
                raise ValueError(f"a tensor of shape {shape[:10]}")
            if not 0 <= tensor.Buffer() < self.model.BuffersLength():
                raise IndexError(f"there is no buffer {tensor.Buffer()}")
            buffer = self.model.Buffers(tensor.Buffer())
            stored = buffer.Size() if buffer.Offset() > 1 else buffer.DataLength()
            if stored or tensor.IsVariable():
                known.add(number)
            if not stored:
                total += math.prod(shape) * BITS[self.types[tensor.Type()]] // 8
            self._quantization(tensor, shape)
        if total > MOST_BYTES:
            raise BadModel(f"its tensors take {total:,} bytes, more than the {MOST_BYTES:,} allowed: it was not run")
        return known

    def _quantization(self, tensor: Any, shape: list[int]) -> None:
        table = tensor.Quantization()
        if table is None:
            return
        scales, points, axis = table.ScaleLength(), table.ZeroPointLength(), table.QuantizedDimension()
        if scales > 1:
            if not 0 <= axis < len(shape) or (scales != shape[axis] and table.DetailsType() == 0):
                raise ValueError(f"{scales} scales along dimension {axis} of a tensor of shape {shape}")
            if points not in (0, 1, scales):
                raise ValueError(f"{points} zero points with {scales} scales")

    def _called(self, operator: Any) -> set[int]:
        from tflite.BuiltinOptions import BuiltinOptions

        union = operator.BuiltinOptions()
        names = {value: name for name, value in vars(BuiltinOptions).items() if isinstance(value, int)}
        kind = names.get(operator.BuiltinOptionsType(), "")
        if union is None or kind not in CALLS:
            return set()
        options = getattr(importlib.import_module(f"tflite.{kind}"), kind)()
        options.Init(union.Bytes, union.Pos)
        called = {getattr(options, field)() for field in CALLS[kind]}
        if any(not 0 <= each < self.count for each in called):
            raise IndexError(f"it calls graphs {sorted(called)} of {self.count}")
        return called

    def _no_circle(self, called: list[set[int]]) -> None:
        """No graph calls itself, nor one that does: take away those that call none that is left, until none is."""
        left = set(range(self.count))
        while free := {number for number in left if not called[number] & left}:
            left -= free
        if left:
            raise ValueError(f"graphs {sorted(left)} call each other in a circle")
