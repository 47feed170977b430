"""Runs a page's notebook, once: what it gave is cached under the code that it ran, not under the prose around it."""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from efficient_ai import cache
from efficient_ai.book.project import Project
from efficient_ai.errors import EfficientAIError

CELL_TIMEOUT_S = 3600
READS_RESULTS = re.compile(r"\bcache\.results\(|\bfindings\.gather\(")
WIDGET = "application/vnd.jupyter.widget-view+json"
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """A notebook's code cells, in order; the first one installs the library."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _meaning(cell: dict[str, Any]) -> list[Any]:
    """What a cell computes: its code, or of a paragraph with values their expressions only."""
    source = "".join(cell["source"])
    if cell["metadata"].get("book", {}).get("values"):
        call = ast.parse(source).body[0].value
        return ["values", *(ast.unparse(argument) for argument in call.args[1:])]
    return ["code", source, "raises-exception" in cell["metadata"].get("tags", [])]


def key(book: Project, notebook: dict[str, Any]) -> str:
    """The key under which an execution is cached: the cells, the package's code, the lock, the machine.

    For a page that reads what other pages found, also all that they have entered.
    """
    lock = book.root / "constraints.txt"
    parts = [
        [_meaning(cell) for cell in code_cells(notebook)[1:]],
        cache.code_hash(),
        lock.read_text("utf-8") if lock.exists() else "",
        cache.fingerprint(),
    ]
    if any(READS_RESULTS.search("".join(cell["source"])) for cell in code_cells(notebook)):
        parts.append(cache.results_state())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _file(book: Project, notebook: dict[str, Any], name: str) -> Path:
    return cache.root() / "pages" / f"{name}-{key(book, notebook)}.json"


def _filled(notebook: dict[str, Any], outputs: list[list[dict[str, Any]]]) -> dict[str, Any]:
    filled = copy.deepcopy(notebook)
    for count, (cell, own) in enumerate(zip(code_cells(filled), outputs, strict=True), start=1):
        cell["execution_count"], cell["outputs"] = count, own
    return filled


def cached(book: Project, file: str, notebook: dict[str, Any]) -> dict[str, Any] | None:
    """The notebook as it ran before, or None where nothing ran with this code on this machine."""
    path = _file(book, notebook, Path(file).stem)
    return _filled(notebook, json.loads(path.read_text("utf-8"))) if path.exists() else None


def store(book: Project, name: str, notebook: dict[str, Any], outputs: list[list[dict[str, Any]]]) -> None:
    """Keep an execution that happened elsewhere: nbval's.

    Args:
        book: The project.
        name: The page's name.
        notebook: What ran.
        outputs: What each of its code cells gave.
    """
    if len(outputs) != len(code_cells(notebook)):
        raise ValueError(f"{name}: {len(outputs)} outputs for {len(code_cells(notebook))} cells")
    cache.write_whole(_file(book, notebook, name), json.dumps(outputs).encode())


def executed(book: Project, file: str, notebook: dict[str, Any]) -> dict[str, Any]:
    """A page's notebook with its outputs, from the cache or run now.

    Args:
        book: The project.
        file: The page.
        notebook: Its notebook, as `notebooks.generate` makes it.

    Returns:
        A copy with outputs.

    Raises:
        EfficientAIError: If a cell failed: page, cell and cause in the first line, the kernel's traceback below.
    """
    found = cached(book, file, notebook)
    if found is None:
        store(book, Path(file).stem, notebook, _run(book, file, notebook))
        found = cached(book, file, notebook)
    return found


def _run(book: Project, file: str, notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from tqdm import tqdm

    node = nbformat.from_dict(copy.deepcopy(notebook))
    folder = str((book.root / file).parent)
    client = NotebookClient(
        node,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        coalesce_streams=True,  # what one cell prints is one block
        extra_arguments=["--IPKernelApp.log_level=40"],  # else it warns about TCP on every start
        resources={"metadata": {"path": folder}},
    )
    if not sys.stderr.isatty():
        print(f"executing {file}", file=sys.stderr, flush=True)
    bar = tqdm(total=len(code_cells(notebook)), desc=file, unit="cell", disable=None, leave=False)
    # What the kernel's libraries write past Python goes to a file: its last line says why a kernel died.
    with tempfile.TemporaryFile() as chatter, bar, client.setup_kernel(stdout=chatter, stderr=chatter):
        for index, cell in enumerate(node.cells):
            if cell.cell_type != "code":
                continue
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                cause = f"{error.ename}: {error.evalue}"
                trace = ANSI.sub("", error.traceback)
                raise EfficientAIError(f"{file}, {place(cell)}: {cause}\n{trace}") from None
            except CellTimeoutError:
                raise EfficientAIError(f"{file}, {place(cell)}: it ran longer than {CELL_TIMEOUT_S} s") from None
            except DeadKernelError:
                chatter.seek(0)
                last = (chatter.read().decode(errors="replace").strip().splitlines() or ["it may have lacked memory"])[
                    -1
                ]
                raise EfficientAIError(f"{file}, {place(cell)}: the kernel died: {last}") from None
            bar.update()
    return [json.loads(json.dumps(cell.outputs)) for cell in node.cells if cell.cell_type == "code"]


def place(cell: dict[str, Any]) -> str:
    """How an error names a cell: by its label, its number on the page, or its first expression."""
    book = cell["metadata"].get("book", {})
    if "values" in book:
        return f"the paragraph {''.join(cell['source']).strip().splitlines()[1][:50]!r}"
    return f"cell {book.get('label') or book.get('n', 'that installs the library')}"


def results(notebook: dict[str, Any], file: str, site: Path) -> dict[str, Any]:
    """What the filters weave into a page; pictures are written below `site` on the way.

    Args:
        notebook: An executed notebook.
        file: Its page.
        site: The folder of the rendered book.

    Returns:
        `cells`: for each cell's number its outputs, each in the form that HTML and the PDF show; `values`: for
        each inline value's number its text.
    """
    cells: dict[str, list[dict[str, Any]]] = {}
    values: dict[str, str] = {}
    for cell in code_cells(notebook):
        own = cell["metadata"].get("book", {})
        if "values" in own:
            shown = next(o["data"]["application/json"] for o in cell["outputs"] if "data" in o)
            values.update(zip(own["values"], shown, strict=True))
        elif "n" in own:
            name = own.get("label") or f"cell-{own['n']}"
            try:
                cells[own["n"]] = list(_forms(cell["outputs"], f"plots/{Path(file).stem}/{name}", site))
            except ValueError as error:
                raise EfficientAIError(f"{file}, {place(cell)}: {error}") from None
    return {"cells": cells, "values": values}


def _forms(outputs: list[dict[str, Any]], stem: str, site: Path) -> Iterator[dict[str, dict[str, str]]]:
    pictures = sum("image/svg+xml" in o.get("data", {}) or "image/png" in o.get("data", {}) for o in outputs)
    drawn = 0
    for output in outputs:
        data = {k: "".join(v) if isinstance(v, list) else v for k, v in output.get("data", {}).items()}
        if WIDGET in data:  # a progress bar of a notebook, which has nothing to say when it is over
            continue
        forms: dict[str, dict[str, str]] = {}
        if output["output_type"] == "stream":
            text = {"kind": "stderr" if output["name"] == "stderr" else "text", "text": plain(output["text"])}
            forms = {"html": text, "typst": text}
        elif output["output_type"] == "error":
            text = {"kind": "error", "text": f"{output['ename']}: {plain(output['evalue'])}"}
            forms = {"html": text, "typst": text}
        elif data:
            image = None
            if "image/svg+xml" in data or "image/png" in data:
                drawn += 1
                image = {"kind": "image", "text": _draw(data, stem + (f"-{drawn}" if pictures > 1 else ""), site)}
            html = "text/html" in data and {"kind": "html", "text": data["text/html"]}
            table = html if html and "<table" in html["text"] and "<script" not in html["text"] else None
            words = "text/markdown" in data and {"kind": "markdown", "text": data["text/markdown"]}
            text = {"kind": "text", "text": plain(data.get("text/plain", ""))}
            if html and not table and not image and not words:
                raise ValueError("HTML alone cannot stand in the PDF; give it an image/svg+xml or text/markdown form")
            forms = {"html": html or image or words or text, "typst": image or words or table or text}
        if forms:
            yield forms


def _draw(data: dict[str, str], stem: str, site: Path) -> str:
    import base64

    if "image/svg+xml" in data:
        svg = re.sub(r"\s*<metadata>.*?</metadata>", "", data["image/svg+xml"], flags=re.S)
        name, content = f"{stem}.svg", svg.encode()
    else:
        name, content = f"{stem}.png", base64.b64decode(data["image/png"])
    path = site / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


def plain(text: str | list[str]) -> str:
    """Terminal output as it would stand on the screen: no colours, no overwritten lines."""
    text = ANSI.sub("", "".join(text))
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.rstrip("\n").split("\n"))
