"""Writes a report's two files into a folder of its own, and leaves every other folder alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from efficient_ai import cache
from efficient_ai.errors import EfficientAIError
from efficient_ai.report.page import render

PAGE, DATA = "report.html", "report.json"


def check(folder: Path) -> None:
    """Raise EfficientAIError unless a report may be written into the folder: a new, an empty, or an older report's."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise EfficientAIError(f"{folder} is a file: name a folder for the report with --out DIR")
    names = {one.name for one in folder.iterdir()}
    if names and not _is_report(folder, names):
        raise EfficientAIError(f"the folder {folder} holds something else than a report: name another with --out DIR")


def _is_report(folder: Path, names: set[str]) -> bool:
    if not names <= {PAGE, DATA} or DATA not in names:
        return False
    try:
        found = json.loads((folder / DATA).read_text("utf-8"))
    except (ValueError, OSError, RecursionError):
        return False
    return isinstance(found, dict) and {"schema", "model", "variants"} <= set(found)


def write(document: dict[str, Any], folder: Path) -> Path:
    """Write report.json and report.html, each whole or not at all.

    Returns:
        The page.
    """
    check(folder)
    page = render(document)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    cache.write_whole(folder / DATA, f"{text}\n".encode())
    return cache.write_whole(folder / PAGE, page.encode("utf-8", "replace"))
