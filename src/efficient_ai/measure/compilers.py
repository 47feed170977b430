"""What compilers make of a model: the operators that are left, and the seconds that it takes until the first answer."""

from __future__ import annotations

import math
import os
import re
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import Worker, available, export, missing_row
from efficient_ai.records import EngineMissingRow

if TYPE_CHECKING:
    import keras

# What an operator does, by its name in Keras, in TensorFlow's graphs, in XLA's HLO and in .tflite files. Whatever
# stands in none of these lists is counted as "other".
_KINDS = {
    "convolution": "Conv2D DepthwiseConv2D DepthwiseConv2dNative _FusedConv2D _FusedDepthwiseConv2dNative convolution "
    "CONV_2D DEPTHWISE_CONV_2D",
    "product": "Dense MatMul _FusedMatMul dot dot_fusion FULLY_CONNECTED",
    "normalization": "BatchNormalization FusedBatchNormV3 Rsqrt rsqrt rsqrt_fusion",
    "element by element": "ReLU Activation Relu Add AddV2 AddN Sub Mul BiasAdd add subtract multiply divide maximum "
    "convert fusion ADD",
    "shape": "Flatten Reshape Squeeze reshape broadcast transpose pad RESHAPE",
}
KINDS = (*_KINDS, "other")
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
# What stands in a graph without computing anything.
_SILENT = (
    "_Arg _Retval Const NoOp Identity ReadVariableOp Placeholder parameter constant bitcast tuple "
    "get-tuple-element Dropout InputLayer"
)


@dataclass(frozen=True)
class Operators:
    """The operators of one form of a model, by their names there, and how many only bring constants or values."""

    form: str
    counts: Mapping[str, int]
    silent: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def kinds(self) -> dict[str, int]:
        """The same by what they do: `KINDS`."""
        found = Counter()
        for name, count in self.counts.items():
            found[_KIND_OF.get(name, "other")] += count
        return {kind: found[kind] for kind in KINDS}


def _operators(form: str, names: Iterator[str] | list[str]) -> Operators:
    found = Counter(names)
    loud = {name: count for name, count in sorted(found.items()) if name not in _SILENT.split()}
    return Operators(form, loud, found.total() - sum(loud.values()))


def compiled_operators(model: keras.Model) -> tuple[Operators, ...]:
    """Read the operators of a model as Keras has it, as a graph, as XLA's program and as a .tflite file.

    Args:
        model: Functional, one input and one output; stays as it is.

    Returns:
        Six forms: "layers"; "graph, traced" and "graph, optimised", TensorFlow's own before and after Grappler;
        "XLA, traced" and "XLA, fused", the instructions of the main computation, each of the latter a kernel that is
        called; "LiteRT", the operators of the file.
    """
    from efficient_ai.compress import Float32, convert
    from efficient_ai.cost.flat_file import read_graph
    from efficient_ai.cost.keras_graph import read

    layers = [type(call.layer).__name__ for call in read(model, None).calls]
    traced, optimised = _graphs(model)
    file = read_graph(model.name, convert(model, Float32()).content)
    return (
        _operators("layers", layers),
        _operators("graph, traced", [node.op for node in traced.node]),
        _operators("graph, optimised", [node.op for node in optimised.node]),
        _operators("XLA, traced", instructions(xla_program(model, "hlo"))),
        _operators("XLA, fused", instructions(xla_program(model, "optimized_hlo"))),
        _operators("LiteRT", [operator.operator for operator in file.operators]),
    )


def xla_program(call: Callable[[Any], Any], stage: str = "optimized_hlo", *, shape: tuple[int, ...] = ()) -> str:
    """The text of what XLA makes of a model or of any other function of one tensor.

    Args:
        call: A Keras model, or a function that takes a float32 tensor of `shape`.
        stage: "hlo" before XLA's optimiser, "optimized_hlo" after it.
        shape: With the batch; a model's own where it is left out.
    """
    import tensorflow as tf

    value = tf.zeros(shape) if shape else _zeros(call)
    function = tf.function(call, jit_compile=True) if shape else _traced(call, jit_compile=True)
    compiler = function.experimental_get_compiler_ir(value)
    with warnings.catch_warnings():  # without the old argument TensorFlow draws a random number to learn the device
        warnings.simplefilter("ignore", UserWarning)
        return compiler(stage=stage, device_name=value.device)


def instructions(program: str) -> list[str]:
    """The instructions of an HLO program's main computation, by name.

    Args:
        program: The text of an HLO module.

    Returns:
        Names such as "convolution" and "fusion"; one that is named for what it has besides arithmetic on elements is a
        "dot_fusion", a "reduce-window_fusion", or a "rsqrt_fusion": the reciprocal root that a normalization needs.
    """
    body = program.partition("\nENTRY ")[2].partition("\n}")[0]
    found = []
    for line in body.splitlines()[1:]:
        match = re.match(r"\s*(?:ROOT )?%?(\S+) = .*?\s([a-z][a-z\-]*)\(", line)
        if match:
            name, operation = match.groups()
            inner = next((part for part in ("rsqrt", "dot", "reduce-window") if part in name), "")
            found.append(f"{inner}_fusion" if operation == "fusion" and inner else operation)
    return found


