"""The book's project file: which pages there are, in which order, and what they are called."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficient_ai.errors import EfficientAIError

CELL_DEFAULTS = {"echo": True, "warning": False, "code-fold": False}


@dataclass(frozen=True)
class Page:
    """One source file of the book; `file` is relative to the book's root, with forward slashes."""

    file: str
    appendix: bool

    @property
    def name(self) -> str:
        """What the page is called on the command line, in the cache and as a notebook: `models`."""
        return Path(self.file).stem


@dataclass(frozen=True)
class Project:
    """What `_quarto.yml` says, as far as both renderers know it."""

    root: Path
    title: str
    subtitle: str
    author: str
    language: str
    repo_url: str
    branch: str
    output_dir: str
    output_file: str
    bibliography: str | None
    number_depth: int
    cell_defaults: dict[str, Any]
    pages: tuple[Page, ...]

    def page(self, name: str) -> Page:
        """The page of that name, which may also be given as its path."""
        for page in self.pages:
            if name in (page.name, page.file):
                return page
        known = ", ".join(page.name for page in self.pages)
        raise EfficientAIError(f"no page called {name} in _quarto.yml; it lists {known}")


def read(root: Path) -> Project:
    """Read `_quarto.yml`.

    Args:
        root: The book's folder.

    Returns:
        The project, its pages in order, appendices last.

    Raises:
        EfficientAIError: If there is no such file, it lists a page that does not exist, or it has parts.
    """
    import yaml

    file = Path(root) / "_quarto.yml"
    if not file.exists():
        raise EfficientAIError(f"no _quarto.yml in {root}: run this in the book's folder")
    content = yaml.safe_load(file.read_text("utf-8"))
    book = content["book"]
    pages = []
    for key in ("chapters", "appendices"):
        for entry in book.get(key) or []:
            if not isinstance(entry, str):
                raise EfficientAIError(f"_quarto.yml: {key} must be a list of files, got {entry}")
            if not (Path(root) / entry).is_file():
                raise EfficientAIError(f"_quarto.yml lists {entry}, which does not exist")
            pages.append(Page(entry, key == "appendices"))
    html = content.get("format", {}).get("html", {})
    execute = {k: v for k, v in content.get("execute", {}).items() if k in ("echo", "warning", "error", "output")}
    return Project(
        root=Path(root).resolve(),
        title=book["title"],
        subtitle=book.get("subtitle", ""),
        author=book.get("author", ""),
        language=content.get("lang", "en"),
        repo_url=book["repo-url"].rstrip("/"),
        branch=book.get("repo-branch", "main"),
        output_dir=content["project"].get("output-dir", "_book"),
        output_file=book.get("output-file", "book"),
        bibliography=content.get("bibliography"),
        number_depth=html.get("number-depth", 3),
        cell_defaults={**CELL_DEFAULTS, **execute, "code-fold": html.get("code-fold", False)},
        pages=tuple(pages),
    )


def extras(root: Path) -> set[str] | None:
    """The optional dependencies that `pyproject.toml` names; None where there is no such file."""
    file = Path(root) / "pyproject.toml"
    if not file.exists():
        return None
    return set(tomllib.loads(file.read_text("utf-8"))["project"].get("optional-dependencies", {}))
