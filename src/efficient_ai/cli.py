"""The command line: `efficient-ai COMMAND`. A user's mistake gives one line and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from efficient_ai import __version__
from efficient_ai.commands import bench, check, findings, mlperf_tiny, profile, prune, quantize, report, search
from efficient_ai.errors import EfficientAIError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As typed; those of the process when left out.

    Returns:
        0, or 1 where a check found something, or 2 where the user has to do something first.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return options.run(options) or 0
    except (EfficientAIError, ValueError, OSError) as error:
        if os.environ.get("EFFICIENT_AI_DEBUG"):
            raise
        line, _, below = str(error).strip().partition("\n")
        print(f"efficient-ai: {line}", file=sys.stderr)
        if isinstance(error, EfficientAIError) and below:  # the traceback of a page's cell
            print(below, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("efficient-ai: stopped; what was finished is kept, run again to go on", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="efficient-ai", description="Make models fit, and measure what it costs.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    command("models", _models, "list the trained models that ship, with their cards")
    own = command("cost", _cost, "parameters, multiply-accumulates and bytes of a model, operator by operator")
    own.add_argument("model", help="a name of the zoo, a .keras file or a .tflite file")
    report.add(command("report", report.run, report.TEXT))
    profile.add(command("profile", profile.run, profile.TEXT))
    quantize.add(command("quantize", quantize.run, quantize.TEXT))
    quantize.add(command("convert", quantize.run, f"the same as quantize: {quantize.TEXT}"))
    prune.add(command("prune", prune.run, prune.TEXT))
    own = command("compress", _compress, "write a pruned model as a file without its zeros, its weights sharing values")
    own.add_argument("model", help="a name of the zoo or a .keras file")
    own.add_argument("--bits", type=int, help="let the weights of a layer share 2**BITS values before; else they stay")
    own.add_argument("--out", type=Path, required=True, help="the .eac file to write")
    own = command("decompress", _decompress, "make a .keras file of what compress wrote")
    own.add_argument("file", type=Path, help="an .eac file")
    own.add_argument("--model", help="the architecture: a .keras file; the zoo's when left out")
    own.add_argument("--out", type=Path, required=True, help="the .keras file to write")
    own = command("memory", _memory, "where the activations of a .tflite file lie in memory, and how much that takes")
    own.add_argument("file", type=Path, help="a .tflite file")
    bench.add(command("bench", bench.run, bench.TEXT))
    own = command("engines", _engines, "one model on every engine: outputs compared, then latency measured in turn")
    own.add_argument("model", help="a name of the zoo or a .keras file")
    own.add_argument("--engine", action="append", help="one of litert, onnxruntime, executorch, …; may be repeated")
    own.add_argument("--precision", choices=("float32", "int8"), action="append", help="may be repeated")
    own.add_argument("--calibration", type=Path, help="an .npy file of inputs (n, ...): int8 needs it")
    own.add_argument("--runs", type=int, default=50, help="inferences of each, at least 50")
    own = command("vela", _vela, "what Arm's compiler expects of a .tflite file on an Ethos-U, operator by operator")
    own.add_argument("file", type=Path)
    own.add_argument("--accelerator", default="ethos-u55-128", help="ethos-u55-256, ethos-u65-256, ethos-u85-256 …")
    mlperf_tiny.add(command("mlperf-tiny", mlperf_tiny.run, mlperf_tiny.TEXT))
    check.add(command("check", check.run, check.TEXT))
    search.add(command("search", search.run, search.TEXT))
    findings.add(command("findings", findings.run, findings.TEXT))
    own = command("train", _train, "train a model of the zoo, as the shipped weights were made")
    own.add_argument("name")
    own.add_argument("--seed", type=int, default=0)
    own.add_argument("--out", type=Path, help="folder for the weights and the card; the package's own when left out")
    own = command("study", _study, "run what is missing of a study")
    own.add_argument("name")
    own.add_argument("--jobs", type=int, default=1, help="shards at a time")
    own.add_argument("--scheduler", help="a Dask scheduler whose workers run the shards, as in tcp://10.0.0.1:8786")
    own = command("book", _book, "render the book into _book/")
    own.add_argument("--page", help="execute only this page, as in `introduction`")
    own = command("notebooks", _notebooks, "make the notebooks from the pages")
    own.add_argument("--check", action="store_true", help="only say which are out of step")
    command("links", _links, "check the links of the rendered book")
    own = command("serve", _serve, "serve the rendered book, so that its search works")
    own.add_argument("--port", type=int, default=8000)
    return parser


def _load_keras(name: str):
    """A model of the zoo, or one out of a .keras file, opened in Keras's safe mode."""
    from efficient_ai import models
    from efficient_ai.errors import BadModel

    if name.endswith((".keras", ".h5")):
        import keras

        if not Path(name).exists():
            raise BadModel(f"there is no file {name}")
        try:
            return keras.models.load_model(name, compile=False, safe_mode=True)
        except Exception as error:
            raise BadModel(f"{name} can't be read as a Keras model: {str(error).splitlines()[0]}") from error
    return models.load(name)


