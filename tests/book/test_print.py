"""The pages on paper: the text alone, black on white whatever the screen was, whole, and within the sheet."""

from __future__ import annotations

import io

from rendered import in_browser, opened
from sources import none

pytestmark = in_browser
A4_TEXT_PX = 672  # 210 mm less two margins of 16 mm, at 96 px per inch
FRAME = "#bar, #sidebar, #toc, .turn, .surfaces, .copy, .skip, #preview, [role=tablist]"
WIDE = """() => [...document.querySelectorAll("main table, main pre, main img, main svg, main math, .equation")]
  .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => `${e.tagName} of ${e.closest("[id]").id} ends at ${Math.round(e.getBoundingClientRect().right)}`)"""
COLORS = """() => ["kw", "st", "num", "co", "fn", "note", "tip", "important", "warning", "caution", "mark", "soft"]
  .map((name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`))"""
CLIPPED = """() => [...document.querySelectorAll("main *")].filter((e) => e.checkVisibility() &&
  ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1 &&
  !e.closest("svg, select, .hidden")).map((e) => `${e.tagName}.${e.className} of ${e.closest("[id]").id} is cut`)"""


def on_paper(book, address, browser):
    """Every page as a dark screen would print it."""
    for name, page in opened(
        browser, address, book, color_scheme="dark", viewport={"width": A4_TEXT_PX, "height": 1000}
    ):
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(media="print", color_scheme="dark")
        yield name, page
        page.emulate_media(media="screen", color_scheme="dark")


def test_the_frame_is_left_out_and_nothing_is_cut_at_the_edge(book, address, browser):
    wrong = []
    for name, page in on_paper(book, address, browser):
        wrong += [f"{name}: {e} is printed" for e in FRAME.split(", ") if page.locator(f"{e}:visible").count()]
        wrong += [f"{name}: {what}" for what in page.evaluate(WIDE) + page.evaluate(CLIPPED)]
    none(wrong)


def test_a_dark_screen_prints_dark_text_on_white(book, address, browser):
    wrong = []
    for name, page in on_paper(book, address, browser):
        color, behind = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        if (color, behind) != ("rgb(0, 0, 0)", "rgb(255, 255, 255)"):
            wrong.append(f"{name}: prints {color} on {behind}")
        dark = page.evaluate(COLORS)
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        if dark != page.evaluate(COLORS):
            wrong.append(f"{name}: a dark screen prints other colours than a light one, whose contrast axe has tried")
    none(wrong)


def test_what_is_folded_on_the_screen_is_printed_and_folded_again_afterwards(address, browser):
    from pypdf import PdfReader

    page = browser.new_page(color_scheme="dark")
    page.goto(f"{address}/chapters/introduction.html")
    boxes = page.locator("details.callout")
    assert boxes.count()
    boxes.evaluate_all("(all) => all.forEach((box) => { box.open = false })")
    answer = " ".join(boxes.first.locator(".callout-body p").first.text_content().split())
    printed = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    assert answer[:25] in text
    assert "Skip to the text" not in text
    assert "On this page" not in text
    assert not boxes.first.evaluate("(box) => box.open")
    page.close()


def test_pictures_far_down_are_loaded_before_they_are_printed(book, address, browser):
    page = browser.new_page(viewport={"width": 800, "height": 300})
    page.goto(f"{address}/chapters/introduction.html")
    page.pdf(format="A4")
    missing = (
        "[...document.querySelectorAll('main img')].filter((i) => !i.complete || !i.naturalWidth).map((i) => i.src)"
    )
    assert page.evaluate(missing) == []
    page.close()


def test_a_web_address_is_printed_behind_its_link(address, browser):
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.evaluate(
        "document.querySelector('main h1').insertAdjacentHTML('afterend', '<p><a href=\"https://example.org\">there</a></p>')"
    )
    page.emulate_media(media="print")
    shown = page.evaluate(
        "getComputedStyle(document.querySelector('main p > a[href=\"https://example.org\"]'), '::after').content"
    )
    assert "https://example.org" in shown or "attr(href)" in shown
    page.close()
