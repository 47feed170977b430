"""`efficient-ai mlperf-tiny`: the benchmark's reference nets under its run rules."""

from __future__ import annotations

import argparse

TEXT = "MLPerf Tiny's reference nets under its run rules, unofficially"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--task", action="append", help="kws, ic, vww or ad; may be repeated; all when left out")
    parser.add_argument("--engine", default="litert", help="one that runs .tflite files")
    parser.add_argument("--window", type=float, default=10.0, metavar="S", help="seconds; below 10 it isn't valid")
    parser.add_argument("--examples", type=int, default=1000, help="test examples that judge the quality; 0 for none")
    parser.add_argument("--json", action="store_true", help="one JSON object a task, instead of the rules' lines")


def run(options: argparse.Namespace) -> None:
    """Print a report for each task."""
    from efficient_ai.measure import mlperf_tiny, tiny_runner

    for key in [mlperf_tiny.tiny_task(key).key for key in options.task or mlperf_tiny.TASKS]:
        found = tiny_runner.run_tiny(key, engine=options.engine, window_s=options.window, examples=options.examples)
        print(mlperf_tiny.to_json(found) if options.json else mlperf_tiny.report(found), flush=True)
