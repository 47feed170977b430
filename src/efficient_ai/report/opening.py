"""Opens a model file that nobody vouches for: to be called in a sandbox, and nowhere else.

Each kind of file is first checked for what it holds, without the library that reads it; then that library opens it.
"""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from efficient_ai.errors import BadModel
from efficient_ai.report import keras_files, lite_files, saved_models, torch_files

KINDS = {
    "keras": "a .keras file",
    "h5": "an .h5 file of Keras",
    "saved_model": "a SavedModel folder",
    "tflite": "a .tflite file",
    "pth": "a .pth file of PyTorch",
}
SUFFIXES = {".keras": "keras", ".h5": "h5", ".hdf5": "h5", ".tflite": "tflite", ".pth": "pth", ".pt": "pth"}
MOST_BYTES = 4 * 2**30
CHECKS = {
    "keras": keras_files.check_archive,
    "h5": keras_files.check_h5,
    "saved_model": saved_models.check,
    "tflite": lite_files.check,
    "pth": torch_files.listing,
}
OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def kind_of(path: str) -> str:
    """Which kind of model a file is, by its first bytes, or by its name where these say nothing.

    Returns:
        One of `KINDS`.

    Raises:
        BadModel: If there is no such file, or it is none of them.
    """
    place = Path(path)
    try:
        state = place.stat()
        if stat.S_ISDIR(state.st_mode):
            return "saved_model"
        if not stat.S_ISREG(state.st_mode):
            raise BadModel(f"{place.name} is no plain file: give a model's file or folder")
        if state.st_size > MOST_BYTES:
            raise BadModel(f"{place.name} has {state.st_size:,} bytes, more than the {MOST_BYTES:,} allowed")
        with place.open("rb") as file:
            first = file.read(len(OLD_TORCH))
    except OSError as error:
        raise BadModel(f"{place.name} can't be read ({error.strerror}): give the path of a model's file") from error
    named = SUFFIXES.get(place.suffix.lower())
    if first[4:8] == b"TFL3":
        return "tflite"
    if first.startswith(b"\x89HDF\r\n\x1a\n"):
        return "h5"
    if first == OLD_TORCH:
        return "pth"
    if first.startswith(b"PK\x03\x04"):
        return named if named in ("keras", "pth") else _archive_kind(place)
    if named is None:
        raise BadModel(f"{place.name} is none of the kinds that can be opened: {', '.join(KINDS.values())}")
    return named


