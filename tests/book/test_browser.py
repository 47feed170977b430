"""The rendered book in a real browser: no errors, no other host, search, dark mode, a telephone's width."""

from __future__ import annotations

import re

from rendered import UNFOLD, in_browser, opened, pages
from sources import none

pytestmark = in_browser
KEEPS_ITS_PLACE = """(image) => Math.abs(image.getAttribute("width") - image.naturalWidth) <= 1 &&
  Math.abs(image.getAttribute("height") - image.naturalHeight) <= 1"""


def test_pages_load_without_errors_and_ask_no_other_host(book, address, browser):
    wrong = []
    page = browser.new_page()
    page.on("console", lambda message: message.type == "error" and wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"{page.url}: {request.url} failed"))
    page.on("request", lambda r: r.url.startswith((address, "data:")) or wrong.append(f"{page.url}: asks {r.url}"))
    for name in pages(book):
        page.goto(f"{address}/{name}", wait_until="networkidle")
    page.close()
    none(wrong)


def test_every_picture_has_an_alternative_text_and_is_drawn(book, address, browser):
    wrong = []
    for name, page in opened(browser, address, book):
        page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager' })")
        page.wait_for_load_state("networkidle")
        for image in page.locator("img").all():
            source, alt = image.get_attribute("src"), image.get_attribute("alt")
            if not alt:
                wrong.append(f"{name}: {source} has no alt")
            if not image.evaluate("(image) => image.complete && image.naturalWidth > 0"):
                wrong.append(f"{name}: {source} is not drawn")
            if not image.evaluate(KEEPS_ITS_PLACE):
                wrong.append(f"{name}: {source} comes late and moves the text, since its size isn't said")
    none(wrong)


def test_search_finds_a_word_of_the_introduction(book, address, browser):
    html = (book / "chapters" / "introduction.html").read_text("utf-8")
    body = re.sub(r"<[^>]+>", " ", html[html.index("<main") : html.index("</main>")])
    word = max(re.findall(r"\b[a-z]{6,12}\b", body), key=len)
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.fill("#query", word)
    page.wait_for_selector("#hits a")
    assert any("introduction" in (a.get_attribute("href") or "") for a in page.locator("#hits a").all())
    page.close()


def test_search_from_disk_says_what_it_needs(book, browser):
    page = browser.new_page()
    page.goto((book / "index.html").as_uri())
    assert "make serve" in page.get_attribute("#query", "placeholder")
    page.close()


def test_dark_mode_follows_the_system_and_the_button_and_is_kept(address, browser):
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{address}/index.html")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.click("#theme")
    light = page.evaluate(background)
    assert (dark, light) == ("rgb(21, 24, 29)", "rgb(255, 255, 255)")
    page.reload()
    assert page.evaluate(background) == light
    page.close()


def test_nothing_runs_off_a_telephone(book, address, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wide = []
    for name in pages(book):
        page.goto(f"{address}/{name}")
        page.evaluate(UNFOLD)
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert not wide
    assert not page.is_visible("#sidebar")
    page.click("#menu")
    assert page.is_visible("#sidebar")
    page.close()


def test_no_mark_up_shows_through_in_the_text(book, address, browser):
    """A computed value is plain text: an asterisk or a backtick in it would stand on the page."""
    wrong = []
    for name, page in opened(browser, address, book):
        texts = page.evaluate(
            """() => [...document.querySelectorAll("main p, main li, main td, main figcaption")].map((block) => {
              const copy = block.cloneNode(true);
              for (const part of copy.querySelectorAll("code, math, pre")) part.remove();
              return copy.textContent;
            })"""
        )
        found = (re.search(r"`|(?<![\w*])\*{1,2}[A-Za-z][^*]*\*|\{python\}", text) for text in texts)
        wrong += [f"{name}: {match[0]!r}" for match in found if match]
    none(wrong)
