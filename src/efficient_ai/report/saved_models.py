"""A SavedModel's graphs, read as the records that they are: nothing in them runs before every operator is known.

A SavedModel is a program: its operators may read and write files, or call Python.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from efficient_ai.errors import BadModel

MOST_BYTES = 4 * 2**30
GRAPH_BYTES = 512 * 2**20
MOST_FILES = 10_000
FILE = "saved_model.pb"
SIGNATURE = "serving_default"
# Operators that reach beyond the tensors: files, Python, other machines, a debugger.
_HOSTILE = r"""
ReadFile|WriteFile|MatchingFiles|.*PyFunc.*|PrintV?2?|.*Reader(V2)?|.*Dataset.*|.*Iterator.*|.*Summary.*|ImmutableConst
InitializeTableFromTextFile.*|GenerateVocabRemapping|LoadAndRemapMatrix|Save|SaveSlices|Restore|RestoreSlice|Debug.*
RemoteCall|_?Send|_?Recv|_Host(Send|Recv)|Collective.*|Rpc.*|TryRpc|.*TPU.*|.*Distributed.*|FileSystem.*|.*BigQuery.*
.*Checkpoint.*Delete.*|DeleteFile|CopyFile|RenameFile|.*Snapshot.*|WorkerHeartbeat|Xla.*Host.*|.*Lmdb.*|LMDB.*
"""
HOSTILE = re.compile("|".join(f"(?:{line})" for line in _HOSTILE.split()))
# What TensorFlow writes into every SavedModel, to save and restore its variables: not what a signature may use.
SAVER = frozenset(("SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"))
PLUMBING = frozenset(("Const", "Identity", "IdentityN", "NoOp", "Placeholder", "ReadVariableOp", "VarHandleOp"))


def check(path: Path) -> Any:
    """Read a SavedModel's graph and check every operator in it.

    Args:
        path: The folder.

    Returns:
        The graph to serve with, as TensorFlow's MetaGraphDef.

    Raises:
        BadModel: If it is none, is damaged or too large, leads elsewhere, or has operators that reach beyond tensors.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    _check_files(path)
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((path / FILE).read_bytes())
    except (DecodeError, RuntimeError) as error:
        raise BadModel(f"its {FILE} is damaged ({error}): copy it again or export it again") from error
    graphs = [graph for graph in model.meta_graphs if "serve" in graph.meta_info_def.tags]
    if len(graphs) != 1:
        raise BadModel(f"it has {len(graphs)} graphs to serve with, not 1: export it again, with model.export(FOLDER)")
    for graph in model.meta_graphs:
        found = {op for op in _operators(graph) if HOSTILE.fullmatch(op)}
        found |= SAVER & set(_reachable(graph))
        if found:
            raise BadModel(
                f"it has operators that reach beyond its tensors ({', '.join(sorted(found))}): it was not loaded; "
                "export the model without them, or convert it to .tflite where you trust it"
            )
    return graphs[0]


def describe(graph: Any) -> dict[str, Any]:
    """Inputs, outputs and operators of the graph's signature.

    Raises:
        BadModel: If it has no signature to call it with.
    """
    named = {key: value for key, value in graph.signature_def.items() if value.inputs and value.outputs}
    if not named:
        raise BadModel("it has no signature to call it with: export it again, with model.export(FOLDER)")
    chosen = SIGNATURE if SIGNATURE in named else sorted(named)[0]
    operators = Counter(op for op in _reachable(graph, chosen) if op not in PLUMBING and "PartitionedCall" not in op)
    return {
        "signature": chosen,
        "inputs": [_tensor(*each) for each in sorted(named[chosen].inputs.items())],
        "outputs": [_tensor(*each) for each in sorted(named[chosen].outputs.items())],
        "operators": dict(operators.most_common()),
        "layers": sum(operators.values()),
    }


def _tensor(name: str, info: Any) -> dict[str, Any]:
    import tensorflow as tf

    shape = None if info.tensor_shape.unknown_rank else [None if d.size < 0 else d.size for d in info.tensor_shape.dim]
    return {"name": name, "shape": shape, "dtype": tf.dtypes.as_dtype(info.dtype).name}


def _check_files(path: Path) -> None:
    if not (path / FILE).is_file():
        raise BadModel(f"it is no SavedModel: there is no {FILE} in it; export the model with model.export(FOLDER)")
    total = 0
    for number, file in enumerate(path.rglob("*")):
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise BadModel(f"its {file.name!r} is a link or no plain file: copy the folder with cp -rL first")
        total += file.stat().st_size if file.is_file() else 0
        if number > MOST_FILES or total > MOST_BYTES:
            raise BadModel(f"it holds more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes: it was not opened")
    if (path / FILE).stat().st_size > GRAPH_BYTES:
        raise BadModel(f"its {FILE} is larger than {GRAPH_BYTES:,} bytes: it was not opened")


def _operators(graph: Any) -> Iterator[str]:
    yield from (node.op for node in graph.graph_def.node)
    for function in graph.graph_def.library.function:
        yield from (node.op for node in function.node_def)


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    """Names of the functions that nodes call, by themselves or through an attribute."""
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            yield value.func.name
            yield from (function.name for function in value.list.func)


def _reachable(graph: Any, signature: str | None = None) -> Iterator[str]:
    """Operators that can run when a signature is called, or any function that TensorFlow makes callable.

    Args:
        graph: A MetaGraphDef.
        signature: The one to look at; all of them, and all functions that can be called, when left out.
    """
    nodes = {node.name: node for node in graph.graph_def.node}
    signatures = graph.signature_def.values() if signature is None else [graph.signature_def[signature]]
    left = [info.name for each in signatures for info in each.outputs.values()]
    main: dict[str, Any] = {}
    while left:
        name = left.pop().lstrip("^").split(":")[0]
        if name in nodes and name not in main:
            main[name] = nodes[name]
            left += nodes[name].input
    functions = {function.signature.name: function.node_def for function in graph.graph_def.library.function}
    called = list(_called(main.values()))
    if signature is None:
        called += graph.object_graph_def.concrete_functions
    seen: set[str] = set()
    while called:
        name = called.pop()
        if name in functions and name not in seen:
            seen.add(name)
            called += _called(functions[name])
    yield from (node.op for node in main.values())
    for name in sorted(seen):
        yield from (node.op for node in functions[name])