def _models(options: argparse.Namespace) -> None:
    from efficient_ai import models

    for name in models.names():
        card = models.card(name)
        also = "".join(f", {key.replace('_', ' ')} {value:.4g}" for key, value in card.also.items())
        print(f"{name:<20} {card.test_accuracy:7.2%}{also} on {card.data}; {card.command}")


def _cost(options: argparse.Namespace) -> None:
    from efficient_ai import cost

    if options.model.endswith(".tflite"):
        found = cost.count_file(Path(options.model))
    else:
        found = cost.count(_load_keras(options.model))
    profile.print_cost(found)


def _compress(options: argparse.Namespace) -> None:
    from efficient_ai import compress

    model = _load_keras(options.model)
    if options.bits is not None:
        model = compress.rounded(compress.cluster(model, compress.Cluster(options.bits, options.bits)))
    content, report = compress.storage.compress(model)
    compress.storage.save(content, options.out)
    parts = ", ".join(f"{size:,} {name}" for name, size in report.parts.items() if size)
    print(f"{options.out}: {len(content):,} bytes ({parts}), 1/{report.ratio:.1f} of 4 bytes a parameter")


def _decompress(options: argparse.Namespace) -> None:
    import tempfile

    from efficient_ai import cache
    from efficient_ai.compress import storage

    model = storage.load(options.file, _load_keras(options.model) if options.model else None)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        cache.write_whole(options.out, (Path(folder) / "model.keras").read_bytes())
    print(f"{options.out}: {model.name}, {model.count_params():,} parameters")


def _memory(options: argparse.Namespace) -> None:
    from efficient_ai import cost, engines
    from efficient_ai.errors import BadModel

    plan = cost.plan_memory(options.file)
    print(f"{'first':>5} {'last':>5} {'address':>10} {'bytes':>10}  tensor")
    for tensor in plan.tensors:
        place = f"{tensor.first_step:>5} {tensor.last_step:>5} {tensor.offset_bytes:>10,} {tensor.size_bytes:>10,}"
        print(f"{place}  {tensor.name[:48]}")
    print(f"{plan.planned_bytes:,} bytes planned; no plan can do with less than {plan.lower_bound_bytes:,}")
    if engines.available()["tflm"] is None:
        print(f"arena: TensorFlow Lite Micro is not installed; {engines.INSTALL['tflm']}")
        return
    try:
        used = engines.arena(options.file.read_bytes())
    except BadModel as error:
        print(f"arena: {error}")
        return
    print(
        f"{used.arena_bytes:,} bytes of arena in TensorFlow Lite Micro: {used.head_bytes:,} for activations, "
        f"{used.tail_bytes:,} for all else"
    )


