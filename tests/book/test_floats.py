"""The list of figures and tables: all of them, in their order, each with its caption's first sentence."""

from __future__ import annotations

import pytest
from sources import PAGES, read

from efficient_ai.book import floats, parts, project

PAGE = """
# One {#sec-one}

```{python}
#| label: fig-line
#| fig-cap: "A line of 1.5 mm, e.g. a short one, rises. More follows."
#| fig-alt: "A line."
x = "fig-no"
```

![A drawn
line.](line.svg){#fig-drawn fig-alt="A line."}

```{python}
#| label: tbl-cells
#| tbl-cap: "Is this a table? It is."
1
```

| a |
|---|
| 1 |

: Values without end {#tbl-typed}
"""


def test_first_sentences_are_cut_where_a_sentence_ends():
    found = [(one.label, one.short) for one in floats.floats(PAGE)]
    assert found == [
        ("fig-line", "A line of 1.5 mm, e.g. a short one, rises."),
        ("fig-drawn", "A drawn line."),
        ("tbl-cells", "Is this a table?"),
        ("tbl-typed", "Values without end."),
    ]


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists()], ids=lambda page: page.stem)
def test_no_figure_and_no_table_is_forgotten(page):
    listed = [one.label for one in floats.floats(floats.source(page))]
    assert sorted(listed) == sorted(read(page).labels())


def test_the_list_is_written_beside_the_page_that_includes_it_and_only_if_it_changed(small):
    small.add('```{python}\n#| label: tbl-more\n#| tbl-cap: "More of it. And more."\n1\n```')
    listing = small.root / "chapters" / "figures.qmd"
    listing.write_text("# Figures {#sec-figures}\n\n{{< include _floats.md >}}\n", "utf-8")
    setting = small.root / "_quarto.yml"
    setting.write_text(setting.read_text("utf-8").replace("one.qmd,", "one.qmd, chapters/figures.qmd,"), "utf-8")
    book = project.read(small.root)
    (made,) = parts.write(book)
    assert made == small.root / "chapters" / "_floats.md"
    text = made.read_text("utf-8")
    assert "## @sec-one: One {.unnumbered}\n\n::: {#floats-one}\n\n- @fig-line: A line.\n- @tbl-" in text
    assert "- @tbl-more: More of it.\n" in text
    before = made.stat().st_mtime_ns
    parts.write(book)
    assert made.stat().st_mtime_ns == before


def test_a_book_that_includes_no_part_gets_none(small):
    assert parts.write(project.read(small.root)) == []
