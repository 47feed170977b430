"""What a .keras or .h5 file says about itself, checked before Keras is asked to build anything from it.

Keras's safe mode refuses lambdas that the file carries. It has had holes: classes that load other files, functions of
Keras that fetch or write some, names that resolve to what no layer needs. So a file may name only what a model is made
of, and links and archives may lead nowhere else.
"""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from efficient_ai.errors import BadModel

MOST_BYTES = 4 * 2**30  # of what a file unpacks to
MOST_MEMBERS = 10_000
CONFIG_BYTES = 64 * 2**20
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
# Modules of Keras whose classes and functions a saved model names; keras.utils and keras.saving are not among them.
PARTS = ("layers", "models", "initializers", "regularizers", "constraints", "activations", "dtype_policies")
TRAINING = ("optimizers", "losses", "metrics")
FUNCTIONS = ("activations", "losses", "metrics", "initializers", "regularizers", "constraints", "ops")
PLAIN = ("DTypePolicy", "FloatDTypePolicy", "QuantizedDTypePolicy", "DTypePolicyMap", "Model", "Sequential")
VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__")
LEGACY = ("Functional", "Sequential", "Model", "TensorShape")
# Layers that run what the file carries or that load another file.
HOSTILE = {
    "Lambda": "runs Python code out of the file",
    "__lambda__": "runs Python code out of the file",
    "TFSMLayer": "loads another file, a SavedModel",
    "TorchModuleWrapper": "unpickles a PyTorch module",
    "JaxLayer": "runs Python code out of the file",
    "FlaxLayer": "runs Python code out of the file",
    "TypeSpec": "builds a type of TensorFlow",
    "CompositeTensor": "builds a type of TensorFlow",
    "__typespec__": "builds a type of TensorFlow",
}
OWN = "efficient_ai>"
INSTEAD = "save the model without it, or, where you trust it, convert it to .tflite or use model.export(FOLDER)"


