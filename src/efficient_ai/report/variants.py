"""Makes a model's variants in the sandbox: each has a row, also where it can't be made, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from efficient_ai.errors import BadModel
from efficient_ai.records import Variant
from efficient_ai.report import boards
from efficient_ai.report.examples import Examples, packed
from efficient_ai.report.sandbox import Sandbox
from efficient_ai.report.source import Source
from efficient_ai.report.wanted import Wanted

NEEDS_DATA = "it reads the ranges of activations off examples: pass --data FILE.npz with inputs of the training data"
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM2D")
UNROLL = "full-int8 conversion of recurrent layers ends the converter's process; build them with unroll=True"


@dataclass
class Made:
    """A variant with its row of the report and its file in the sandbox."""

    variant: Variant
    row: dict[str, Any]
    file: str


def plan(source: Source, seen: dict[str, Any]) -> list[tuple[str, str]]:
    """The variants to make: pairs of precision and technique."""
    if source.kind == "tflite":
        return [("", "file")]
    plain = [(precision, "") for precision in ("float32", "float16", "dynamic_int8", "int8")]
    return plain + ([("float32", "pruned"), ("float32", "clustered")] if source.kind != "saved_model" else [])


def make(
    box: Sandbox,
    source: Source,
    path: str,
    seen: dict[str, Any],
    given: Examples,
    wanted: Wanted,
    *,
    precision: str,
    technique: str,
) -> tuple[dict[str, Any], Made | None]:
    """A variant's row, and the variant where it could be made."""
    row: dict[str, Any] = {"name": f"{technique} {precision}".strip(), "technique": technique, "precision": precision}
    amount = {"pruned": wanted.sparsity, "clustered": float(wanted.bits)}.get(technique, 0.0)
    if technique in ("pruned", "clustered"):
        row |= {"sparsity": wanted.sparsity} if technique == "pruned" else {"bits": wanted.bits}
    if source.kind == "tflite":
        file, told = path, {}
    else:
        file = f"{technique}{precision}.tflite"
        calibration = ""
        if precision == "int8":
            if not given.calibrating:
                return row | {"reason": f"left out: {NEEDS_DATA}"}, None
            calibration = "calibrating.npz"
            box.put(calibration, packed(given.calibrating))
        if technique in ("pruned", "clustered") and not seen["techniques"]:
            return row | {"reason": "left out: no layer has a kernel that it treats"}, None
        how = {"precision": precision, "technique": technique, "amount": amount, "calibration": calibration}
        try:
            told = box.call("efficient_ai.report.steps:make", path, source.kind, seen["inputs"], file, **how)
        except BadModel as error:
            return row | {"reason": why(str(error), seen, precision)}, None
    try:
        variant = Variant(source.stem, precision, box.content(file), technique)
        row |= boards.counted(variant)
    except BadModel as error:
        if source.kind == "tflite":
            raise
        return row | {"reason": str(error)}, None
    row |= {"size_bytes": variant.size_bytes, "deflate_bytes": variant.compressed_bytes}
    for key in ("stored_bytes", "treated_params"):
        row[key] = int(told[key]) if isinstance(told.get(key), int) else None
    return row, Made(variant, row, file)


def why(reason: str, seen: dict[str, Any], precision: str) -> str:
    """A failed conversion's reason; a crash of the converter in the words of what is known of it."""
    if "crashed the process" not in reason:
        return f"can't be converted: {reason}"
    layers = (seen["cost"] or {}).get("layers", ())
    if precision == "int8" and any(layer["operator"] in RECURRENT for layer in layers):
        return f"can't be converted: {UNROLL}"
    signal = reason.split("(")[1].split(")")[0] if "(" in reason else "it gives no reason"
    return f"can't be converted: the converter's process ended ({signal})"
