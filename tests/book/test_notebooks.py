"""The committed notebooks are those of the pages, executed, and hold text only."""

from __future__ import annotations

from sources import ROOT, none

from efficient_ai.book import notebooks


def test_notebooks_are_in_step_with_their_pages():
    wrong = notebooks.check(ROOT)
    none(wrong)
