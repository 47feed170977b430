"""Every page under axe's rules, in both themes and on a telephone, as it opens and with its menu and search in use."""

from __future__ import annotations

import pytest
from rendered import axe_finds, in_browser, opened
from sources import none

pytestmark = in_browser
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    # Short pages, one with many folded cells, and those with what can be sorted and explored.
    "telephone": {
        "color_scheme": "light",
        "viewport": {"width": 390, "height": 844},
        "only": "index introduction benchmarking caveats glossary references",
    },
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_rule_of_axe_is_broken_on_any_page(book, address, browser, look):
    shown = opened(browser, address, book, **LOOKS[look])
    none([f"{name}: {found}" for name, page in shown for found in axe_finds(page)])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_rule_of_axe_is_broken_by_the_open_menu_and_what_the_search_found(address, browser, theme):
    page = browser.new_page(color_scheme=theme, viewport={"width": 390, "height": 844})
    page.goto(f"{address}/index.html")
    page.click("#menu")
    page.fill("#query", "model")
    page.wait_for_selector("#hits a")
    none(axe_finds(page))
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_rule_of_axe_is_broken_by_a_citation_s_preview(address, browser, theme):
    page = browser.new_page(color_scheme=theme)
    page.goto(f"{address}/chapters/introduction.html")
    page.locator("main a[href*='#ref-']").first.focus()
    page.wait_for_selector("#preview:not([hidden])")
    none(axe_finds(page))
    page.close()


def test_a_table_s_headings_have_words_and_say_whose_they_are(book, address, browser):
    wrong = []
    for name, page in opened(browser, address, book):
        for table in page.locator("main table").all():
            heads = table.locator("thead th").all_inner_texts()
            if not heads or not all(head.strip() for head in heads):
                wrong.append(f"{name}: a table with the headings {heads}")
    none(wrong)
