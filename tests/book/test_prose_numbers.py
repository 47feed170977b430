"""No number that somebody measured is typed in prose: it is computed, or comes from the file of published figures."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from sources import SHOWN_OPTIONS, Source, none, read, sources

ALLOWED = tomllib.loads((Path(__file__).parent / "allowed_numbers.toml").read_text("utf-8"))["allowed"]


def typed_numbers(source: Source) -> list[str]:
    """Each number in a page's prose or captions that no pattern allows, with its line."""
    lines = list(enumerate(source.prose().split("\n"), start=1))
    for cell in source.cells:
        shown = [cell.options[name] for name in SHOWN_OPTIONS if name in cell.options]
        lines += [(cell.line, str(text)) for text in shown]
    found = []
    for number, line in lines:
        rest = re.sub(r"\$[^$]*\$|`[^`]*`", " ", line)
        for entry in ALLOWED:
            rest = re.sub(entry["pattern"], " ", rest)
        for match in re.finditer(r"\d[\d.,]*\d|\d", rest):
            around = " ".join(rest[max(0, match.start() - 30) : match.end() + 30].split())
            found.append(f"{source.name}:{number}: {match[0]} is typed, not computed: {around!r}")
    return found


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_prose_types_no_measured_number(source: Source):
    found = typed_numbers(source)
    none(found)


def test_typed_numbers_are_found_with_their_line_and_names_are_not(tmp_path):
    page = tmp_path / "page.qmd"
    page.write_text(
        "# Page\n\nResNet-8 in int8, 32×32, `12` and $3^4$ [@han2015learning] `{python} f'{5}'`.\n\n"
        "It is 7.25 times\nfaster.\n\n```{python}\n#| fig-cap: 'About 90 of them'\nx = 11\n```\n",
        "utf-8",
    )
    found = typed_numbers(read(page))
    assert [line.split(" is ")[0] for line in found] == ["page.qmd:5: 7.25", "page.qmd:8: 90"]


def test_every_exception_says_why():
    assert all(entry["why"] for entry in ALLOWED)
