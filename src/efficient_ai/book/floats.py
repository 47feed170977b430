"""The list of figures and tables, made of the captions in the pages' sources; the renderer knows their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.book.project import Page, Project

INCLUDE = re.compile(r"\{\{< *include +(\S+) *>\}\}")
FLOATS = re.compile(
    r"^(?P<cell>[ \t]*`{3,} *\{python\}\n(?P<options>(?:[ \t]*#\|.*\n)+))"
    r"|!\[(?P<drawn>(?:[^\]\\]|\\.)*)\]\([^)]*\)\{#(?P<drawn_id>fig-[\w-]+)"
    r"|^: +(?P<typed>.+?) *\{#(?P<typed_id>tbl-[\w-]+)",
    re.M,
)
SENTENCE_END = re.compile(r"(?<=[^.\s]{2})[.?!](?=\s+[^a-z\s])")
TITLE = re.compile(r"^# +(.*?) *\{#(sec-[\w-]+)[^}]*\}", re.M)


@dataclass(frozen=True)
class Float:
    """A figure or table as its source announces it."""

    label: str
    caption: str

    @property
    def short(self) -> str:
        """The caption's first sentence."""
        end = SENTENCE_END.search(self.caption)
        first = self.caption[: end.end()] if end else self.caption
        return first if first.endswith((".", "?", "!")) else f"{first}."


def source(path: Path) -> str:
    """A page's text with what it includes in place; an include that isn't there yet is empty."""
    folder = path.parent
    text = path.read_text("utf-8")
    return INCLUDE.sub(lambda m: source(folder / m[1]) if (folder / m[1]).exists() else "", text)


def floats(text: str) -> Iterator[Float]:
    """The figures and tables of a page with a caption, in their order.

    Args:
        text: The page's source, includes in place.
    """
    import yaml

    for match in FLOATS.finditer(text):
        if not match["cell"]:
            yield Float(match["drawn_id"] or match["typed_id"], " ".join((match["drawn"] or match["typed"]).split()))
            continue
        options = yaml.safe_load(re.sub(r"(?m)^[ \t]*#\| ?", "", match["options"])) or {}
        label = str(options.get("label", ""))
        caption = options.get(f"{label[:3]}-cap")
        if label[:4] in ("fig-", "tbl-") and caption and options.get("include", True):
            yield Float(label, " ".join(str(caption).split()))


def markdown(book: Project) -> str:
    """The list as Markdown: a heading for each page, a line for each figure and table, numbered by cross reference.

    Args:
        book: The project.
    """
    parts = []
    for page in book.pages:
        entries = list(floats(source(book.root / page.file)))
        if entries:
            lines = "\n".join(f"- @{entry.label}: {entry.short}" for entry in entries)
            parts.append(f"## {_title(book, page)} {{.unnumbered}}\n\n::: {{#floats-{page.name}}}\n\n{lines}\n\n:::")
    return "\n\n".join(parts) + "\n"


def _title(book: Project, page: Page) -> str:
    """A page's title with its number, if it has one."""
    text = (book.root / page.file).read_text("utf-8")
    found = TITLE.search(text)
    return f"@{found[2]}: {found[1]}" if found else re.search(r"^# +(.*?) *(\{.*)?$", text, re.M)[1]
