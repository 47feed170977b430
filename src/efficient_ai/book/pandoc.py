"""Runs pandoc with the book's filters, and says in one line what it stopped at."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from efficient_ai.book import parts
from efficient_ai.book.project import Project
from efficient_ai.errors import EfficientAIError

FILTERS = Path(__file__).parent / "filters"
ASSETS = Path(__file__).parent / "assets"


def run(
    project: Project, *, work: Path, to: str, filters: Iterable[str], options: Iterable[str] = (), **metadata: object
) -> str:
    """Read all pages of the book, filter them, and write them.

    Args:
        project: The book.
        work: A folder for the metadata file; not inside a page's folder.
        to: pandoc's output format.
        filters: Names of Lua filters in `filters/`, in order; `citeproc` stands for pandoc's own.
        options: More of pandoc's options.
        metadata: What the filters want to know beside the project.

    Returns:
        What pandoc wrote to its standard output.

    Raises:
        EfficientAIError: If pandoc or a filter stopped, with its message.
    """
    import pypandoc

    parts.write(project)
    meta = {
        "title": project.title,
        "subtitle": project.subtitle,
        "author": project.author,
        "lang": project.language,
        "pages": [{"file": page.file, "name": page.name, "appendix": page.appendix} for page in project.pages],
        "number-depth": str(project.number_depth),
        "repo-url": project.repo_url,
        "repo-branch": project.branch,
        "pdf": f"{project.output_file}.pdf",
        "link-citations": True,
        "link-bibliography": True,
        **metadata,
    }
    if project.bibliography:
        meta["bibliography"] = project.bibliography
    work.mkdir(parents=True, exist_ok=True)
    meta_file = work / "book.json"
    meta_file.write_text(json.dumps(meta), "utf-8")
    command = [pypandoc.get_pandoc_path(), "--fail-if-warnings", "-f", str(FILTERS / "reader.lua")]
    command += [page.file for page in project.pages]
    command += ["--metadata-file", str(meta_file), "-t", to]
    for name in filters:
        command += ["--citeproc"] if name == "citeproc" else ["-L", str(FILTERS / name)]
    done = subprocess.run([*command, *options], cwd=project.root, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise EfficientAIError(complaint(done.stderr))
    return done.stdout


def complaint(stderr: str) -> str:
    """The line of pandoc's complaint that matters, without Lua's traceback and file names."""
    text = stderr.split("stack traceback:")[0].strip()
    missing = re.search(r"\[WARNING\] (Citeproc: .*|.*)", text)
    ours = re.search(r"\.lua:\d+: (.*)", text, re.S)
    return " ".join((ours or missing or re.match(r"(.*)", text, re.S)).group(1).split())
