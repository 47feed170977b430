"""The reference has everything that the rooms offer, under ids that pages link to, and the command line's help."""

from __future__ import annotations

import ast
import re

import pytest
from test_architecture import ORDER, PACKAGE

from efficient_ai.book import reference

TEXT = reference.markdown(frozenset({"jacob2018quantization"}))


def test_rooms_stand_in_the_order_of_the_house():
    offering = [room for room in ORDER if room not in ("commands", "cli")]
    assert [room for room in reference.HOUSE if room in offering] == offering
    headings = re.findall(r"^## `(\w+)` \{#lib-\1\}$", TEXT, re.M)
    assert headings == [room for room in offering if room in headings]


@pytest.mark.parametrize("room", ["compress", "plots", "hardware"])
def test_a_room_offers_what_its_all_lists(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))
    (listed,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    modules = {path.stem for path in (PACKAGE / room).glob("*.py")}
    constants = {name for name in listed if name.isupper() and name != "QAT"}
    found = {name.split(".")[1] for name in reference.names() if name.startswith(f"{room}.")}
    assert found - modules <= set(listed)
    assert set(listed) - constants - modules <= found


def test_nothing_private_is_shown_and_everything_says_what_it_is():
    assert not [name for name in reference.names() if any(part.startswith("_") for part in name.split("."))]
    assert not [name for _, entries in reference._house() for name, entry in entries if not entry.docstring]


def test_an_entry_has_signature_arguments_errors_and_its_source_as_a_citation():
    entry = TEXT.partition("{#lib-compress.convert .unnumbered .unlisted}")[2].partition("\n### ")[0]
    shown, _, folded = entry.partition("<summary>")
    assert "Convert a model" in shown
    assert "**Arguments.**" not in shown
    assert folded.startswith("<code>compress.convert(model, precision, *, sparse=False, technique=&#x27;&#x27;)</code>")
    assert "```python\ncompress.convert(\n    model: keras.Model," in folded
    assert "**Arguments.**\n\n`model`\n: " in entry
    assert "**Returns.**" in entry
    assert "**Raises.**\n\n`ValueError`\n: " in entry
    assert "**Source.** @jacob2018quantization, section 2.1" in TEXT
    assert "@krishnamoorthi2018quantizing" not in TEXT  # no key of this bibliography


def test_a_submodule_that_bears_its_functions_name_is_the_function():
    assert reference.names()["compress.convert"] == "function"
    assert reference.names()["compress.Int8"] == "class"
    assert "hardware.vela.estimate" in reference.names()


def test_text_of_docstrings_is_not_taken_for_markup():
    assert reference._inline("a_b*c* <x> [1] @y $2$ `d_e*f*`\n  and") == (
        r"a\_b\*c\* \<x\> \[1\] \@y \$2\$ `d_e*f*` and"
    )


def test_every_command_stands_there_with_its_help():
    part = TEXT.partition("## Command line {#lib-commands}")[2]
    commands = re.findall(r"^### `efficient-ai ([\w-]+)` \{#cmd-\1 ", part, re.M)
    assert {"models", "decompress", "mlperf-tiny", "check", "book"} <= set(commands)
    assert "usage: efficient-ai check [-h] --budget BUDGET" in part
    assert str(PACKAGE) not in TEXT
