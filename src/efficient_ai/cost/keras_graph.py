"""A Keras model as a flat list of layer calls, with concrete shapes for one sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """One call of one layer, with concrete shapes; tensors are keyed by number."""

    name: str
    layer: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Graph:
    """A model's calls in the order in which Keras runs them, nested models flattened."""

    def __init__(self, model: keras.Model, shapes: Sequence[Shape]) -> None:
        from keras import KerasTensor

        self.tensors: list[Any] = []
        self.calls: list[Call] = []
        self._numbers: dict[int, int] = {}
        self._names: Counter[str] = Counter()
        sources = [KerasTensor(shape, dtype=given.dtype) for shape, given in zip(shapes, model.inputs, strict=True)]
        self.inputs = [self._number(tensor) for tensor in sources]
        results = self._run(model, sources, prefix="")
        self.outputs = [self._number(tensor) for tensor in results]

    def _number(self, tensor: Any) -> int:
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self.tensors)
            self.tensors.append(tensor)
        return self._numbers[id(tensor)]

    def _run(self, model: Any, sources: Sequence[Any], *, prefix: str) -> list[Any]:
        from keras import Sequential, tree

        graph = model._functional if isinstance(model, Sequential) else model
        values = {id(symbol): source for symbol, source in zip(graph.inputs, sources, strict=True)}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                layer = node.operation
                args, kwargs = node.arguments.fill_in(values)
                inputs = [values[id(symbol)] for symbol in node.input_tensors]
                if _is_functional(layer):
                    results = self._run(layer, inputs, prefix=f"{prefix}{layer.name}/")
                else:
                    results = tree.flatten(layer.compute_output_spec(*args, **kwargs))
                    self._record(f"{prefix}{layer.name}", layer, inputs, results)
                for symbol, result in zip(node.outputs, results, strict=True):
                    values[id(symbol)] = result
        return [values[id(symbol)] for symbol in graph.outputs]

    def _record(self, name: str, layer: Any, inputs: Sequence[Any], results: Sequence[Any]) -> None:
        self._names[name] += 1
        label = name if self._names[name] == 1 else f"{name} (call {self._names[name]})"
        reads = tuple(self._number(tensor) for tensor in inputs)
        self.calls.append(Call(label, layer, reads, tuple(self._number(tensor) for tensor in results)))


def _is_functional(layer: Any) -> bool:
    from keras import Sequential

    graph = getattr(layer, "_functional", None) if isinstance(layer, Sequential) else layer
    return hasattr(graph, "_nodes_by_depth")


def _input_shapes(model: keras.Model, input_shape: Sequence[int] | None) -> list[Shape]:
    """The concrete shapes, with a batch of 1, that the model is counted for."""
    declared = [tuple(tensor.shape) for tensor in model.inputs]
    if input_shape is None:
        shapes = [(1, *shape[1:]) for shape in declared]
        if any(size is None for shape in shapes for size in shape):
            raise BadModel(
                f"model {model.name!r} leaves its input shape {declared[0][1:]} open: "
                "pass input_shape, as in (224, 224, 3)"
            )
        return shapes
    if len(declared) != 1:
        raise BadModel(f"input_shape is for models with one input; model {model.name!r} has {len(declared)}")
    wanted = declared[0][1:]
    fits = len(input_shape) == len(wanted) and all(
        size in (None, given) for size, given in zip(wanted, input_shape, strict=True)
    )
    if not fits:
        raise BadModel(f"input_shape {tuple(input_shape)} does not fit model {model.name!r}, which expects {wanted}")
    return [(1, *input_shape)]


def read(model: keras.Model, input_shape: Sequence[int] | None) -> Graph:
    if not _is_functional(model):
        raise BadModel(
            f"expected a built functional or sequential Keras 3 model, got {type(model).__name__}: "
            "build it, or convert it and count the .tflite file with count_file"
        )
    shapes = _input_shapes(model, input_shape)
    try:
        return Graph(model, shapes)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise BadModel(f"model {model.name!r} does not take an input of shape {shapes[0][1:]}: {reason}") from error
