"""What the pages found, gathered."""

import ast
import json
import re
from pathlib import Path

import pytest

from efficient_ai import cache
from efficient_ai.decide import findings

CHAPTERS = Path(__file__).parents[2] / "chapters"
ONE = """
[[finding]]
id = "int8"
name = "eight bits"
technique = "int8"
currency = "bytes"
page = "models"
key = "resnet8.int8"
section = "sec-models-quantization"
factor = "float32_bytes / size_bytes"
points = "points"
gave = "{factor:.1f}× smaller"
cost = "{points:+.1f} points"
paper = "published('han2016.lenet_5.ratio')"
"""


@pytest.fixture(autouse=True)
def own_root(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SHIPPED", tmp_path / "results.json")


def gathered():
    return findings.gather(findings.parse(ONE))[0]


def entered():
    cache.record_result("models", "resnet8.int8", float32_bytes=400.0, size_bytes=100.0, points=-0.25)


def aged(path, key="resnet8.int8"):
    content = json.loads(path.read_text())
    content.get("models", content)[key]["code"] = "older"
    path.write_text(json.dumps(content))


def test_an_entry_is_said_in_the_declared_words_with_a_minus_that_is_one():
    entered()
    found = gathered()
    assert (found.factor, found.points, found.low) == (4.0, -0.25, None)
    assert (found.gave, found.cost) == ("4.0× smaller", "−0.2 points")
    assert (found.paper, found.paper_source) == ("39.0×", "han2016deep")
    assert (found.source, found.stale) == (findings.HERE, False)
    assert found.say("{size_bytes:.0f} bytes") == "100 bytes"


def test_what_is_nowhere_is_missing_by_name_and_says_which_page_to_run():
    found = gathered()
    assert found.missing
    assert found.paper == "39.0×"
    assert found.say("{factor}") == "[unknown: run models]"
    assert findings.to_execute([found]) == {"models": ("eight bits",)}
    assert "1 is missing everywhere: eight bits." in findings.state([found])
    assert findings.state([found]).endswith("these pages mends it: models.")


def test_an_entry_without_a_value_that_is_needed_is_missing():
    cache.record_result("models", "resnet8.int8", float32_bytes=400.0)
    assert gathered().missing


def test_what_ships_stands_in_for_what_this_machine_has_not_found_and_is_marked():
    entered()
    cache.ship_results(findings.to_ship([gathered()]))
    (cache.root() / "results" / "models.json").unlink()
    found = gathered()
    assert (found.source, found.stale, found.factor) == (findings.SHIPPED, False, 4.0)
    assert "from the book's own run: eight bits" in findings.state([found])


def test_a_shipped_entry_of_the_present_code_stands_before_an_older_one_of_this_machine():
    entered()
    cache.ship_results(findings.to_ship([gathered()]))
    aged(cache.root() / "results" / "models.json")
    assert gathered().source == findings.SHIPPED
    aged(cache.SHIPPED)
    found = gathered()
    assert (found.source, found.stale) == (findings.HERE, True)
    assert "older than the present code: eight bits" in findings.state([found])


def test_when_all_is_this_machines_and_present_nothing_has_to_run():
    entered()
    assert findings.to_execute([gathered()]) == {}
    assert findings.state([gathered()]).startswith("All 1 findings")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("technique = ", "technik = "), "unknown field 'technik'"),
        (('name = "eight bits"\n', ""), "name"),
        (('"bytes"', '"luck"'), "currency of int8 must be one of"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        findings.parse(ONE.replace(*change))


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="stands twice"):
        findings.parse(ONE + ONE)


def pages_text(page):
    files = [CHAPTERS / f"{page}.qmd", *sorted((CHAPTERS / page).glob("_*.qmd"))]
    return "\n".join(file.read_text("utf-8") for file in files if file.exists())


@pytest.mark.parametrize("one", findings.expected(), ids=lambda one: one.id)
def test_a_page_enters_what_a_finding_needs_and_the_section_stands(one):
    text = pages_text(one.page)
    assert f"{{#{one.section}" in "".join(pages_text(path.stem) for path in CHAPTERS.glob("*.qmd"))
    expressions = [e for e in (one.factor, one.points, one.low, one.high) if e]
    names = {n.id for e in expressions for n in ast.walk(ast.parse(e)) if isinstance(n, ast.Name)}
    names |= set(re.findall(r"\{(\w+)", one.gave + one.cost))
    names -= {"published", "of", "factor", "points", "low", "high"}
    names -= {"ternary_weights", "points_2_bit"}  # whose names the page makes from its recipes
    missing = [name for name in names if not re.search(rf"\b{name}\b", text)]
    assert not missing, f"{one.page} doesn't enter {missing}"


def test_what_ships_with_the_package_can_be_said(monkeypatch):
    monkeypatch.setattr(cache, "SHIPPED", cache.PACKAGE / "results.json")
    silent = [one.expected.id for one in findings.gather() if one.missing]
    assert not silent, f"the snapshot lacks {', '.join(silent)}: efficient-ai findings --snapshot"
