"""What an engine did with a model: the operators that its delegate took, and the smallest arena that is enough."""

from __future__ import annotations

from collections.abc import Sequence

from efficient_ai.engines.client import EngineFailed, Worker
from efficient_ai.errors import BadModel
from efficient_ai.records import Coverage, RefusedRow, Variant


def coverage(
    variants: Sequence[Variant], *, engine: str = "litert", delegate: str | None = None
) -> tuple[Coverage | RefusedRow, ...]:
    """Ask an interpreter which operators of each file its delegate took.

    Args:
        variants: .tflite files.
        engine: "litert", "tf.lite" or "tflite-runtime".
        delegate: As in `Worker.load`.

    Returns:
        A row for each variant, one that says why where the engine refuses it.

    Raises:
        EngineMissing: If the engine isn't installed.
    """
    rows: list[Coverage | RefusedRow] = []
    with Worker(engine) as worker:
        for variant in variants:
            try:
                worker.load(variant.content, delegate=delegate)
            except BadModel as error:
                rows.append(RefusedRow(variant.name, engine, str(error)))
                continue
            found = worker.coverage()
            rows.append(
                Coverage(variant.name, engine, tuple(found["taken"]), tuple(found["left"]), parts=found["parts"])
            )
    return tuple(rows)


def smallest_arena(model: Variant | bytes, *, largest_bytes: int = 1 << 24) -> int:
    """Find by bisection the smallest arena in which TensorFlow Lite Micro can be built.

    It may end with a segmentation fault where it is short of a few bytes; that counts as too small, and the search
    goes on in a new process.

    Args:
        model: A variant, or the content of a .tflite file.
        largest_bytes: Where the search begins.

    Returns:
        Bytes.

    Raises:
        BadModel: If it isn't enough, or the interpreter refuses the model for another reason.
        EngineMissing: If `tflite-micro` isn't installed.
    """
    content = model.content if isinstance(model, Variant) else model
    worker = Worker("tflm")
    try:
        worker.load(content)  # refuses, with the reason, what no arena would help
        too_small, enough = 0, largest_bytes
        if not worker.allocates(content, enough):
            raise BadModel(f"the model needs an arena of more than {enough} bytes: raise largest_bytes")
        while enough - too_small > 1:
            middle = (too_small + enough) // 2
            try:
                fits = worker.allocates(content, middle)
            except EngineFailed:
                fits = False
                worker.close()
                worker = Worker("tflm")
            too_small, enough = (too_small, middle) if fits else (middle, enough)
    finally:
        worker.close()
    return enough
