"""The renderer on a small book: what it shows, what it refuses, and what a killed run leaves behind."""

from __future__ import annotations

import re
import signal
import sys
import time
from pathlib import Path

import pytest

from efficient_ai.book import links, notebooks, render
from efficient_ai.errors import EfficientAIError


def text(html: Path) -> str:
    """A page's text without its tags."""
    return " ".join(re.sub(r"<[^>]+>", "", html.read_text("utf-8")).split())


def test_page_shows_values_outputs_and_references_and_links_hold(small):
    out = small.build()
    page = text(out / "chapters" / "one.html")
    assert "The sum in Figure 1.1 is 12, and *3* is plain." in page
    assert "Below the text stands 42." in page
    assert "In a list: 3 numbers." in page
    assert "so many: 3" in page
    assert "There are 103 of them." in page
    assert "last 555" in page
    assert "Included words." in page
    assert "(Body 2020)" in page
    assert "It begins in Chapter 1." in text(out / "index.html")
    assert 'alt="A line that rises."' in (out / "chapters" / "one.html").read_text("utf-8")
    assert (out / "book.pdf").read_bytes().startswith(b"%PDF")
    assert links.check(out) == []


INTERACTIVE = """
See @fig-explorer and @tbl-sorted.

```{python}
#| label: fig-explorer
#| fig-cap: "Two nets."
#| fig-alt: "Two points & a line."
#| code-fold: true
from efficient_ai import plots
from efficient_ai.decide import Figure, Row
rows = [
    Row(n, n, {"flash_kib": Figure(k, "computed", ""), "accuracy": Figure(a, "measured", "")})
    for n, k, a in (("int8", 10.0, 0.8), ("float32", 40.0, 0.9))
]
plots.explorer(rows, x="flash_kib", y="accuracy")
```

```{python}
#| label: tbl-sorted
#| tbl-cap: "A table."
plots.Table([{"net": "b", "KiB": "2"}, {"net": "a", "KiB": "10"}], sortable=True)
```
"""


def test_an_interactive_figure_is_html_on_the_page_and_a_picture_in_the_pdf(small, monkeypatch):
    small.add(INTERACTIVE)
    sources = []
    typeset = render._typeset
    monkeypatch.setattr(render, "_typeset", lambda s, *rest: (sources.append(s.read_text("utf-8")), typeset(s, *rest)))
    out = small.build()
    page = (out / "chapters" / "one.html").read_text("utf-8")
    assert '<div role="group" aria-label="Two points &amp; a line."><div class="explorer"' in page
    assert "See Figure 1.2 and Table 1.2." in text(out / "chapters" / "one.html")
    assert "fig-explorer.svg" not in page
    assert '<div class="sortable table-scroll">' in page
    assert "plots/one/fig-explorer.svg" in sources[0]
    assert "explorer-" not in sources[0]
    assert (out / "book.pdf").read_bytes().startswith(b"%PDF")
    assert links.check(out) == []


def test_second_render_executes_nothing_and_new_prose_neither(small, monkeypatch):
    small.build()
    monkeypatch.setattr(render.execute, "_run", lambda *_: pytest.fail("a page was executed again"))
    small.build()
    small.page.write_text(small.page.read_text("utf-8").replace("The sum in", "The whole sum in"), "utf-8")
    out = small.build()
    assert "The whole sum in Figure 1.1 is 12" in text(out / "chapters" / "one.html")


