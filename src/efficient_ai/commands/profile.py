"""`efficient-ai profile`: what a model's operators cost and take, and how much memory it needs."""

from __future__ import annotations

import argparse
from typing import Any

from efficient_ai.commands.report import MODEL, add_shape, shapes
from efficient_ai.errors import EfficientAIError

TEXT = "cost of a model operator by operator, the time of its parts (estimated by cutting the file), and its memory"
MOST_PARTS = 12
RUNS = 100


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", help=MODEL)
    add_shape(parser)


def run(options: argparse.Namespace) -> None:
    """Print the table of costs, the parts' times and the memory."""
    from efficient_ai.commands.bench import variant
    from efficient_ai.report import boards

    made = variant(options.model, shapes(options.shape))
    print_cost(_counted(made))
    for line in _parts(made):
        print(line)
    plan, arena = boards.plan(made), boards.Arenas().of(made)
    if "planned_bytes" in plan:
        print(f"{plan['planned_bytes']:,} bytes planned for activations, {plan['lower_bound_bytes']:,} at the least")
    told = arena.get("install_command") or arena.get("reason")
    print(f"arena: {told}" if told else f"{arena['arena_bytes']:,} bytes of arena in TensorFlow Lite Micro")


def _counted(made: Any) -> Any:
    from efficient_ai import cost

    return cost.count_file(made.content)


def print_cost(found: Any) -> None:
    """Print a model's cost, operator by operator, with its sums."""
    for layer in found.layers:
        shape = "×".join(map(str, layer.output_shape))
        print(f"{layer.name[:36]:<36} {layer.operator:<22} {shape:>14} {layer.params:>10,} {layer.macs:>14,}")
    print(f"{found.params:,} parameters, {found.macs:,} MACs, {found.weight_bytes:,} bytes of weights")
    print(f"{found.peak_activation_bytes:,} bytes of activations at the peak (estimate)")
    if found.unknown_operators:
        print(f"not counted: {', '.join(found.unknown_operators)}: the sums are lower bounds")


def _parts(made: Any) -> list[str]:
    """The time of up to `MOST_PARTS` stretches of the file; or why there is none."""
    from efficient_ai import measure

    try:
        ends = measure.part_ends(made.content)
        step = -(-len(ends) // MOST_PARTS)
        kept = sorted({*ends[step - 1 :: step], ends[-1]})
        parts = measure.part_costs([made], ends=kept, runs=RUNS, rounds=20)[made.name]
    except (EfficientAIError, ValueError, IndexError) as error:
        return [f"the time of its parts can't be estimated: {str(error).splitlines()[0]}"]
    return [
        f"{part.time_ms.value:8.3f} ms ({part.time_ms.low:.3f} to {part.time_ms.high:.3f})  {part.macs:>13,} MACs  "
        f"{part.name[:70]}"
        for part in parts
    ]
