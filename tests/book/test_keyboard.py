"""The book without a mouse: every control is reached by Tab, shows that it is, works, and lets go."""

from __future__ import annotations

import threading

import pytest
from rendered import UNFOLD, in_browser, opened
from sources import none

from efficient_ai.book import serve

pytestmark = in_browser
PHONE = {"width": 390, "height": 844}
FOCUSED = "document.activeElement.id"
# Where the focus is, and what is wrong with it there: null at the end of the page.
STEP = """() => {
  const now = document.activeElement, last = window.lastFocused;
  if (!now || now === document.body || (last && now.className === "skip")) return null;
  const name = `${now.tagName} ${now.id || now.getAttribute("href") || now.textContent.trim().slice(0, 30)}`;
  const style = getComputedStyle(now), ring = now.querySelector(".ring"), at = now.getBoundingClientRect();
  const wrong = [];
  if (last && !(last.compareDocumentPosition(now) & 4)) wrong.push("comes before the one that it follows");
  if (!(style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) && !ring) wrong.push("shows no focus");
  if (at.bottom <= 0 || at.top >= innerHeight || at.right <= 0 || at.left >= innerWidth) wrong.push("is out of sight");
  window.lastFocused = now;
  window.stops = (window.stops ?? 0) + 1;
  return wrong.map((what) => `${name} ${what}`);
}"""
# What Tab should stop at: of a group of tabs or of a figure's points, one.
EXPECTED = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true })).length"""


@pytest.fixture
def page(address, browser):
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    made.goto(f"{address}/chapters/introduction.html")
    yield made
    made.close()


def test_tab_goes_through_every_page_in_order_in_sight_and_out_again(book, address, browser):
    wrong = []
    for name, page in opened(browser, address, book, viewport={"width": 1280, "height": 900}):
        expected = page.evaluate(EXPECTED)
        for _ in range(expected + 5):
            page.keyboard.press("Tab")
            found = page.evaluate(STEP)
            if found is None:
                break
            wrong += [f"{name}: {what}" for what in found]
        else:
            wrong.append(f"{name}: Tab does not leave the page")
        stops = page.evaluate("window.stops")
        if stops != expected:
            wrong.append(f"{name}: Tab stopped {stops} times at {expected} controls")
    none(wrong)


def test_the_first_stop_skips_the_menu(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED) == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_theme_is_switched_by_the_space_bar(page):
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.focus("#theme")
    page.keyboard.press("Space")
    assert page.evaluate(background) != before


def test_folded_code_opens_by_enter_and_closes_by_space(page):
    fold = page.locator("details.code-fold").first
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.evaluate("(box) => box.open")
    page.keyboard.press("Space")
    assert not fold.evaluate("(box) => box.open")


def test_a_citation_shows_its_entry_while_it_is_focused_and_escape_puts_it_away(page):
    page.evaluate(UNFOLD)
    link = page.locator("main a[href*='#ref-']").first
    link.focus()
    assert page.is_visible("#preview")
    assert link.get_attribute("aria-describedby") == "preview"
    assert page.inner_text("#preview")
    page.keyboard.press("Escape")
    assert page.is_hidden("#preview")
    assert link.get_attribute("aria-describedby") is None
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.is_visible("#preview")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('preview').hidden || document.activeElement.ariaDescribedByElements")


def test_a_citation_s_entry_stays_while_it_is_pointed_at(page):
    page.locator("main a[href*='#ref-']").first.hover()
    page.wait_for_selector("#preview:not([hidden])")
    page.hover("#preview")
    page.wait_for_timeout(400)
    assert page.is_visible("#preview")
    page.mouse.move(2, 2)
    page.wait_for_selector("#preview", state="hidden")


def test_the_next_page_is_an_enter_away(page):
    page.focus(".turn [rel=next]")
    target = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(target)


@pytest.mark.parametrize("width", [1280, 390])
def test_search_is_called_by_a_key_and_its_hits_are_the_next_stops(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.keyboard.press("Control+k")
    assert page.evaluate(FOCUSED) == "query"
    page.keyboard.type("quantization")
    page.wait_for_selector("#hits a")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#hits') !== null")
    target = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(target)


def test_the_menu_of_a_telephone_opens_in_sight_and_closes_by_escape_and_on_the_way_out(page):
    page.set_viewport_size(PHONE)
    page.evaluate("scrollTo(0, 3000)")
    page.focus("#menu")
    page.keyboard.press("Enter")
    assert page.get_attribute("#menu", "aria-expanded") == "true"
    seen = page.evaluate("document.getElementById('query').getBoundingClientRect().top")
    assert 0 < seen < PHONE["height"]
    page.focus("#query")
    page.keyboard.press("Escape")
    assert page.is_hidden("#sidebar")
    assert page.evaluate(FOCUSED) == "menu"
    assert page.get_attribute("#menu", "aria-expanded") == "false"
    page.keyboard.press("Enter")
    page.locator("#sidebar a").last.focus()
    page.keyboard.press("Tab")
    assert page.is_hidden("#sidebar")
    assert page.evaluate("document.activeElement.closest('main') !== null")


TABS = """
::: {.panel-tabset}
## First

Of the first.

## Second

Of the second.

## Third

Of the third.
:::
"""


def test_arrows_go_from_tab_to_tab_and_tab_goes_on(small, browser):
    small.add(TABS + "\nThen [a link](https://example.org).\n")
    with serve.server(small.build(), 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{running.server_address[1]}/chapters/one.html")
        page.locator("[role=tab]").first.focus()
        for key, said in (
            ("ArrowRight", "Of the second."),
            ("End", "Of the third."),
            ("ArrowRight", "Of the first."),
            ("ArrowLeft", "Of the third."),
            ("Home", "Of the first."),
        ):
            page.keyboard.press(key)
            assert page.locator("[role=tabpanel]:visible").inner_text().strip() == said
            assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.href") == "https://example.org/"
        page.close()
        running.shutdown()
        thread.join()
