"""A Keras model in the form that each engine takes: one verb for all of them.

What needs the second environment is made there, in up to two processes side by side, since PyTorch's exports and the
compilers take seconds each. What was made is kept on disk under a key of weights, settings, code and versions.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import environment
from efficient_ai.engines.registry import INSTALL, available
from efficient_ai.errors import BadModel, EfficientAIError, EngineMissing
from efficient_ai.records import Variant

if TYPE_CHECKING:
    import keras

# What each form can hold, and the engine whose package makes it.
PRECISIONS = {
    "tflite": ("float32", "float16", "dynamic_int8", "int8", "int16x8"),
    "onnx": ("float32", "int8"),
    "keras": ("float32",),
    "steps": ("float32",),
    "ptl": ("float32",),
    "pte-xnnpack": ("float32", "int8"),
    "pte-portable": ("float32",),
    "vmfb": ("float32",),
    "so": ("float32",),
}
MAKERS = {"ptl": "torch", "pte-xnnpack": "executorch", "pte-portable": "executorch", "vmfb": "iree", "so": "tvm"}
COMPILED_HERE = ("vmfb", "so")  # machine code for this CPU
TOGETHER = (("ptl", "pte-xnnpack", "pte-portable"), ("vmfb", "so"))
LIMIT_S = 1_200


@dataclass(frozen=True)
class Export:
    """What is wanted: a form, as `engines.form` names it, at a precision.

    `calibration_set` has examples of the input, float32 (n, ...), from the training data: int8 needs it. `batch` is
    how many inputs a call takes; other than 1 for the form "keras" alone.
    """

    model: keras.Model
    form: str
    precision: str = "float32"
    calibration_set: np.ndarray | None = field(default=None, repr=False)
    batch: int = 1


def export(
    model: keras.Model,
    form: str,
    *,
    precision: str = "float32",
    calibration_set: np.ndarray | None = None,
    batch: int = 1,
) -> Variant:
    """Bring a model into the form that an engine takes.

    Args:
        model: Functional or sequential, one input and one output; stays as it is.
        form: "tflite", "onnx", "keras", "steps" (PyTorch's eager mode), "ptl" (PyTorch Mobile), "pte-xnnpack",
            "pte-portable" (ExecuTorch), "vmfb" (IREE) or "so" (TVM): see `engines.form`.
        precision: One that `export.PRECISIONS` has for the form.
        calibration_set: Examples of the input, float32 (n, ...), from the training data; int8 needs it.
        batch: Inputs a call takes; other than 1 for the form "keras" alone.

    Returns:
        The content, and what it is.

    Raises:
        ValueError: If the form or the precision isn't known, or calibration is missing.
        BadModel: If an exporter doesn't take the model.
        EngineMissing: If the exporter isn't installed; the message names the command that installs it.
    """
    return export_all([Export(model, form, precision, calibration_set, batch)])[0]


def export_all(wanted: Sequence[Export]) -> tuple[Variant, ...]:
    """`export` for several at once, which share what they can; arguments and errors as there.

    Returns:
        A variant for each, in the same order.
    """
    for one in wanted:
        _check(one)
    paths = [_path(one) for one in wanted]
    found = [path.read_bytes() if path.exists() else None for path in paths]
    with tempfile.TemporaryDirectory(prefix="efficient-ai-export-") as name, contextlib.ExitStack() as ending:
        folder = Path(name)
        missing = {i: one for i, one in enumerate(wanted) if found[i] is None}
        begun = _begin({i: one for i, one in missing.items() if one.form in MAKERS}, folder, ending)
        for i, one in missing.items():
            if one.form not in MAKERS:
                found[i] = _keep(paths[i], _make_here(one))
        for jobs, process in begun:
            for i, complaint in zip(jobs, _answers(process, folder), strict=True):
                if complaint:
                    raise BadModel(f"{wanted[i].model.name} can't be exported as {wanted[i].form}: {complaint}")
                found[i] = _keep(paths[i], Path(jobs[i]["out"]).read_bytes())
    return tuple(
        Variant(one.model.name, one.precision, content, form=one.form)
        for one, content in zip(wanted, found, strict=True)
    )


def _check(one: Export) -> None:
    if one.form not in PRECISIONS:
        raise ValueError(f"form must be one of {', '.join(PRECISIONS)}, got {one.form!r}")
    if one.precision not in PRECISIONS[one.form]:
        raise ValueError(
            f"precision must be one of {', '.join(PRECISIONS[one.form])} for {one.form}, got {one.precision!r}"
        )
    if one.precision in ("int8", "int16x8"):
        shape = tuple(one.model.input_shape[1:])
        given = one.calibration_set
        if given is None or len(given) == 0 or given.shape[1:] != shape:
            got = "none" if given is None else given.shape
            raise ValueError(f"calibration_set must be (n, {', '.join(map(str, shape))}) for int8, got {got}")
    if one.batch < 1 or (one.batch != 1 and one.form != "keras"):
        raise ValueError(f"batch must be 1, or positive for the form keras, got {one.batch} for {one.form}")
    maker = MAKERS.get(one.form)
    if maker and available()[maker] is None:
        raise EngineMissing(f"the form {one.form} can't be made here, {maker} is not installed: {INSTALL[maker]}")


def _path(one: Export) -> Path:
    """Where a form is kept: a hash of all that decides its bytes."""
    digest = hashlib.sha256(one.model.to_json().encode())
    for array in one.model.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    if one.calibration_set is not None and one.precision.startswith("int"):
        digest.update(np.ascontiguousarray(one.calibration_set).tobytes())
    settings = [one.form, one.precision, one.batch, cache.code_hash("engines", "compress.convert", "cost.keras_graph")]
    settings += [sorted(available().items()), cache.fingerprint() if one.form in COMPILED_HERE else ""]
    digest.update(json.dumps(settings).encode())
    return cache.root() / "exports" / f"{digest.hexdigest()[:24]}.{one.form}"


def _keep(path: Path, content: bytes) -> bytes:
    cache.write_whole(path, content)
    return content


def _make_here(one: Export) -> bytes:
    from efficient_ai.engines import onnx_export
    from efficient_ai.engines.carry import carry

    if one.form == "tflite":
        return _tflite(one)
    if one.form == "steps":
        return carry(one.model).to_bytes()
    if one.form == "keras":
        return _with_batch(one.model, one.batch)
    if one.precision == "float32":
        return onnx_export.to_onnx(one.model)
    return onnx_export.quantize_onnx(export(one.model, "onnx").content, one.calibration_set)


def _tflite(one: Export) -> bytes:
    from efficient_ai import compress

    return compress.convert(one.model, compress.precision(one.precision, one.calibration_set)).content


def _with_batch(model: keras.Model, batch: int) -> bytes:
    """The .keras file of a model whose batch is fixed."""
    import keras

    source = keras.Input(batch_shape=(batch, *model.input_shape[1:]))
    fixed = keras.Model(source, model(source), name=model.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        fixed.save(path)
        return path.read_bytes()


Begun = list[tuple[dict[int, dict[str, Any]], subprocess.Popen]]


def _begin(wanted: dict[int, Export], folder: Path, ending: contextlib.ExitStack) -> Begun:
    """Start the exporters of the other environment, in two processes where there is work for both."""
    from efficient_ai.engines.exporters import start

    begun: Begun = []
    for forms in TOGETHER:
        jobs = {i: _job(i, one, folder) for i, one in wanted.items() if one.form in forms}
        if jobs:
            python, variables = environment.process_for(folder)
            begun.append((jobs, start(list(jobs.values()), folder, python, variables)))
            ending.callback(_end, begun[-1][1])
    return begun


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def _answers(process: subprocess.Popen, folder: Path) -> list[str | None]:
    try:
        told, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise EfficientAIError(f"an exporter didn't end within {LIMIT_S} s: export fewer forms at once") from error
    if process.returncode:
        said = [
            line for file in sorted(folder.glob("*.stderr")) for line in file.read_text("utf-8", "replace").splitlines()
        ]
        last = said[-1] if said else "nothing"
        raise EfficientAIError(f"an exporter ended with code {process.returncode}; the last that it wrote: {last}")
    return json.loads(told)


def _job(number: int, one: Export, folder: Path) -> dict[str, Any]:
    """A job for `exporters`, with the files that it reads."""
    from efficient_ai.engines.carry import carry

    source = "onnx" if one.form in COMPILED_HERE else "steps"
    path = folder / f"{id(one.model)}.{source}"
    if not path.exists():
        path.write_bytes(export(one.model, "onnx").content if source == "onnx" else carry(one.model).to_bytes())
    job = {"form": one.form, "precision": one.precision, "source": str(path), "out": str(folder / f"{number}.out")}
    shapes = {"input_shape": one.model.input_shape, "output_shape": one.model.output_shape}
    job["head"] = {name: [1, *shape[1:]] for name, shape in shapes.items()}
    if one.precision == "int8":
        job["calibration"] = str(folder / f"{number}.npy")
        np.save(job["calibration"], one.calibration_set.astype(np.float32))
    return job
