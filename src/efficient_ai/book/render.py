"""Renders the book: with Quarto where a recent one is installed, else with pandoc, nbclient and Typst from PyPI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from efficient_ai.book import execute, notebooks, pandoc, project
from efficient_ai.errors import EfficientAIError

QUARTO = (1, 9)


def build(page: str | None, root: Path) -> Path:
    """Render the book into its output folder, which is replaced only by a whole one.

    Args:
        page: Execute this page only, and render it with the pages whose execution is cached; all pages when None.
        root: The book's folder.

    Returns:
        The output folder.

    Raises:
        EfficientAIError: If a page holds what the book does not know, or one of its cells failed.
    """
    book = project.read(Path(root))
    wanted = book.page(page).file if page else None
    quarto = _quarto()
    if quarto:
        return _with_quarto(quarto, book, wanted)
    _require("griffe", "nbclient", "nbformat", "pagefind", "pypandoc", "typst")
    made = notebooks.generate(book)
    ran, left_out = {}, []
    for file in (page.file for page in book.pages if page.file in made):
        found = execute.cached(book, file, made[file]) if wanted not in (None, file) else None
        if wanted in (None, file):
            found = execute.executed(book, file, made[file])
        if found:
            ran[file] = found
        else:
            left_out.append(file)
    if left_out:
        _say(f"left out, since they were not executed: {', '.join(left_out)}")
    with _workplace(book) as work:
        site = work / "site"
        _render(book, work, site, ran, left_out)
        out = book.root / book.output_dir
        if out.exists():
            out.rename(work / "old")
        site.rename(out)
    return out


def _quarto() -> str | None:
    """Quarto's path if it is recent enough."""
    found = shutil.which("quarto")
    if not found:
        return None
    text = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    version = re.match(r"(\d+)\.(\d+)", text.strip())
    return found if version and (int(version[1]), int(version[2])) >= QUARTO else None


def _with_quarto(quarto: str, book: project.Project, wanted: str | None) -> Path:
    target = [wanted] if wanted else ["--output-dir", ".render/quarto"]
    done = subprocess.run(
        [quarto, "render", *target], cwd=book.root, env={**os.environ, "QUARTO_PYTHON": sys.executable}
    )
    if done.returncode:
        raise EfficientAIError("quarto render failed; its own message stands above")
    out, new = book.root / book.output_dir, book.root / ".render/quarto"
    if not wanted:
        shutil.rmtree(out, ignore_errors=True)
        new.rename(out)
    return out


def _require(*modules: str) -> None:
    from importlib.util import find_spec

    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise EfficientAIError(f"rendering needs {', '.join(missing)}: pip install 'efficient-ai[book]'")


@contextmanager
def _workplace(book: project.Project) -> Iterator[Path]:
    """A folder beside the book, of this process alone; what a killed run left behind is removed."""
    base = book.root / ".render"
    base.mkdir(exist_ok=True)
    for old in base.iterdir():
        if not old.name.isdigit() or not _alive(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    work = base / str(os.getpid())
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if not any(base.iterdir()):
            base.rmdir()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != os.getpid()


def _render(book: project.Project, work: Path, site: Path, ran: dict[str, dict[str, Any]], left_out: list[str]) -> None:
    shown, downloads = {}, {}
    for file, notebook in ran.items():
        stem = Path(file).stem
        results = work / f"{stem}.json"
        results.write_text(json.dumps(execute.results(notebook, file, site)), "utf-8")
        shown[file] = str(results)
        downloads[file] = f"notebooks/{stem}.ipynb"
        target = site / downloads[file]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(notebooks.serialize(notebooks.text_only(notebook)))
    metadata = {
        "cells": book.cell_defaults,
        "results": shown,
        "left-out": left_out,
        "site": site.relative_to(book.root).as_posix(),
        "notebooks": downloads,
    }
    _say("writing HTML")
    template = pandoc.ASSETS / "page.html"
    pandoc.run(
        book,
        work=work,
        to="html",
        filters=("cells.lua", "terms.lua", "quarto.lua", "citeproc", "site.lua"),
        options=("--mathml", "--standalone", "--template", str(template), "-o", os.devnull),
        **metadata,
    )
    for asset in ("book.css", "book.js"):
        shutil.copy(pandoc.ASSETS / asset, site / asset)
    _index(site)
    _say("writing PDF")
    source, layout = work / "book.typ", pandoc.ASSETS / "book.typ"
    pandoc.run(
        book,
        work=work,
        to="typst",
        filters=("cells.lua", "terms.lua", "quarto.lua", "citeproc", "pdf.lua"),
        options=(
            "--syntax-highlighting=idiomatic",
            "--wrap=none",  # else a line may begin with a number and a full stop, which Typst takes for a list
            "--standalone",
            "--template",
            str(layout),
            "-o",
            str(source),
        ),
        **metadata,
    )
    _typeset(source, site / f"{book.output_file}.pdf", book.root)


def _index(site: Path) -> None:
    """Index the pages for the search box, and drop the parts of pagefind that the book has no use for."""
    command = [sys.executable, "-m", "pagefind", "--silent", "--site", str(site)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise EfficientAIError(f"pagefind could not index the book: {done.stderr.strip() or done.stdout.strip()}")
    for file in (site / "pagefind").glob("pagefind-*"):
        if file.suffix in (".js", ".css") and "worker" not in file.name:
            file.unlink()


def _typeset(source: Path, target: Path, root: Path) -> None:
    import typst

    try:
        typst.compile(str(source), output=str(target), root=str(root), ignore_system_fonts=True)
    except typst.TypstError as error:
        raise EfficientAIError(f"Typst stopped: {error}") from None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
