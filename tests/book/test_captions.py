"""Captions and alternative texts say something, the glossary is in order, and every exercise has its solution."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from sources import ROOT, Source, none, read, sources

FEWEST_WORDS = 6
GLOSSARY = (ROOT / "chapters" / "glossary.qmd").read_text("utf-8")
ENTRY = re.compile(r"^\[?\*\*(.+?)\.\*\*(?:\]\{[^}]*\})?\n: ", re.M)
DRAWN = re.compile(r"!\[(?P<caption>.*?)\]\([^)]*\)\{#(?P<label>fig-[\w-]+)[^}]*fig-alt=\"(?P<alt>[^\"]*)\"")


def wordings(source: Source) -> list[tuple[str, str, str]]:
    """Of each figure and table: its place, its caption and its alternative text, empty for a table."""
    found = [
        (
            f"{source.name}:{cell.line}: {cell.label}",
            str(cell.options[f"{kind}-cap"]),
            str(cell.options.get("fig-alt", "")),
        )
        for cell in source.cells
        if f"{(kind := cell.label[:3])}-cap" in cell.options
    ]
    text = "\n".join(source.text)
    found += [(f"{source.name}: {m['label']}", m["caption"], m["alt"]) for m in DRAWN.finditer(text)]
    return found + [
        (f"{source.name}: {label}", text, "") for text, label in re.findall(r"^: (.+?) \{#(tbl-[\w-]+)", text, re.M)
    ]


def complaints(place: str, caption: str, alt: str) -> list[str]:
    """What is wrong with a caption and an alternative text."""
    wrong = []
    if not caption.rstrip().endswith((".", "?")):
        wrong.append(f"{place}: its caption is no sentence: it ends with {caption.rstrip()[-20:]!r}")
    if "fig-" not in place:
        return wrong
    if len(caption.split()) < FEWEST_WORDS:
        wrong.append(f"{place}: its caption is a title, no finding: {caption!r}")
    if len(alt.split()) < FEWEST_WORDS or not alt.rstrip().endswith("."):
        wrong.append(f"{place}: its alternative text is no sentence: {alt!r}")
    if alt.strip() == caption.strip():
        wrong.append(f"{place}: its alternative text repeats its caption; it should say what is drawn")
    return wrong


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_captions_state_a_finding_and_alternative_texts_what_is_drawn(source: Source):
    none([line for wording in wordings(source) for line in complaints(*wording)])


def test_a_title_a_repetition_and_a_missing_full_stop_are_found():
    good = "A line rises, and another one falls.", "Two lines on a grid, one up, one down."
    assert complaints("page: fig-x", *good) == []
    assert len(complaints("page: fig-x", "Accuracy by size", good[1])) == 2
    assert len(complaints("page: fig-x", good[0], good[0])) == 1
    assert len(complaints("page: fig-x", good[0], "A plot.")) == 1
    assert complaints("page: tbl-x", "A table.", "") == []
    assert len(complaints("page: tbl-x", "A table", "")) == 1


def test_glossary_is_sorted_and_defines_no_term_twice():
    terms = ENTRY.findall(GLOSSARY)
    assert len(terms) == len(re.findall(r"^: ", GLOSSARY, re.M)) > 100
    assert terms == sorted(set(terms), key=str.casefold)
    words = [word.casefold() for term in terms for word in re.sub(r"[()]", ",", term).split(", ")]
    none([f"{word} is in two entries" for word in sorted({word for word in words if words.count(word) > 1})])


def test_glossary_sends_readers_to_sections_that_exist():
    known = {heading.id for source in sources() for heading in source.headings}
    none([f"glossary: no section @{id}" for id in re.findall(r"@(sec-[\w-]*\w)", GLOSSARY) if id not in known])


def test_every_exercise_has_a_solution_and_every_chapter_an_exercise():
    outline = tomllib.loads((Path(__file__).parent / "outline.toml").read_text("utf-8"))
    solved = set(re.findall(r"@(exr-[\w-]*\w)", (ROOT / "chapters" / "solutions.qmd").read_text("utf-8")))
    wrong, asked = [], set()
    for page in outline:
        if not (path := ROOT / "chapters" / f"{page}.qmd").exists():
            continue
        own = set(re.findall(r"\{#(exr-[\w-]+)", "\n".join(read(path).text)))
        asked |= own
        wrong += [f"{page}: {id} has no solution" for id in sorted(own - solved)]
        wrong += [] if own else [f"{page} has no exercise"]
    none(wrong + [f"solutions: {id} is no exercise" for id in sorted(solved - asked)])
