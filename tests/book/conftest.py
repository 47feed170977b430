"""The rendered book that the tests of this folder look at, and the small book that the renderer's own tests make."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rendered import BROWSER

from efficient_ai import cache
from efficient_ai.book import render, serve

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def book(request: pytest.FixtureRequest) -> Path:
    """The book, rendered from the notebooks' run where there was one; the offline way, which is what users get."""
    failed = request.config.pluginmanager.get_plugin("executions").failed
    if failed:
        pytest.fail(f"not rendered: {', '.join(sorted(path.name for path in failed))} failed", pytrace=False)
    cache.code_hash.cache_clear()  # as where the runs are kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "_quarto", lambda: None)
        return render.build(None, ROOT)


@pytest.fixture(scope="module")
def address(book: Path):
    """Where the book is served."""
    with serve.server(book, 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


PROJECT = """
project: {type: book, output-dir: _book}
book:
  title: Small
  subtitle: A book for tests
  author: Nobody
  repo-url: https://github.com/nobody/small
  chapters: [index.qmd, chapters/one.qmd, references.qmd]
bibliography: references.bib
"""

INDEX = """
# Preface {.unnumbered}

It begins in @sec-one.
"""

ONE = """
# One {#sec-one}

{{< include _shared.qmd >}}

Someone said so [@somebody2020].

```{python}
#| label: fig-line
#| fig-cap: "A line."
#| fig-alt: "A line that rises."
#| code-fold: true
from IPython.display import SVG
numbers = [3, 4, 5]
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><path d="M0 60L90 0" stroke="black"/></svg>')
```

The sum in @fig-line is `{python} sum(numbers)`, and `{python} "*" + str(numbers[0]) + "*"` is plain.[^note]

[^note]: Below the text stands `{python} 7 * 6`.

- In a list: `{python} len(numbers)` numbers.

::: {.callout-tip collapse="true" title="Predict: how many?"}
```{python}
print("so many:", len(numbers))
```

There are `{python} 100 + len(numbers)` of them.
:::

| what | value |
|------|-------|
| last | `{python} max(numbers) * 111` |

: A table. {#tbl-values}

@tbl-values shows the last.
"""


class SmallBook:
    """A book of two pages with a cache of its own; `build` runs in a process of its own where `apart`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.page = root / "chapters" / "one.qmd"
        self.page.parent.mkdir()
        (root / "_quarto.yml").write_text(PROJECT, "utf-8")
        (root / "index.qmd").write_text(INDEX, "utf-8")
        (root / "references.qmd").write_text("# References {.unnumbered}\n\n::: {#refs}\n:::\n", "utf-8")
        (root / "references.bib").write_text(
            "@book{somebody2020, author={Some Body}, title={Said}, year={2020}, publisher={P}}\n", "utf-8"
        )
        (root / "chapters" / "_shared.qmd").write_text("Included words.\n", "utf-8")
        self.page.write_text(ONE, "utf-8")

    def build(self, page: str | None = None) -> Path:
        return render.build(page, self.root)

    def add(self, text: str) -> None:
        self.page.write_text(self.page.read_text("utf-8") + "\n" + text + "\n", "utf-8")

    def apart(self) -> subprocess.Popen:
        code = (
            "import sys, pathlib; from efficient_ai.book import render; render.build(None, pathlib.Path(sys.argv[1]))"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code, str(self.root)], stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallBook:
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(render, "_quarto", lambda: None)
    root = tmp_path / "book"
    root.mkdir()
    return SmallBook(root)
