"""The pages keep the outline's promises: every section is there, runs something, and shows what it cites."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from sources import ROOT, Source, none, read, sources

OUTLINE = tomllib.loads((Path(__file__).parent / "outline.toml").read_text("utf-8"))
PROMISED = [(page, id) for page, entry in OUTLINE.items() for id in entry["sections"]]


@pytest.mark.parametrize(("page", "id"), PROMISED)
def test_section_runs_a_cell_and_cites_a_figure_or_table_of_its_own(page, id):
    source = read(ROOT / "chapters" / f"{page}.qmd")
    assert OUTLINE[page]["id"] in {h.id for h in source.headings if h.level == 1}
    lines = source.section(id)
    assert lines is not None, f"{source.name} has no section {{#{id}}}"
    assert any(cell.runs for cell in source.cells if cell.line in lines), f"{source.name}: {id} runs nothing"
    own = {label for label, line in source.labels().items() if line in lines}
    assert own & source.cited(), f"{source.name}: {id} cites no figure or table of its own"


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_every_figure_and_table_has_a_caption_and_is_cited(source: Source):
    wrong = []
    cited = set().union(*(other.cited() for other in sources()))
    for cell in source.cells:
        kind = cell.label.partition("-")[0]
        place = f"{source.name}:{cell.line}: {cell.label}"
        if kind in ("fig", "tbl") and not cell.options.get(f"{kind}-cap"):
            wrong.append(f"{place} has no {kind}-cap")
        if kind == "fig" and not cell.options.get("fig-alt"):
            wrong.append(f"{place} has no fig-alt")
    missing = [(label, line) for label, line in source.labels().items() if label not in cited]
    wrong += [f"{source.name}:{line}: {label} is cited nowhere" for label, line in missing]
    text = "\n".join(source.text)
    drawn = re.findall(r"!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?", text)
    wrong += [f"{source.name}: {image} has no fig-alt" for image in drawn if "fig-alt=" not in image]
    none(wrong)