def _zeros(model: keras.Model) -> Any:
    import tensorflow as tf

    return tf.zeros((1, *model.input_shape[1:]), model.inputs[0].dtype)


def _traced(model: keras.Model, **options: Any) -> Any:
    """A function of its own for a model, so that it is traced and compiled anew."""
    import tensorflow as tf

    spec = tf.TensorSpec((1, *model.input_shape[1:]), model.inputs[0].dtype)
    return tf.function(lambda value: model(value, training=False), input_signature=[spec], **options)


def _graphs(model: keras.Model) -> tuple[Any, Any]:
    """A function's graph before and after TensorFlow's optimiser, from the runtime's own account of a call."""
    from tensorflow.python.eager import context

    function, value = _traced(model).get_concrete_function(), _zeros(model)
    context.enable_graph_collection()
    try:
        function(value)
        told = context.export_run_metadata()
    finally:
        context.disable_graph_collection()
    (graphs,) = told.function_graphs
    return graphs.pre_optimization_graph, graphs.post_optimization_graph


@contextmanager
def _here(model: keras.Model, way: str) -> Iterator[Callable[[], object]]:
    """A call that leads to TensorFlow's first answer."""
    options = {"jit_compile": True} if way == "XLA" else {}
    function = (lambda value: model(value, training=False)) if way == "eager" else _traced(model, **options)
    value = _zeros(model)
    yield lambda: function(value).numpy()


@contextmanager
def _elsewhere(model: keras.Model, form: str, engine: str) -> Iterator[Callable[[], object]]:
    """A call that leads to an engine's first answer, its process running."""
    with Worker(engine) as worker:

        def first() -> object:
            worker.load(export(model, form).content)
            return worker.predict(np.zeros((1, *model.input_shape[1:]), np.float32))

        yield first


ENGINES = {"LiteRT": ("tflite", "litert"), "IREE": ("vmfb", "iree"), "TVM": ("so", "tvm")}
RUNGS = ("eager", "graph", "XLA", *ENGINES)


def first_answers(
    model: keras.Model, *, rungs: tuple[str, ...] = RUNGS, laps: int = 3
) -> dict[str, tuple[float, ...] | EngineMissingRow]:
    """Time how long it takes from a Keras model to its first answer: tracing, compiling or converting, and one run.

    The process that runs an engine is started before; what an export has kept on disk isn't used.

    Args:
        model: Functional, one input and one output.
        rungs: Of `RUNGS`.
        laps: How often, each time from the beginning; IREE and TVM, which take seconds, once.

    Returns:
        Seconds, lap by lap; a row for a compiler that isn't installed.

    Raises:
        ValueError: If a rung isn't known, or there is no lap.
    """
    if laps < 1 or set(rungs) - set(RUNGS):
        raise ValueError(f"laps must be at least 1 and rungs of {', '.join(RUNGS)}, got {laps} and {', '.join(rungs)}")
    found: dict[str, Any] = dict.fromkeys(rungs, ())
    _seconds(_here(model, "eager"))  # what TensorFlow does once in a process isn't the model's
    for lap in range(laps):
        for rung in rungs:
            form, engine = ENGINES.get(rung, ("", ""))
            if engine and available()[engine] is None:
                found[rung] = missing_row(engine)
            elif lap == 0 or rung not in ("IREE", "TVM"):
                found[rung] += (_seconds(_elsewhere(model, form, engine) if engine else _here(model, rung)),)
    return found


def _seconds(start: AbstractContextManager[Callable[[], object]]) -> float:
    with start as first, _empty_cache():
        begin = time.perf_counter()
        first()
        return time.perf_counter() - begin


@contextmanager
def _empty_cache() -> Iterator[None]:
    """A cache folder with nothing in it; exports that are made meanwhile go to the real one in the end."""
    before, kept = os.environ.get("EFFICIENT_AI_CACHE"), cache.root() / "exports"
    with tempfile.TemporaryDirectory(prefix="efficient-ai-first-") as folder:
        os.environ["EFFICIENT_AI_CACHE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["EFFICIENT_AI_CACHE"]
            else:
                os.environ["EFFICIENT_AI_CACHE"] = before
            for made in Path(folder, "exports").glob("*"):
                cache.write_whole(kept / made.name, made.read_bytes())


def pays_after(compiling_s: float, instead_s: float, each_ms: float, instead_ms: float) -> float:
    """After how many inferences a compiler has paid off.

    Args:
        compiling_s: Seconds until its first answer.
        instead_s: Seconds until the first answer without it.
        each_ms: Milliseconds of an inference with it.
        instead_ms: Milliseconds of one without it.

    Returns:
        The number at which both have taken equally long; 0 where it is ahead from the first, infinite where it never
        gets there.
    """
    ahead = compiling_s - instead_s
    if each_ms >= instead_ms:
        return math.inf if ahead > 0 or each_ms > instead_ms else 0.0
    return max(0.0, 1_000 * ahead / (instead_ms - each_ms))
