"""The book's sources as the tests read them: prose, cells, headings and labels, each with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from efficient_ai.book import parts

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "index.qmd", *sorted((ROOT / "chapters").glob("*.qmd")), ROOT / "references.qmd"]
SHOWN_OPTIONS = ("fig-cap", "fig-alt", "fig-subcap", "tbl-cap")
GENERATED = parts.NAMES  # written from docstrings and captions, which have tests of their own
NOT_PROSE = re.compile(
    r"(?P<comment><!--.*?-->)"
    r"|(?P<code>(?P<ticks>`+)(?!`).*?(?P=ticks))"
    r"|(?P<maths>\$\$.*?\$\$|\$(?=\S)[^$\n]*?\S\$|\$\S\$)"
    r"|(?P<include>\{\{<.*?>\}\})"
    r"|(?P<target>\]\([^)]*\))"
    r"|(?P<url><?https?://[^\s>)]*>?)"
    r"|(?P<attributes>\{[#.][^}]*\})"
    r"|(?P<footnote>\[\^[^\]]+\]:?)"
    r"|(?P<citation>-?@[A-Za-z][\w:.-]*\w)",
    re.S,
)


@dataclass(frozen=True)
class Cell:
    """A {python} cell: where it begins, its options and its code."""

    line: int
    options: dict
    code: str

    @property
    def label(self) -> str:
        return str(self.options.get("label", ""))

    @property
    def runs(self) -> bool:
        return self.options.get("eval", True) is not False


@dataclass(frozen=True)
class Heading:
    """A heading with its level and id."""

    line: int
    level: int
    id: str


@dataclass
class Source:
    """One page. `text` is its prose line by line, empty where code stands."""

    path: Path
    text: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else self.path.name

    def section(self, id: str) -> range | None:
        """The lines of a section, its subsections included; None where there is no such heading."""
        for number, heading in enumerate(self.headings):
            if heading.id == id:
                after = [h.line for h in self.headings[number + 1 :] if h.level <= heading.level]
                return range(heading.line, after[0] if after else len(self.text) + 1)
        return None

    def prose(self) -> str:
        """The prose without code, maths, links' targets, attributes and citations; lines stay where they were."""

        def blank(match: re.Match) -> str:
            shown = ""
            if match["attributes"]:  # a title is prose
                shown = " ".join(re.findall(r'title="([^"]*)"', match[0]))
            return shown + "\n" * match[0].count("\n")

        return NOT_PROSE.sub(blank, "\n".join(self.text))

    def labels(self) -> dict[str, int]:
        """The figures' and tables' labels, of cells and of drawn ones, with their lines."""
        found = {cell.label: cell.line for cell in self.cells if re.match(r"(fig|tbl)-", cell.label)}
        for number, line in enumerate(self.text, start=1):
            found |= dict.fromkeys(re.findall(r"\{#((?:fig|tbl)-[\w-]+)", line), number)
        return found

    def cited(self) -> set[str]:
        """Everything that stands after an @ in the prose: references and citation keys."""
        text = NOT_PROSE.sub(lambda m: m[0] if m["citation"] else " ", "\n".join(self.text))
        return {match[1].rstrip(".:") for match in re.finditer(r"(?<![\w.])-?@([A-Za-z][\w:.-]*)", text)}


def lines(path: Path) -> list[str]:
    """A page's lines, with those that it includes in their place."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        included = re.fullmatch(r"\{\{< include (\S+) >\}\}", line)
        if included:
            found += [""] if included[1] in GENERATED else lines(path.parent / included[1])
        else:
            found.append(line)
    return found


def read(path: Path) -> Source:
    """Take a page apart, and what it includes with it; lines are counted with the includes in place."""
    source = Source(path)
    fence, cell, start = "", None, 0
    for number, line in enumerate(lines(path), start=1):
        mark = re.match(r"\s*(`{3,}|~{3,})(.*)", line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                if cell is not None:
                    options = [re.sub(r"^\s*#\| ?", "", part) for part in cell if re.match(r"\s*#\|", part)]
                    code = "\n".join(part for part in cell if not re.match(r"\s*#\|", part))
                    source.cells.append(Cell(start, yaml.safe_load("\n".join(options)) or {}, code))
                fence, cell = "", None
            elif cell is not None:
                cell.append(line)
            source.text.append("")
            continue
        if mark:
            fence, start = mark[1], number
            cell = [] if mark[2].strip() == "{python}" else None
            source.text.append("")
            continue
        heading = re.match(r"(#{1,6}) .*?(?:\{.*?#([\w-]+).*?\})?\s*$", line)
        if heading:
            source.headings.append(Heading(number, len(heading[1]), heading[2] or ""))
        source.text.append(line)
    return source


def none(wrong: list[str]) -> None:
    """Fail with one line for each thing that is wrong."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def sources() -> list[Source]:
    """All pages that exist."""
    return [read(path) for path in PAGES if path.exists()]