def _engines(options: argparse.Namespace) -> None:
    import numpy as np

    from efficient_ai import engines, measure
    from efficient_ai.engines.registry import check_name

    for name in options.engine or ():
        check_name(name)
    calibration = None if options.calibration is None else np.load(options.calibration, allow_pickle=False)
    precisions = tuple(options.precision or (("float32",) if calibration is None else ("float32", "int8")))
    if "int8" in precisions and calibration is None:
        raise EfficientAIError("int8 needs --calibration FILE.npy with inputs of the training data")
    wanted = options.engine or tuple(engines.INSTALL)
    entries = [entry for entry in measure.every_entry(precisions) if entry.engine in wanted]
    model = _load_keras(options.model)
    noise = np.random.default_rng(0).uniform(-1, 1, (10, *model.input_shape[1:])).astype(np.float32)
    inputs = noise if calibration is None else calibration[:10].astype(np.float32)
    rows = measure.shootout([measure.Subject(model, entries, inputs, calibration)], runs=options.runs)
    for entry, row in zip(entries, rows, strict=True):
        print(f"{entry.engine:<16} {entry.delegate:<9} {entry.precision:<8} {_outcome(row)}")


def _outcome(row) -> str:
    """What came of one model on one engine, in a line."""
    from efficient_ai.records import EngineMissingRow, EngineRun

    if isinstance(row, EngineMissingRow):
        return f"not installed; {row.install_command}"
    if not isinstance(row, EngineRun):
        return f"failed: {row.reason}"
    stats = row.latency
    return (
        f"p50 {stats.p50_ms:9.3f} ms  p90 {stats.p90_ms:9.3f} ms  {row.size_bytes:>10,} bytes  "
        f"off by {row.max_deviation:.2g}  ({stats.runs} runs, {stats.threads} thread, {stats.cpu})"
    )


def _vela(options: argparse.Namespace) -> None:
    from efficient_ai.hardware import vela

    found = vela.estimate(options.file, options.accelerator)
    for op in found.operators:
        if op.cycles or op.target == "CPU":
            took = f"{op.cycles:>12,} cycles, waits for {op.bound_by}" if op.cycles else "stays with the processor"
            print(f"{op.operator:<24} {op.macs:>14,} MACs {took}")
    print(f"{found.cycles:,} cycles, {1e3 * found.seconds:.3f} ms on {found.accelerator}, {found.system_config}")
    print(f"{found.sram_kib:.2f} KiB SRAM, {found.flash_kib:.2f} KiB flash, {found.dram_kib:.2f} KiB DRAM")
    print(f"{100 * found.utilisation:.1f}% of the multipliers at work; {len(found.on_cpu)} operators on the processor")


def _train(options: argparse.Namespace) -> None:
    from efficient_ai.models import zoo
    from efficient_ai.train import train
    from efficient_ai.train.examples import TASKS

    card = train(options.name, seed=options.seed, folder=options.out or zoo.WEIGHTS)
    unit = TASKS[zoo.task(card.name)].unit
    print(f"{card.name}: {card.test_accuracy:.2%} of the {unit}, {card.train_seconds:.0f} s")


def _study(options: argparse.Namespace) -> None:
    from efficient_ai import studies

    record = studies.run(options.name, jobs=options.jobs, scheduler=options.scheduler)
    print(f"{record.name}: {len(record.entries)} entries, {record.date}, {record.machine}")


def _book(options: argparse.Namespace) -> None:
    from efficient_ai.book import render

    print(f"the book is at {render.build(options.page, Path.cwd())}")


def _notebooks(options: argparse.Namespace) -> int:
    from efficient_ai.book import notebooks

    if not options.check:
        notebooks.write(Path.cwd())
        return 0
    behind = notebooks.check(Path.cwd())
    for line in behind:
        print(line)
    return 1 if behind else 0


def _links(options: argparse.Namespace) -> int:
    from efficient_ai.book import links

    broken = links.check(Path("_book"))
    for line in broken:
        print(line)
    print(f"{len(broken)} broken links")
    return 1 if broken else 0


def _serve(options: argparse.Namespace) -> None:
    from efficient_ai.book import serve

    serve.serve(Path("_book"), options.port)


if __name__ == "__main__":
    sys.exit(main())