def test_a_page_that_reads_what_others_found_runs_again_when_that_has_changed(small, monkeypatch):
    from efficient_ai import cache
    from efficient_ai.book import execute, project

    book = project.read(small.root)
    plain = notebooks.generate(book)["chapters/one.qmd"]
    small.add("```{python}\nfrom efficient_ai import cache\ncache.results('models')\n```")
    reader = notebooks.generate(book)["chapters/one.qmd"]
    before = [execute.key(book, page) for page in (plain, reader)]
    cache.record_result("models", "int8", size_bytes=1.0)
    after = [execute.key(book, page) for page in (plain, reader)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_page_whose_run_is_not_cached_is_left_out_and_its_references_become_text(small):
    (small.root / "chapters" / "two.qmd").write_text(
        "# Two {#sec-two}\n\n```{python}\n2\n```\n\nSee @sec-one.\n", "utf-8"
    )
    project = small.root / "_quarto.yml"
    project.write_text(project.read_text("utf-8").replace("one.qmd,", "one.qmd, chapters/two.qmd,"), "utf-8")
    out = small.build("two")
    assert not (out / "chapters" / "one.html").exists()
    assert "See Chapter 1." in text(out / "chapters" / "two.html")
    assert links.check(out) == []


def test_killed_render_leaves_the_old_book_and_a_failed_one_too(small):
    out = small.build()
    before = (out / "index.html").read_bytes()
    small.add("```{python}\nimport time; time.sleep(60)\n```")
    running = small.apart()
    assert "executing" in running.stderr.readline()
    time.sleep(1)
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stderr.close()
    assert (out / "index.html").read_bytes() == before


def test_failing_cell_is_named_with_its_page_and_cause(small):
    small.add("```{python}\n#| label: divide\n1 / 0\n```")
    with pytest.raises(EfficientAIError) as caught:
        small.build()
    first, *rest = str(caught.value).splitlines()
    assert first == "chapters/one.qmd, cell divide: ZeroDivisionError: division by zero"
    assert any("1 / 0" in line for line in rest)
    assert not (small.root / "_book").exists()


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("```{python}\n#| fig-width: 3\n1\n```", 'chapters/one.qmd, cell 3: the cell option "fig-width" is unknown'),
        (
            "```{python}\n#| label: fig-x\n#| fig-alt: x\n1\n```",
            "chapters/one.qmd, cell fig-x: it has no fig-cap",
        ),
        ("See @fig-none.", "chapters/one.qmd: no such cross reference: @fig-none"),
        ("{{< video x >}}", "chapters/one.qmd: a shortcode that only Quarto knows"),
        ("::: {.column-margin}\nx\n:::", "chapters/one.qmd: a block of class .column-margin, which only Quarto knows"),
        ("Someone [@nobody1999].", "Citeproc: citation nobody1999 not found"),
        ("```{r}\n1\n```", "chapters/one.qmd: a cell in {r}; only {python} is known"),
    ],
)
def test_what_the_book_does_not_know_stops_with_page_and_cell(small, addition, message):
    small.add(addition)
    with pytest.raises(EfficientAIError, match=re.escape(message)):
        small.build()


def test_unknown_page_and_missing_project_say_what_to_do(small, tmp_path):
    with pytest.raises(EfficientAIError, match=r"no page called two in _quarto\.yml; it lists index, one, references"):
        small.build("two")
    with pytest.raises(EfficientAIError, match="run this in the book's folder"):
        render.build(None, tmp_path)


def test_link_checker_finds_what_is_broken(small):
    out = small.build()
    page = out / "index.html"
    html = page.read_text("utf-8").replace("</main>", '<a href="none.html">a</a><img src="x.png" alt=""></main>')
    page.write_text(html.replace("one.html#sec-one", "one.html#sec-two"), "utf-8")
    (out / "chapters" / "extra.html").write_text("<h1>Extra</h1>", "utf-8")
    wrong = links.check(out)
    assert "index.html: none.html does not exist" in wrong
    assert "index.html: x.png does not exist" in wrong
    assert "index.html: chapters/one.html#sec-two has no #sec-two" in wrong
    assert "book.pdf: its outline lacks Extra" in wrong


def test_notebooks_are_written_text_only_and_fall_out_of_step(small):
    assert notebooks.check(small.root) == ["notebooks/one.ipynb is missing; run `efficient-ai notebooks`"]
    (path,) = notebooks.write(small.root)
    assert notebooks.check(small.root) == []
    content = path.read_text("utf-8")
    assert "image/svg" not in content
    assert "git+https://github.com/nobody/small" in content
    assert "nested" not in content
    small.add("One word more.")
    assert notebooks.check(small.root) == [
        "notebooks/one.ipynb is out of step with chapters/one.qmd; run `efficient-ai notebooks`"
    ]


def test_an_old_quarto_is_not_used(tmp_path, monkeypatch):
    for version, used in (("1.8.27", False), ("1.9.0", True), ("2.0.1", True)):
        fake = tmp_path / "quarto"
        fake.write_text(f"#!{sys.executable}\nprint('{version}')\n", "utf-8")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert bool(render._quarto()) is used
