"""`efficient-ai bench`: the latency of models, measured in turn."""

from __future__ import annotations

import argparse
from typing import Any

from efficient_ai.commands.report import add_shape, shapes
from efficient_ai.errors import EfficientAIError

TEXT = "latency of models, measured in turn; what is no .tflite file is converted in float32"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a .tflite, .keras or .h5 file, or a SavedModel folder"
    )
    parser.add_argument("--engine", action="append", help="litert, tf.lite or tflite-runtime; may be repeated")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=100, help="inferences of each, at least 50")
    add_shape(parser)


def run(options: argparse.Namespace) -> None:
    """Print a line for each model on each engine."""
    from efficient_ai import measure
    from efficient_ai.records import EngineMissingRow, FailedRow, RefusedRow

    variants = [variant(file, shapes(options.shape)) for file in options.files]
    engines = tuple(options.engine or ("litert",))
    rows = measure.compare(variants, engines=engines, threads=options.threads, runs=options.runs)
    unfit = [row for row in rows if isinstance(row, RefusedRow | FailedRow)]
    if unfit and len(unfit) == len(rows):
        raise EfficientAIError(f"{unfit[0].variant}: {unfit[0].reason}")
    for row in rows:
        if isinstance(row, EngineMissingRow):
            print(f"{row.engine}: not installed; {row.install_command}")
            continue
        if isinstance(row, RefusedRow | FailedRow):
            word = "refused" if isinstance(row, RefusedRow) else "failed"
            print(f"{row.variant:<30} {row.engine:<15} {word}: {row.reason}")
            continue
        print(
            f"{row.variant:<30} {row.engine:<15} p50 {row.p50_ms:8.3f} ms  p90 {row.p90_ms:8.3f} ms  "
            f"p99 {row.p99_ms:8.3f} ms  ({row.runs} runs, {row.threads} threads, {row.delegate}, {row.cpu})"
        )


def variant(file: str, given: dict[str, list[int]]) -> Any:
    """A model as a .tflite file's content: as it is, or converted in float32 in the sandbox."""
    from pathlib import Path

    from efficient_ai.records import Variant
    from efficient_ai.report import model_cost
    from efficient_ai.report.sandbox import Sandbox
    from efficient_ai.report.source import find

    if file.endswith(".tflite"):
        return Variant(Path(file).stem, "", Path(file).read_bytes(), technique=Path(file).name)
    source = find(file)
    with Sandbox() as box:
        inside = source.enter(box)
        seen = model_cost.looked(box, source, inside, given)
        box.call(
            "efficient_ai.report.steps:make", inside, source.kind, seen["inputs"], "made.tflite", precision="float32"
        )
        return Variant(source.stem, "float32", box.content("made.tflite"), technique=source.name)
