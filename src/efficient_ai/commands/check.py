"""`efficient-ai check`: a model against a product's budget."""

from __future__ import annotations

import argparse
from pathlib import Path

TEXT = "hold a model against a product's budget; exit code 1 when a limit is exceeded"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", help="a .tflite file, or a .keras file, which is converted in float32")
    parser.add_argument("--budget", required=True, help="a .toml file, or automotive, mobile or smart_home")
    parser.add_argument(
        "--given", action="append", default=[], metavar="KEY=VALUE", help="measured elsewhere, as in accuracy=0.9"
    )
    parser.add_argument("--runs", type=int, default=100, help="inferences timed, at least 50")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there as well")


def run(options: argparse.Namespace) -> int:
    """Print a line for each limit.

    Returns:
        0, or 1 where a limit is exceeded. What wasn't evaluated exceeds nothing, and is counted in the last line.
    """
    from efficient_ai import cache, decide

    named = options.budget in decide.products()
    budget = decide.product(options.budget) if named else decide.read(options.budget)
    given = dict(decide.parse_given(text) for text in options.given)
    figures = decide.figures_of(decide.load(options.model), budget, given=given, runs=options.runs)
    verdicts = decide.check(budget, figures)
    print(f"{Path(options.model).name} against {budget.name} on {budget.device.name}")
    print("\n".join(decide.verdict_lines(verdicts)))
    missed = sum(verdict.outcome == "missed" for verdict in verdicts)
    met = sum(verdict.outcome == "met" for verdict in verdicts)
    print(f"{met} met, {missed} missed, {len(verdicts) - met - missed} not evaluated")
    if options.json:
        cache.write_whole(options.json, decide.as_json(options.model, budget, verdicts).encode())
    return 1 if missed else 0
