"""A page's notebook: what Colab and Jupyter open, what nbval tests, and what is executed for the book."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from efficient_ai.book import execute, pandoc, project
from efficient_ai.errors import EfficientAIError

INSTALL = """\
# Installs the book's library where it is missing, as on Colab; elsewhere it only gets the notebook ready.
import importlib.util, os, pathlib, subprocess, sys
if importlib.util.find_spec("efficient_ai") is None:
    wheel = os.environ.get("EFFICIENT_AI_WHEEL")
    source = pathlib.Path(wheel).resolve().as_uri() if wheel else "git+REPO_URL"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", f"efficient-ai[PAGE] @ {source}"], check=True)
%config InlineBackend.figure_formats = ["svg"]
from efficient_ai.book import prose"""
EXACT = "nbval-check-output"
TEXT = ("text/markdown", "text/plain")


def generate(book: project.Project) -> dict[str, dict[str, Any]]:
    """Turn every page that has something to run into a notebook that has not run.

    Args:
        book: The project.

    Returns:
        For each such page's file its notebook, as nbformat's JSON.

    Raises:
        EfficientAIError: If a page holds what the book does not know, or pyproject.toml names no extra for it.
    """
    extras = project.extras(book.root)
    with tempfile.TemporaryDirectory() as work:
        filters = ("cells.lua", "quarto.lua", "citeproc")
        writer = str(pandoc.FILTERS / "notebook.lua")
        text = pandoc.run(book, work=Path(work), to=writer, filters=filters, cells=book.cell_defaults)
    notebooks = {}
    for file, cells in json.loads(text or "{}").items():
        page = book.page(file)
        if extras is not None and page.name not in extras:
            raise EfficientAIError(f"{file}: its notebook needs an extra called {page.name} in pyproject.toml")
        install = INSTALL.replace("REPO_URL", book.repo_url).replace("PAGE", page.name)
        made = [_code(install, {"hidden": True})]
        made += [_markdown(cell) if cell["type"] == "markdown" else _run(cell) for cell in cells]
        seen: dict[str, int] = {}
        for cell in made:
            count = seen[cell["source"]] = seen.get(cell["source"], 0) + 1
            cell["id"] = hashlib.sha256(f"{count} {cell['source']}".encode()).hexdigest()[:8]
        notebooks[file] = {
            "cells": made,
            "metadata": {
                "colab": {"provenance": []},
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    return notebooks


def _markdown(cell: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": cell["source"]}


def _run(cell: dict[str, Any]) -> dict[str, Any]:
    if cell["type"] == "code":
        return _code(cell["source"], cell)
    text = cell["source"]
    prefix = "r" if "\\" in text else ""
    quoted = f'{prefix}"""\n{text}\n"""' if '"""' not in text and not text.endswith("\\") else repr(text)
    expressions = "".join(f",\n    {expression}" for expression in cell["expressions"])
    return _code(f"prose({quoted}{expressions})", {"hidden": True, "values": cell["values"]})


def _code(source: str, cell: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if cell.get("hidden"):
        metadata = {"cellView": "form", "jupyter": {"source_hidden": True}}
    if cell.get("tags"):
        metadata["tags"] = cell["tags"]
    place = {key: cell[key] for key in ("n", "label", "values") if cell.get(key)}
    if place:
        metadata["book"] = place
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def text_only(notebook: dict[str, Any]) -> dict[str, Any]:
    """An executed notebook as it is committed: without pictures, HTML and progress bars.

    Args:
        notebook: The executed notebook; it stays as it was.

    Returns:
        A copy whose outputs are text; a cell that nbval compares keeps all of its outputs.

    Raises:
        EfficientAIError: If a cell whose output is compared gave a picture.
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        if EXACT in cell["metadata"].get("tags", []):
            kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
            if any(kind.startswith("image/") for kind in kinds):
                raise EfficientAIError(f"a cell tagged {EXACT} gave a picture; compare text: {cell['source'][:60]!r}")
            continue
        kept = []
        for output in cell["outputs"]:
            if output["output_type"] == "stream" and output["name"] == "stderr":
                continue
            if execute.WIDGET in output.get("data", {}):
                continue
            if "data" in output:
                output["data"] = {kind: output["data"][kind] for kind in TEXT if kind in output["data"]}
                output["metadata"] = {}
                if not output["data"]:
                    continue
            if output["output_type"] == "error":
                output["traceback"] = [f"{output['ename']}: {output['evalue']}"]
            kept.append(output)
        cell["outputs"] = kept
        for count, output in ((cell["execution_count"], o) for o in kept if o["output_type"] == "execute_result"):
            output["execution_count"] = count
    return notebook


def serialize(notebook: dict[str, Any]) -> bytes:
    """A notebook as the bytes of its file; the same notebook gives the same bytes."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def path_of(book: project.Project, file: str) -> Path:
    """Where the notebook of a page is committed."""
    return book.root / "notebooks" / f"{Path(file).stem}.ipynb"


def write(root: Path, names: list[str] | None = None) -> list[Path]:
    """Write notebooks from their pages, executed; what is cached is not executed again.

    Args:
        root: The book's folder.
        names: Pages, by name; all when None.

    Returns:
        The files written.
    """
    from efficient_ai import cache

    book = project.read(root)
    wanted = {book.page(name).file for name in names} if names else {page.file for page in book.pages}
    made = generate(book)
    written = []
    for file in (page.file for page in book.pages if page.file in wanted and page.file in made):
        executed = execute.executed(book, file, made[file])
        written.append(cache.write_whole(path_of(book, file), serialize(text_only(executed))))
    return written


def check(root: Path) -> list[str]:
    """Say which committed notebooks are out of step with their pages.

    Args:
        root: The book's folder.

    Returns:
        One line for each thing that is wrong; none when all are in step.
    """
    book = project.read(root)
    made = generate(book)
    wrong = []
    for file, fresh in made.items():
        path = path_of(book, file)
        name = path.relative_to(book.root)
        remedy = "run `efficient-ai notebooks`"
        if not path.exists():
            wrong.append(f"{name} is missing; {remedy}")
            continue
        committed = json.loads(path.read_text("utf-8"))
        if _sources(committed) != _sources(fresh):
            wrong.append(f"{name} is out of step with {file}; {remedy}")
        if any(c["cell_type"] == "code" and c["execution_count"] is None for c in committed["cells"]):
            wrong.append(f"{name} has cells that did not run; {remedy}")
        if re.search(r'"image/[\w+.-]+":', path.read_text("utf-8")):
            wrong.append(f"{name} holds pictures; {remedy}")
    pages = {path_of(book, file) for file in made}
    for path in sorted((book.root / "notebooks").glob("*.ipynb")):
        if path not in pages:
            wrong.append(f"{path.relative_to(book.root)} has no page; delete it")
    return wrong


def _sources(notebook: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All of a notebook that its page decides."""
    return [(c["cell_type"], "".join(c["source"]), c["metadata"]) for c in notebook["cells"]]
