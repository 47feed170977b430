"""The rendered book's pages, and what is asked of each of them in a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
in_browser = pytest.mark.skipif(
    BROWSER is None and not os.environ.get("CI"), reason="no Chromium here: apt-get install chromium"
)
UNFOLD = "document.querySelectorAll('details').forEach((box) => { box.open = true })"


def pages(book: Path) -> list[str]:
    """The pages' addresses below the book's folder."""
    return [str(f.relative_to(book)) for f in sorted(book.rglob("*.html")) if "pagefind" not in f.parts]


def opened(browser, address: str, book: Path, *, only: str = "", **options) -> Iterator[tuple[str, object]]:
    """Each page's name and the page, loaded and unfolded, in one tab with these options; `only` those with a name."""
    page = browser.new_page(**options)
    for name in (name for name in pages(book) if not only or Path(name).stem in only.split()):
        page.goto(f"{address}/{name}")
        page.evaluate(UNFOLD)
        page.wait_for_load_state("networkidle")
        yield name, page
    page.close()


def axe_finds(page) -> list[str]:
    """What axe finds wrong on a loaded page: the rule, what is expected, and where."""
    from importlib.resources import files

    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{rule['id']}: {rule['help']}: {node['target']}" for rule in found for node in rule["nodes"]]
