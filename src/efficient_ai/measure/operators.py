"""What the parts of a model take, estimated: the same file is cut behind each part, and the cuts' times subtracted.

No engine of the family tells Python what an operator took. A cut file runs the same operators with the same weights
and scales as the whole, up to where it ends, so neighbouring cuts differ in one part; what the interpreter does around
them, and what caches remember, is in the differences too.
"""

from __future__ import annotations

import dataclasses
import itertools
import struct
from collections.abc import Sequence

from efficient_ai import cost
from efficient_ai.cost.flat_file import FlatGraph, read_graph
from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, compare, difference, interval_of_median
from efficient_ai.records import LatencyStats, PartCost, Variant


def part_ends(content: bytes) -> tuple[int, ...]:
    """Find the operators behind which one tensor only is alive: where a model falls into parts.

    Args:
        content: A .tflite file.

    Returns:
        The operators' numbers, the last one included: in a residual net the ends of its blocks.
    """
    live = cost.live_tensors_of_file(content)
    last = len(live.steps) - 1
    return tuple(
        step
        for step in range(last + 1)
        if step == last or sum(t.first_step <= step < t.last_step for t in live.tensors) == 1
    )


def cut(content: bytes, after: int) -> bytes:
    """Give a .tflite file that ends behind one of its operators.

    Nothing moves in the file: its list of operators is shortened, and its output is another tensor. The weights of
    the operators that are gone stay, unused.

    Args:
        content: A .tflite file with one output.
        after: The number of the last operator to keep.

    Returns:
        The new file, as long as the old one.

    Raises:
        BadModel: If the file is none, or has several outputs.
        ValueError: If there is no such operator.
    """
    from tflite.Model import Model

    graph = read_graph("model", content)
    if not 0 <= after < len(graph.operators):
        raise ValueError(f"after must be in 0 to {len(graph.operators) - 1}, got {after}")
    if len(graph.outputs) != 1 or len(graph.operators[after].outputs) != 1:
        raise BadModel("expected a model whose operators have one output each; it can't be cut there")
    end = graph.operators[after].outputs[0]
    made = bytearray(content)
    model = Model.GetRootAs(made, 0)
    main = model.Subgraphs(0)._tab
    operators = main.Vector(main.Offset(10)) - 4  # a vector's length stands before it
    struct.pack_into("<I", made, operators, after + 1)
    struct.pack_into("<i", made, main.Vector(main.Offset(8)), end)
    for number in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(number)
        for output in range(signature.OutputsLength()):
            table = signature.Outputs(output)._tab
            if table.Offset(6):
                struct.pack_into("<I", made, table.Pos + table.Offset(6), end)
    return bytes(made)


def _part_name(graph: FlatGraph, operators: Sequence[int]) -> str:
    names = [graph.operators[i].operator for i in operators]
    counted = [(name, len(list(group))) for name, group in itertools.groupby(names)]
    words = [f"{count}× {name}" if count > 1 else name for name, count in counted]
    return " + ".join(words)


def part_costs(
    variants: Sequence[Variant],
    *,
    ends: Sequence[int] | None = None,
    engine: str = "litert",
    delegate: str | None = None,
    runs: int = 20 * FEWEST_RUNS,
    rounds: int = 10 * ROUNDS,
    seed: int = 0,
) -> dict[str, tuple[PartCost, ...]]:
    """Estimate what each part of some files takes, all cuts of all files timed in turn in one process.

    Args:
        variants: .tflite files with different names.
        ends: The operators behind which to cut, in rising order, the last one included; by default `part_ends`.
        engine: As in `compare`.
        delegate: As in `compare`.
        runs: Timed inferences of each cut.
        rounds: How often each cut has its turn: often, since small differences of medians want every cut to have
            met the same disturbances.
        seed: Of the order of the turns, and of the bootstrap.

    Returns:
        By the variant's name a row for each part; their times add up to the whole file's median. The first part's
        time includes the call itself.

    Raises:
        EfficientAIError: If the engine isn't installed, or refuses a cut.
        ValueError: If `ends` isn't rising up to the last operator, or runs or rounds don't suit `compare`.
    """
    cuts: list[Variant] = []
    places: list[tuple[int, ...]] = []
    for variant in variants:
        graph = read_graph(variant.name, variant.content)
        own = tuple(part_ends(variant.content) if ends is None else ends)
        if list(own) != sorted(set(own)) or own[-1:] != (len(graph.operators) - 1,):
            raise ValueError(f"ends must rise up to the last operator, {len(graph.operators) - 1}, got {own}")
        places.append(own)
        cuts += [dataclasses.replace(variant, content=cut(variant.content, end)) for end in own]
    rows = compare(cuts, engines=(engine,), runs=runs, rounds=rounds, delegate=delegate, seed=seed)
    for row in rows:
        if not isinstance(row, LatencyStats):
            reason = row.install_command if hasattr(row, "install_command") else row.reason
            raise EfficientAIError(f"{engine} can't time the cuts: {reason}")
    timed = iter(rows)
    return {
        variant.name: _parts(variant, own, [next(timed) for _ in own], seed)
        for variant, own in zip(variants, places, strict=True)
    }


def _parts(variant: Variant, ends: Sequence[int], times: Sequence[LatencyStats], seed: int) -> tuple[PartCost, ...]:
    graph = read_graph(variant.name, variant.content)
    counted = cost.count_file(variant.content).layers
    found = []
    for number, end in enumerate(ends):
        own = range(ends[number - 1] + 1 if number else 0, end + 1)
        spent = (
            difference(times[number], times[number - 1], seed=seed)
            if number
            else interval_of_median(times[0], seed=seed)
        )
        found.append(
            PartCost(
                variant.name,
                _part_name(graph, own),
                tuple(graph.operators[i].operator for i in own),
                sum(counted[i].macs for i in own),
                spent,
            )
        )
    return tuple(found)
