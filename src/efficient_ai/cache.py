"""What is kept on disk: files written whole, results of slow functions, the machine's fingerprint, the results store.

`joblib.Memory` does not see that a function called by the cached one has changed, so a key here carries the hash of
the package's code beside the arguments.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from efficient_ai.records import Machine

PACKAGE = Path(__file__).parent
SHIPPED = PACKAGE / "results.json"  # the book's own results, for a reader who has run no page
SHOWS_ONLY = ("book", "commands", "report", "cli.py")  # no page computes with these rooms


def root() -> Path:
    """The folder that holds everything cached: `$EFFICIENT_AI_CACHE`, else `~/.cache/efficient-ai`."""
    return Path(os.environ.get("EFFICIENT_AI_CACHE") or Path.home() / ".cache" / "efficient-ai")


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees either the old content or the new, never a part.

    Args:
        path: The file; its folder is made where there is none.
        content: All of its bytes.

    Returns:
        `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _meaning(source: str) -> str:
    """A module's code without comments, layout and docstrings: what decides its results."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body[0].value = ast.Constant("")
    return _dump(tree)


def _dump(node: Any) -> str:
    """A syntax tree as text; empty fields are left out, since Python's versions differ in which there are."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if value is not None and value != [])
        return f"{type(node).__name__}({', '.join(f'{name}={_dump(value)}' for name, value in fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    return repr(node)


HASHED = ("toml", "json", "h5", "css", "js", "mplstyle")  # beside code, by suffix: data, weights, looks


@functools.cache
def code_hash(*modules: str) -> str:
    """Hash the code of some of the package's modules, or of all of it.

    Comments, layout and docstrings don't count, so a better explanation doesn't make a record stale.

    Args:
        modules: Dotted names below `efficient_ai`, as in `"compress.prune"`; a folder's name takes all in it.
            None at all: the whole package without the rooms in `SHOWS_ONLY`, and without what the book found itself.

    Returns:
        The first 16 hex digits of a SHA-256.

    Raises:
        FileNotFoundError: If a module does not exist.
    """
    files: list[Path] = []
    for module in modules:
        base = PACKAGE / module.replace(".", "/")
        found = sorted(base.rglob("*.py")) if base.is_dir() else [base.with_suffix(".py")]
        files.extend(found)
    if not modules:
        files = sorted(PACKAGE.rglob("*.py"))
        files += sorted(f for suffix in HASHED for f in PACKAGE.rglob(f"*.{suffix}") if f != SHIPPED)
        files = [f for f in files if f.relative_to(PACKAGE).parts[0] not in SHOWS_ONLY]
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(str(file.relative_to(PACKAGE)).encode())
        digest.update(_meaning(content.decode()).encode() if file.suffix == ".py" else content)
    return digest.hexdigest()[:16]


@functools.cache
def machine() -> Machine:
    """This machine: CPU, cores that the process may use, memory, system and Python."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return Machine(cpu, cores, memory, f"{platform.system()} {platform.machine()}", platform.python_version())


def fingerprint() -> str:
    """A short hash of `machine()`: results that depend on the machine carry it in their key."""
    return hashlib.sha256(repr(machine()).encode()).hexdigest()[:12]


def recall(name: str, key: dict[str, Any], compute: Callable[[], Any]) -> Any:
    """Give back what `compute` gave for this key before, or compute and keep it.

    Args:
        name: What is kept, as a file name.
        key: Everything that the result depends on beside the package's code, as plain JSON values.
        compute: A function without arguments that returns plain JSON values.

    Returns:
        The result, as JSON gives it back (tuples become lists).
    """
    text = json.dumps({**key, "code": code_hash()}, sort_keys=True)
    path = root() / name / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"
    if not path.exists():
        write_whole(path, json.dumps({"key": json.loads(text), "result": compute()}).encode())
    return json.loads(path.read_text())["result"]


def record_result(page: str, key: str, **values: float | str) -> dict[str, float | str]:
    """Enter what a page found into the results store, which the conclusion reads.

    Args:
        page: The page, as in `"models"`.
        key: What was found, as in `"resnet8.int8"`; a second entry under the same key replaces the first.
        values: Numbers and words, units in their names.

    Returns:
        The entry.
    """
    path = root() / "results" / f"{page}.json"
    entries = json.loads(path.read_text()) if path.exists() else {}
    entries[key] = {**values, "code": code_hash(), "machine": fingerprint()}
    write_whole(path, json.dumps(entries, indent=1, sort_keys=True).encode())
    return entries[key]


def results(page: str) -> dict[str, dict[str, float | str]]:
    """What a page entered into the results store; an entry made by older code is marked `stale`."""
    path = root() / "results" / f"{page}.json"
    return _marked(json.loads(path.read_text()) if path.exists() else {})


def shipped_results(page: str) -> dict[str, dict[str, float | str]]:
    """What the book's own run entered for a page, as it ships with the package; marked as in `results`."""
    return _marked(_shipped().get(page, {}))


def ship_results(entries: dict[str, dict[str, dict[str, float | str]]]) -> Path:
    """Write what ships with the package.

    Args:
        entries: By page, by key, as `results` gives them.

    Returns:
        The file.
    """
    plain = {
        page: {key: {name: v for name, v in entry.items() if name != "stale"} for key, entry in by.items()}
        for page, by in entries.items()
    }
    return write_whole(SHIPPED, (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode())


def results_state() -> str:
    """A short hash of all that `results` and `shipped_results` can give: what a page that reads them depends on."""
    digest = hashlib.sha256()
    for path in (*sorted((root() / "results").glob("*.json")), SHIPPED):
        digest.update(path.name.encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]


def _shipped() -> dict[str, dict[str, dict[str, float | str]]]:
    return json.loads(SHIPPED.read_text()) if SHIPPED.exists() else {}


def _marked(entries: dict[str, dict[str, float | str]]) -> dict[str, dict[str, float | str]]:
    return {key: {**entry, "stale": entry["code"] != code_hash()} for key, entry in entries.items()}