def _archive_kind(path: Path) -> str:
    """Which of two kinds of archive a file is: PyTorch's has a pickle in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "pth" if any(name.endswith("/data.pkl") for name in archive.namelist()) else "keras"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "keras"


def check(path: str) -> str:
    """Check what a file holds without opening it as a model.

    Returns:
        Its kind, one of `KINDS`.

    Raises:
        BadModel: If it is damaged, or names what a model isn't made of.
    """
    kind = kind_of(path)
    CHECKS[kind](Path(path))
    return kind


def keras_model(path: str) -> Any:
    """The Keras model in a .keras or .h5 file, checked before.

    Raises:
        BadModel: If it is of another kind, or can't be opened.
    """
    import keras

    kind = kind_of(path)
    if kind not in ("keras", "h5"):
        raise BadModel(f"{KINDS[kind]} holds no Keras model: give a .keras file, saved with model.save")
    if keras_files.has_own_layers(CHECKS[kind](Path(path))):
        from efficient_ai.compress import fake_layers, low_layers  # noqa: F401 (they make themselves known to Keras)
    with tempfile.TemporaryDirectory() as folder:  # Keras looks at the name, and may write beside the file
        link = Path(folder, f"model.{kind}")
        os.symlink(Path(path).resolve(), link)
        try:
            return keras.models.load_model(link, compile=False, safe_mode=True)
        except MemoryError:
            raise
        except Exception as error:
            raise BadModel(f"Keras can't open it ({_said(error)}): save it again with model.save('x.keras')") from error


def describe(path: str) -> dict[str, Any]:
    """Open a model file and say what is in it.

    Args:
        path: A file or folder of one of `KINDS`.

    Returns:
        `kind`; `inputs` and `outputs`, each with `name`, `shape` (None for a size that is open) and `dtype`; `layers`,
        how many layers or operators; `operators`, how many of each; `custom`, those that are no part of the library;
        `params` where they are known; `tensors` of a file that holds only weights; and `warnings`.

    Raises:
        BadModel: If it can't be opened; in one line, with what to do.
    """
    kind = kind_of(path)
    found: dict[str, Any] = {"kind": kind, "inputs": [], "outputs": [], "layers": 0, "operators": {}, "params": None}
    found |= {"custom": [], "warnings": []}
    openers = {"keras": _keras, "h5": _keras, "saved_model": _saved_model, "tflite": _lite, "pth": _torch}
    try:
        return found | openers[kind](path, kind)
    except (BadModel, MemoryError):
        raise
    except Exception as error:
        raise BadModel(f"it can't be read as {KINDS[kind]} ({_said(error)}): copy it again or save it again") from error


def _keras(path: str, kind: str) -> dict[str, Any]:
    model = keras_model(path)
    layers = list(_layers(model))
    operators = Counter(type(layer).__name__ for layer in layers)
    shapeless = [] if model.built else ["it has no shapes yet: call it on data once and save it again"]
    custom = sorted({type(each).__name__ for each in layers if not type(each).__module__.startswith("keras.")})
    found = {"layers": len(layers), "operators": dict(operators.most_common()), "custom": custom, "warnings": shapeless}
    if model.built:
        found["params"] = int(model.count_params())
    for field in ("inputs", "outputs"):
        try:
            tensors = getattr(model, field) or []
        except (AttributeError, ValueError):
            tensors = []
        found[field] = [{"name": t.name, "shape": list(t.shape), "dtype": str(t.dtype)} for t in tensors]
    return found


def _layers(model: Any) -> Iterator[Any]:
    """Its layers, those of the models within it included, without the inputs' placeholders."""
    import keras

    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _saved_model(path: str, kind: str) -> dict[str, Any]:
    import tensorflow as tf

    found = saved_models.describe(saved_models.check(Path(path)))
    try:
        model = tf.saved_model.load(path)
    except MemoryError:
        raise
    except Exception as error:
        raise BadModel(f"TensorFlow can't load it ({_said(error)}): export it again, with model.export") from error
    variables = getattr(model, "variables", None)
    if variables is not None:
        found["params"] = sum(int(variable.shape.num_elements() or 0) for variable in variables)
    found["warnings"] = (
        [] if found["signature"] == saved_models.SIGNATURE else [f"it is called by {found['signature']!r}"]
    )
    return found


def _lite(path: str, kind: str) -> dict[str, Any]:
    found = lite_files.check(Path(path))
    if found["custom"]:
        names = ", ".join(found["custom"])
        return found | {"warnings": [f"operators that not every interpreter has ({names}): it was not run"]}
    import tensorflow as tf

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it will be another package's one day
            interpreter = tf.lite.Interpreter(model_path=path, num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise BadModel(f"TensorFlow Lite can't prepare it ({_said(error)}): convert it again") from error
    for field, details in (("inputs", interpreter.get_input_details()), ("outputs", interpreter.get_output_details())):
        for tensor, detail in zip(found[field], details, strict=True):
            signature = detail["shape_signature"].tolist()
            tensor["shape"] = [None if size < 0 else size for size in signature or detail["shape"].tolist()]
    return found


def _torch(path: str, kind: str) -> dict[str, Any]:
    tensors = torch_files.listing(Path(path))
    warning = "it holds weights alone, without the model that they are for: give the model as .keras or .tflite"
    return {"tensors": tensors, "params": None, "warnings": [warning]}


def _said(error: BaseException) -> str:
    """An error in a line; Keras puts what matters last."""
    text = str(error).rpartition("Exception encountered:")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