def check_archive(path: Path) -> dict[str, Any]:
    """Read a .keras file's configuration and check all that it names.

    Args:
        path: The file.

    Returns:
        Its configuration.

    Raises:
        BadModel: If it is no such archive, unpacks to too much or elsewhere, or names what a model isn't made of.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist())
            names = archive.namelist()
            if CONFIG not in names:
                raise BadModel(f"it is no .keras file: there is no {CONFIG} in it; save the model with model.save")
            config = _config(archive.read(CONFIG))
            if WEIGHTS in names:
                with archive.open(WEIGHTS) as weights:
                    _check_weights(weights)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise BadModel(f"it is a damaged .keras file ({_said(error)}): copy it again or save it again") from error
    check_config(config, legacy=False)
    return config


def check_h5(path: Path) -> dict[str, Any]:
    """Read the configuration of a model in Keras's older HDF5 file, and check all that it names.

    Raises:
        BadModel: If it is damaged, holds weights alone, leads to other files, or names what a model isn't made of.
    """
    import h5py

    _check_weights(path)
    try:
        with h5py.File(path, "r") as file:
            content = file.attrs.get("model_config")
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise BadModel(f"it is a damaged .h5 file ({_said(error)}): copy it again or save it again") from error
    if content is None:
        raise BadModel("it holds weights without the model that they are for: write both, with model.save('x.keras')")
    try:
        config = _config(content if isinstance(content, bytes) else str(content).encode())
    except ValueError as error:
        raise BadModel(f"it is a damaged .h5 file ({_said(error)}): copy it again or save it again") from error
    check_config(config, legacy=True)
    return config


def check_config(config: dict[str, Any], *, legacy: bool) -> None:
    """Check every class and function that a configuration names.

    Args:
        config: As `model.get_config` and the files have it.
        legacy: Whether layers are named without their module, as in .h5 files.

    Raises:
        BadModel: For the first that isn't one that models are made of; the message has its name.
    """
    for node in _nodes(config):
        if "class_name" in node:
            _check_class(node, legacy)
        if str(node.get("function_type", "")) in ("lambda", "function"):
            raise BadModel(f"it has a Lambda layer, which runs Python code out of the file: {INSTEAD}")
        for key in ("vocabulary", "idf_weights"):
            if isinstance(node.get(key), str):
                raise BadModel(f"its {key} is in another file, {node[key]!r}: {INSTEAD}")


def has_own_layers(config: dict[str, Any]) -> bool:
    """Whether a checked configuration names layers of this library."""
    return any(str(node.get("registered_name") or "").startswith(OWN) for node in _nodes(config))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary in a value, without recursion: a hostile file may be nested deeply."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _check_class(node: dict[str, Any], legacy: bool) -> None:
    name, module, registered = (node.get(key) for key in ("class_name", "module", "registered_name"))
    if not all(value is None or isinstance(value, str) for value in (name, module, registered)) or not name:
        raise BadModel("its configuration is damaged: a class without a name; save the model again")
    if name in HOSTILE:
        raise BadModel(f"it has a {name}, which {HOSTILE[name]}: {INSTEAD}")
    if module is None and (name in VALUES or (legacy and (name in LEGACY or _has(PARTS + TRAINING, name)))):
        return
    if (registered or "").startswith(OWN) and (module or "").startswith("efficient_ai.compress."):
        return
    known = _function_is_known(module, node.get("config")) if name == "function" else _class_is_known(module, name)
    if not known or ">" in (registered or ""):
        called = node.get("config") if name == "function" else name
        whole = ".".join(str(part) for part in (module, called) if part)
        raise BadModel(f"it needs {whole!r}, which is no part of Keras that models are made of: {INSTEAD}")


def _has(modules: tuple[str, ...], name: str) -> bool:
    import keras

    return name.isidentifier() and any(isinstance(getattr(getattr(keras, m), name, None), type) for m in modules)


def _class_is_known(module: str | None, name: str) -> bool:
    package, _, part = (module or "").partition(".")
    if package != "keras":
        return False
    if not part:
        return name in PLAIN
    first = part.removeprefix("src.").split(".")[0]
    if part.startswith("src."):  # a class without a public name: an operation of keras.ops, Functional
        return first in (*PARTS, *TRAINING, "ops", "quantizers") and name.isidentifier()
    return first in (*PARTS, *TRAINING, "quantizers") and name.isidentifier()


def _function_is_known(module: str | None, name: Any) -> bool:
    import keras

    if not isinstance(name, str) or not name.isidentifier():
        return False
    if module in ("builtins", None):
        return any(hasattr(getattr(keras, part), name) for part in FUNCTIONS)
    package, _, part = module.partition(".")
    return package == "keras" and part in FUNCTIONS and hasattr(getattr(keras, part), name)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise BadModel(f"it holds {len(members):,} files, more than a model has ({MOST_MEMBERS:,}): it was not opened")
    if len({member.filename for member in members}) != len(members):
        raise BadModel("two of the files in it have one name: it was not opened")
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in place.parts[:1] or "\0" in member.filename:
            raise BadModel(f"a file in it leads out of the archive, {member.filename!r}: it was not opened")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise BadModel(f"a file in it is a link, {member.filename!r}: it was not opened")
        if member.filename == CONFIG and member.file_size > CONFIG_BYTES:
            raise BadModel(f"its {CONFIG} has {member.file_size:,} bytes, too many to be one: it was not opened")
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise BadModel(f"it unpacks to {total:,} bytes, more than the {MOST_BYTES:,} allowed: it was not opened")


def _config(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except RecursionError as error:
        raise ValueError("its configuration is nested too deeply") from error
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        raise ValueError("its configuration describes no model")
    return found


def _check_weights(file: Path | BinaryIO) -> None:
    """Walk an HDF5 file: nothing may lie in another, and all of it together must have a size that can be read."""
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            total, count, left, seen = 0, 0, [opened], {_address(opened)}
            while left:
                group = left.pop()
                for name in group:
                    count += 1
                    link = group.get(name, getlink=True)
                    if isinstance(link, h5py.ExternalLink):
                        raise BadModel(f"its {name!r} lies in another file, {link.filename!r}: it was not opened")
                    if isinstance(link, h5py.SoftLink):
                        raise BadModel(f"its {name!r} is a link, which no saved model has: it was not opened")
                    item = group[name]
                    if _address(item) in seen:
                        raise BadModel(f"its {name!r} is in two places, which no saved model has: it was not opened")
                    seen.add(_address(item))
                    if isinstance(item, h5py.Group):
                        left.append(item)
                    elif isinstance(item, h5py.Dataset):
                        if item.external or item.is_virtual:
                            raise BadModel(f"its {name!r} lies in another file: it was not opened")
                        total += int(item.nbytes)
                    if count > MOST_MEMBERS * 10 or total > MOST_BYTES:
                        raise BadModel(
                            f"its weights are {count:,} entries of {total:,} bytes or more, over what is allowed "
                            f"({MOST_BYTES:,} bytes): it was not opened"
                        )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise BadModel(f"its weights are damaged ({_said(error)}): copy it again or save it again") from error


def _address(item: Any) -> int:
    """Where in its file a group or an array lies."""
    import h5py

    return h5py.h5o.get_info(item.id).addr


def _said(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
