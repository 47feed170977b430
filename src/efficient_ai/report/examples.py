"""The user's data: read, held against the model's inputs, and split into what calibrates and what judges."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from efficient_ai.errors import EfficientAIError

MOST_CALIBRATING = 100
MOST_JUDGING = 500
NOISE = 32


class BadData(EfficientAIError):
    """A data file that can't be read or doesn't fit the model; the message says what was expected and what is there."""


@dataclass(frozen=True)
class Examples:
    """Inputs by their key, each (n, ...). `calibrating` and `judging` share no example.

    `basis` is "labels" (data with classes), "data" (without) or "noise".
    """

    basis: str
    calibrating: Mapping[str, np.ndarray] = field(repr=False)
    judging: Mapping[str, np.ndarray] = field(repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)

    @property
    def calibration_examples(self) -> int:
        return len(next(iter(self.calibrating.values()), ()))

    @property
    def judged_examples(self) -> int:
        return len(next(iter(self.judging.values()), ()))


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of an .npz file, for `Sandbox.put`."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def read(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz file.

    Args:
        path: The file; objects in it (pickles) aren't read.

    Raises:
        BadData: If there is no such file, or it is none.
    """
    if not path.is_file():
        raise BadData(f"there is no file {path} for --data; it should be an .npz file with x, and y where there is one")
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            raise BadData(f"{path} is one array: --data expects an .npz file, as np.savez('data.npz', x=x) writes")
        with found as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise BadData(f"{path} can't be read as an .npz file of plain arrays: {str(error).splitlines()[0]}") from error


def hints(arrays: Mapping[str, np.ndarray]) -> dict[str, list[int]]:
    """The shapes that the arrays have at batch 1, for a model that leaves its own open."""
    found = {name: [1, *map(int, array.shape[1:])] for name, array in arrays.items() if name != "y"}
    return found | ({"": found["x"]} if "x" in found else {})


def fit(arrays: Mapping[str, np.ndarray], inputs: Sequence[Mapping[str, Any]], path: Path) -> dict[str, np.ndarray]:
    """Give each input its array.

    Args:
        arrays: Of `read`.
        inputs: Of `steps.look`.
        path: For the message.

    Returns:
        By the inputs' keys.

    Raises:
        BadData: If an array is missing, or has another shape or type than its input; the message has both.
    """
    found = {}
    for one in inputs:
        names = [one["name"], one["key"], *(["x"] if len(inputs) == 1 else [])]
        name = next((name for name in names if name in arrays), None)
        if name is None:
            wanted = "x" if len(inputs) == 1 else ", ".join(other["name"] for other in inputs)
            raise BadData(f"{path} has the arrays {', '.join(arrays) or 'none'}; expected {wanted}, and y for labels")
        array, shape = arrays[name], tuple(one["shape"][1:])
        if array.shape[1:] != shape or array.ndim == 0:
            expected = ", ".join(["n", *map(str, shape)])
            raise BadData(f"{name} in {path} must have the shape ({expected}), got {array.shape}")
        text = array.dtype.kind in "US"
        if text != (one["dtype"] == "string"):
            raise BadData(f"{name} in {path} has the type {array.dtype}, the model expects {one['dtype']}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BadData(f"{name} in {path} has values that are no finite numbers: leave those examples out")
        found[one["key"]] = array
    counts = {len(array) for array in found.values()}
    if len(counts) > 1 or not min(counts):
        raise BadData(f"the arrays in {path} must have the same number of examples, at least one, got {sorted(counts)}")
    return found


def labels_of(arrays: Mapping[str, np.ndarray], count: int, path: Path) -> np.ndarray | None:
    """The classes in `y`, (n,), or None where there are none; a row with one 1 in it is its place.

    Raises:
        BadData: If they are of another number or form.
    """
    if "y" not in arrays:
        return None
    given = arrays["y"]
    if given.ndim == 2 and given.shape[1] > 1:
        given = np.argmax(given, axis=1)
    given = given.reshape(-1) if given.ndim == 2 else given
    if given.ndim != 1 or len(given) != count:
        raise BadData(f"y in {path} has the shape {arrays['y'].shape}, expected ({count},): a class for each example")
    if given.dtype.kind not in "iub" and not (given.dtype.kind == "f" and (given == np.round(given)).all()):
        raise BadData(f"y in {path} has the type {given.dtype}, expected whole numbers: the classes, from 0")
    return given.astype(np.int64)


def split(given: Mapping[str, np.ndarray], labels: np.ndarray | None, *, seed: int) -> Examples:
    """Split the user's examples: up to half of them, at most 100, calibrate; of the others up to 500 judge.

    Args:
        given: By the inputs' keys.
        labels: Or None.
        seed: Of the order.
    """
    count = len(next(iter(given.values())))
    order = np.random.default_rng(seed).permutation(count)
    calibrating = order[: min(MOST_CALIBRATING, count // 2)]
    judging = order[len(calibrating) :][:MOST_JUDGING]
    return Examples(
        "data" if labels is None else "labels",
        {key: array[calibrating] for key, array in given.items()} if len(calibrating) else {},
        {key: array[judging] for key, array in given.items()},
        None if labels is None else labels[judging],
    )


def some(given: Mapping[str, np.ndarray], *, seed: int) -> dict[str, np.ndarray]:
    """Up to `MOST_CALIBRATING` of the examples, where all of them may calibrate."""
    count = len(next(iter(given.values())))
    order = np.random.default_rng(seed).permutation(count)[:MOST_CALIBRATING]
    return {key: array[np.sort(order)] for key, array in given.items()}


def noise(inputs: Sequence[Mapping[str, Any]], *, seed: int) -> Examples:
    """Seeded noise where there is no data: floats in [−1, 1), whole numbers that an embedding has, a word for text."""
    random = np.random.default_rng(seed)
    made = {}
    for one in inputs:
        shape, dtype = (NOISE, *one["shape"][1:]), one["feeds"]
        if dtype == "string":
            made[one["key"]] = np.full(shape, "word")
        elif dtype.startswith(("int", "uint")):
            made[one["key"]] = random.integers(0, max(1, int(one["values"] or 1)), shape).astype(dtype)
        elif dtype == "bool":
            made[one["key"]] = random.integers(0, 2, shape).astype(bool)
        else:
            made[one["key"]] = random.uniform(-1, 1, shape).astype(np.float32)
    return Examples("noise", {}, made)
