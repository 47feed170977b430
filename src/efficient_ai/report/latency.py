"""The report's latency rows: by the engines' workers, or inside the sandbox for models of several inputs or outputs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import util
from typing import Any

from efficient_ai import cache, measure
from efficient_ai.engines import available, missing_row
from efficient_ai.errors import BadModel
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, Row
from efficient_ai.records import EngineMissingRow, LatencyStats, RefusedRow, Variant
from efficient_ai.report.sandbox import Sandbox
from efficient_ai.report.source import Source
from efficient_ai.report.timing import ENGINES, WARMUP, latencies
from efficient_ai.report.wanted import Wanted

MANY = "it times models of one input and one output only; see tf.lite"


def of(
    box: Sandbox, source: Source, path: str, seen: dict[str, Any], made: Sequence[tuple[Variant, str]], wanted: Wanted
) -> list[dict[str, Any]]:
    """Time a model's variants.

    Args:
        box: Holds the source and the variants' files.
        source: What is reported on.
        path: Its name in the sandbox.
        seen: Of `steps.look`.
        made: Variants with their files' names.
        wanted: Its threads and seconds are used.

    Returns:
        A row for each variant and engine: percentiles and how they were taken, or a reason, or the command that
        installs the engine.
    """
    if not made:
        return []
    numeric = all(one["dtype"] != "string" for one in (*seen["inputs"], *seen["outputs"]))
    if len(seen["inputs"]) == len(seen["outputs"]) == 1 and numeric:
        variants = [variant for variant, _ in made]
        variants += _onnx(box, source, path, seen)
        rows = list(latencies(variants, threads=wanted.threads, most_s=wanted.latency_s))
    else:
        rows = _inside(box, made, wanted)
    return [_entry(row, rows) for row in rows]


def _onnx(box: Sandbox, source: Source, path: str, seen: dict[str, Any]) -> list[Variant]:
    (one,) = seen["inputs"]
    ready = available()["onnxruntime"] is not None and util.find_spec("tf2onnx") is not None
    if source.kind not in ("keras", "zoo") or not ready or one["open"] or one["dtype"] != "float32":
        return []
    try:
        box.call("efficient_ai.report.steps:to_onnx", path, source.kind, "model.onnx")
        return [Variant(source.stem, "float32", box.content("model.onnx"), form="onnx")]
    except BadModel:
        return []


def _inside(box: Sandbox, made: Sequence[tuple[Variant, str]], wanted: Wanted) -> list[Row]:
    """Rows of models that the workers don't take; one row says so for each of the other engines."""
    rows: list[Row] = []
    for engine in ENGINES[:3]:
        if engine == "tf.lite":
            continue
        missing = available()[engine] is None
        rows.append(missing_row(engine) if missing else RefusedRow("all variants", engine, MANY))
    files, names = [file for _, file in made], [variant.name for variant, _ in made]
    how = {"runs": FEWEST_RUNS, "rounds": ROUNDS, "warmup": WARMUP, "most_s": wanted.latency_s}
    try:
        told = box.call("efficient_ai.report.running:time_inside", files, **how)
        found = [_row(name, one) for name, one in zip(names, told, strict=True)]
    except (BadModel, TypeError, KeyError, ValueError) as error:
        found = [RefusedRow("all variants", "tf.lite", str(error))]
    return [*found, *rows]


def _row(name: str, told: dict[str, Any]) -> Row:
    if "reason" in told:
        return RefusedRow(name, "tf.lite", str(told["reason"])[:300])
    samples = tuple(float(sample) for sample in told["samples_ms"])
    return LatencyStats(
        variant=name,
        engine="tf.lite",
        delegate="XNNPACK" if told.get("delegate") else "none",
        threads=1,
        cpu=cache.machine().cpu,
        warmup=WARMUP,
        rounds=ROUNDS,
        samples_ms=samples,
    )


def _entry(row: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """A row as JSON values."""
    if isinstance(row, EngineMissingRow):
        return {"engine": row.engine, "install_command": row.install_command}
    if not isinstance(row, LatencyStats):
        return {"variant": row.variant, "engine": row.engine, "reason": row.reason}
    plain = [one for one in rows if isinstance(one, LatencyStats) and one.engine == row.engine]
    wide = next((one for one in plain if one.variant == "float32"), None)
    times = None
    if wide is not None and wide is not row and wide.runs == row.runs:
        found = measure.ratio(row, wide)
        times = {"value": found.value, "low": found.low, "high": found.high}
    return {
        "variant": row.variant,
        "engine": row.engine,
        "delegate": row.delegate,
        "threads": row.threads,
        "p50_ms": row.p50_ms,
        "p90_ms": row.p90_ms,
        "p99_ms": row.p99_ms,
        "runs": row.runs,
        "warmup": row.warmup,
        "rounds": row.rounds,
        "cpu": row.cpu,
        "times_float32": times,
    }
