"""No link of the rendered book leads nowhere, and the PDF's outline names every page."""

from __future__ import annotations

from sources import none

from efficient_ai.book import links


def test_every_link_of_the_book_leads_somewhere(book):
    wrong = links.check(book)
    none(wrong)
