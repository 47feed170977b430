"""Words of the glossary and names of the library become links: the right ones, once, and nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pypandoc
import pytest

from efficient_ai.book import links, pandoc, parts, render

GLOSSARY = """
# Glossary {#sec-glossary}

**Arena.**
: One block of memory; see @sec-one.

[**Compressed rows (CSR).**]{match="compressed rows, CSR"}
: Values with their columns.

**MAC.**
: Multiply-accumulate.

**Memory.**
: Where bytes lie.

**Memory plan.**
: An address for each activation, $a\\,b$ of them. See @sec-one.

[**Model.**]{match=""}
: Never linked.
"""

MENTIONS = """
## An arena in a heading

The arenas of a model hold MACs, and an arena is no subarena, no arena-sized thing. A memory
plan needs memory. *Compressed rows* are CSR. It is `arena`, not macs; [an arena](https://example.com).

The memory plan again.

::: {.callout-tip collapse="true" title="Arena?"}
Nothing in a folded box: NPU.
:::

| arena | memory |
|-------|--------|
| arena | memory |
"""

REFERENCE = """
# Reference {#sec-reference}

{{< include _reference.md >}}
"""

NAMES = """
`compress.convert` and `convert(x)` and `efficient_ai.compress.Int8`, but `convert`, `other.convert`, `int8`.
`efficient-ai check FILE` is a command, `efficient-ai nothing` is none.

## `compress.convert`
"""


@pytest.fixture
def linked(small):
    """The small book with a glossary."""
    (small.root / "chapters" / "glossary.qmd").write_text(GLOSSARY, "utf-8")
    setting = small.root / "_quarto.yml"
    setting.write_text(setting.read_text("utf-8").replace("one.qmd,", "one.qmd, chapters/glossary.qmd,"), "utf-8")
    return small


def anchors(page: Path, kind: str) -> list[tuple[str, str, str]]:
    """Text, target and title of a page's links of a class."""
    html = page.read_text("utf-8")
    found = re.findall(rf'<a\s+href="([^"]*)"\s+class="{kind}"\s+title="([^"]*)"\s*>(.*?)</a>', html, re.S)
    return [(" ".join(re.sub("<[^>]+>", "", text).split()), target, unescape(title)) for target, title, text in found]


def test_first_mentions_link_to_their_entries_and_nothing_else_does(linked):
    linked.add(MENTIONS)
    out = linked.build()
    page = out / "chapters" / "one.html"
    assert anchors(page, "term") == [
        ("arenas", "glossary.html#term-arena", "One block of memory."),
        ("MACs", "glossary.html#term-mac", "Multiply-accumulate."),
        ("memory plan", "glossary.html#term-memory-plan", "An address for each activation, a b of them."),
        ("memory", "glossary.html#term-memory", "Where bytes lie."),
        ("Compressed rows", "glossary.html#term-compressed-rows-csr", "Values with their columns."),
    ]
    assert not anchors(out / "chapters" / "glossary.html", "term")
    assert 'id="term-model"' in (out / "chapters" / "glossary.html").read_text("utf-8")
    assert links.check(out) == []


def test_a_term_at_the_beginning_of_a_sentence_is_the_same_term_and_each_page_has_its_own_first_mention(linked):
    linked.add("Arena first, arena second.")
    index = linked.root / "index.qmd"
    index.write_text(index.read_text("utf-8") + "\nAn arena.\n", "utf-8")
    out = linked.build()
    assert [text for text, *_ in anchors(out / "chapters" / "one.html", "term")] == ["Arena"]
    assert [target for _, target, _ in anchors(out / "index.html", "term")] == ["chapters/glossary.html#term-arena"]


def test_in_the_pdf_a_term_links_inside_the_document(linked, monkeypatch):
    linked.add(MENTIONS)
    sources = []
    typeset = render._typeset
    monkeypatch.setattr(render, "_typeset", lambda s, *rest: (sources.append(s.read_text("utf-8")), typeset(s, *rest)))
    out = linked.build()
    assert "#link(<term-memory-plan>)[memory plan]" in sources[0]
    assert "<term-memory-plan>" in sources[0].partition("Where bytes lie.")[2]
    assert (out / "efficient-ai.pdf" if (out / "efficient-ai.pdf").exists() else out / "book.pdf").exists()


def test_an_entry_with_brackets_must_say_what_it_matches(linked):
    glossary = linked.root / "chapters" / "glossary.qmd"
    glossary.write_text("# Glossary {#sec-glossary}\n\n**Rows (CSR).**\n: Values.\n", "utf-8")
    with pytest.raises(Exception, match=r'glossary: "Rows \(CSR\)" needs a match='):
        linked.build()


@pytest.fixture
def named(linked):
    """The small book with the library's reference."""
    (linked.root / "chapters" / "reference.qmd").write_text(REFERENCE, "utf-8")
    setting = linked.root / "_quarto.yml"
    setting.write_text(setting.read_text("utf-8").replace("one.qmd,", "one.qmd, chapters/reference.qmd,"), "utf-8")
    linked.add(NAMES)
    return linked


def test_code_that_names_a_public_function_links_to_the_reference(named):
    out = named.build()
    found = anchors(out / "chapters" / "one.html", "api")
    assert [(text, target.partition("#")[2]) for text, target, _ in found] == [
        ("compress.convert", "lib-compress.convert"),
        ("convert(x)", "lib-compress.convert"),
        ("efficient_ai.compress.Int8", "lib-compress.Int8"),
        ("efficient-ai check FILE", "cmd-check"),
    ]
    assert found[0][2] == "Convert a model at one precision."
    assert (out / "chapters" / "reference.html").stat().st_size > 100_000
    assert links.check(out) == []


def test_under_quarto_links_lead_to_the_pages_files(named, tmp_path):
    from efficient_ai.book import project

    parts.write(project.read(named.root))
    wrapper = tmp_path / "quarto.lua"
    page = str(named.root / "chapters" / "one.qmd")
    wrapper.write_text(
        f"quarto = {{project = {{directory = {json.dumps(str(named.root))}}}, "
        f"doc = {{input_file = {json.dumps(page)}, is_format = function() return true end}}}}\n"
        f"dofile({json.dumps(str(pandoc.FILTERS / 'terms.lua'))})\n",
        "utf-8",
    )
    text = "An arena, and `compress.convert`.\n\n::: {.cell}\nAn arena of MACs.\n:::\n"
    command = [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "html", "--wrap=none", "-L", str(wrapper)]
    html = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    assert '<a href="../chapters/glossary.qmd#term-arena" class="term" title="One block of memory.">arena</a>' in html
    assert '<a href="../chapters/reference.qmd#lib-compress.convert" class="api"' in html
    assert html.count("<a ") == 2
