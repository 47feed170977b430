"""Python's own standard library as text: megabytes of it lie beside every interpreter, with nothing to download."""

from __future__ import annotations

import functools
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from efficient_ai.data.sources import sha256
from efficient_ai.data.splits import split_by_name
from efficient_ai.errors import DataUnavailable

# The modules of one file each, and these packages: what every Python has, without tests, tables and other languages.
PACKAGES = (
    "asyncio",
    "collections",
    "concurrent",
    "ctypes",
    "email",
    "html",
    "http",
    "importlib",
    "json",
    "logging",
    "multiprocessing",
    "pathlib",
    "re",
    "sysconfig",
    "tomllib",
    "unittest",
    "urllib",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipfile",
    "zoneinfo",
)
MADE_HERE = ("_sysconfigdata", "sitecustomize", "usercustomize")  # written by the build or by the system
END_OF_FILE = b"\0"
SHARES = {"train": 0.9, "validation": 0.05, "test": 0.05}


@dataclass(frozen=True)
class SourceCode:
    """Three disjoint sets of source files as bytes, uint8 (n,); a zero byte ends each file.

    `files` counts those of each split; `python` is the version whose library this is.
    """

    train: np.ndarray = field(repr=False)
    validation: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)
    files: dict[str, int]
    python: str
    sha256: str


def _sources(library: Path) -> dict[str, bytes]:
    """The text of each module by its name, in the names' order."""
    paths = [*library.glob("*.py"), *(path for package in PACKAGES for path in (library / package).rglob("*.py"))]
    found = {}
    for path in paths:
        below = path.relative_to(library)
        if below.name.startswith(MADE_HERE) or {"test", "tests"} & set(below.parts):
            continue
        content = path.read_bytes().replace(b"\r\n", b"\n")
        if content:
            found[below.with_suffix("").as_posix().removesuffix("/__init__")] = content
    return dict(sorted(found.items()))


@functools.cache
def python_source(library: Path | None = None) -> SourceCode:
    """The standard library's source, split by file.

    Args:
        library: The folder of the standard library; the running Python's own when left out.

    Returns:
        Bytes of about 370 files, nine tenths of them to train on. Their content is that of the Python that runs;
        their split follows from their names alone, so it is the same for another Python.

    Raises:
        DataUnavailable: If the library's source isn't there, as where Python came without it.
    """
    library = Path(library or sysconfig.get_path("stdlib"))
    sources = _sources(library)
    parts: dict[str, list[bytes]] = {name: [] for name in SHARES}
    for module, content in sources.items():
        parts[split_by_name(module, SHARES)].append(content + END_OF_FILE)
    if not all(parts.values()):
        raise DataUnavailable(
            f"{library} has {len(sources)} source files of the standard library: install Python with its .py files"
        )
    joined = {name: b"".join(part) for name, part in parts.items()}
    return SourceCode(
        **{name: np.frombuffer(content, np.uint8) for name, content in joined.items()},
        files={name: len(part) for name, part in parts.items()},
        python=sysconfig.get_python_version(),
        sha256=sha256(b"".join(joined.values())),
    )


def windows(content: np.ndarray, length: int, *, count: int | None = None, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Cut windows out of a text, each with the bytes that follow its own.

    Args:
        content: uint8 (n,).
        length: Of a window, in bytes.
        count: How many windows, at random places that may overlap; all that lie side by side when left out.
        seed: Of the places.

    Returns:
        (inputs, targets), int32 (count, length) both: `targets[i, t]` is the byte after `inputs[i, t]`.

    Raises:
        ValueError: If the text is too short for one window.
    """
    last = len(content) - length - 1
    if length < 1 or last < 0:
        raise ValueError(f"a window of {length} bytes and its next byte don't fit into {len(content)} bytes")
    if count is None:
        starts = np.arange(0, last + 1, length)
    else:
        starts = np.random.default_rng(seed).integers(0, last + 1, count)
    cut = content[starts[:, None] + np.arange(length + 1)].astype(np.int32)
    return np.ascontiguousarray(cut[:, :-1]), np.ascontiguousarray(cut[:, 1:])
