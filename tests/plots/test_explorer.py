"""The explorer and the sortable table: as objects, and in a real browser by mouse and by keyboard."""

import os
import shutil

import pytest
from drawn import drawn

from efficient_ai import plots
from efficient_ai.decide import Figure, Row, explore

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
in_browser = pytest.mark.skipif(
    BROWSER is None and not os.environ.get("CI"), reason="no Chromium here: apt-get install chromium"
)
POINTS = {"small": (1.0, 0.80, 5), "middle": (2.0, 0.90, 50), "large": (4.0, 0.95, 500), "worse": (3.0, 0.85, 10)}


def rows():
    kinds = {"small": "int8", "middle": "pruned", "large": "float32", "worse": "low rank"}
    return [
        Row(
            name,
            kinds[name],
            {
                "latency_p50_ms": Figure(latency, "measured", "here"),
                "accuracy": Figure(accuracy, "measured", "here"),
                "energy_mj_per_inference": Figure(size / 7, "modelled", "a model"),
                "flash_kib": Figure(size, "computed", "the file"),
            },
        )
        for name, (latency, accuracy, size) in POINTS.items()
    ]


def made(**options):
    asked = {
        "x": "latency_p50_ms",
        "y": "accuracy",
        "axes": ("flash_kib", "energy_mj_per_inference"),
        "limits": {"flash_kib": None},
        "title": "Four nets",
    }
    return plots.explorer(rows(), **{**asked, **options})


def test_the_bundle_has_a_page_form_and_a_still_form_and_both_are_deterministic():
    bundle = made()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"].startswith("<?xml")
    assert bundle == made()._repr_mimebundle_()
    drawn(lambda: plots.plot_still(explore(rows(), x="flash_kib", y="accuracy", limits={"accuracy": 0.87})))


def test_the_still_says_which_kind_of_figure_an_axis_has():
    axes = made(x="energy_mj_per_inference").still().axes[0]
    assert axes.get_xlabel().endswith("(mJ), modelled")
    assert axes.get_ylabel().endswith("(%), measured")


def test_the_fragment_names_no_address_and_a_name_cannot_end_its_data():
    evil = [Row("</script><b>", r.technique, r.figures) if r.name == "small" else r for r in rows()]
    fragment = plots.explorer(evil, x="latency_p50_ms", y="accuracy").html()
    assert "</script><b>" not in fragment
    assert fragment.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_techniques_of_the_book_keep_their_colours_and_others_get_different_looks():
    fragment = made().html()
    assert plots.COLORS["pruned"] in fragment
    many = [Row(str(i), f"new {i}", r.figures) for i, r in enumerate(rows())]
    points = plots.explorer(many, x="latency_p50_ms", y="accuracy").still().axes[0].lines
    assert len({(line.get_color(), line.get_marker()) for line in points if line.get_label()[:3] == "new"}) == 4


def test_a_technique_is_known_by_its_word_and_two_together_are_combined():
    names = {"pruning": plots.COLORS["pruned"], "distillation and pruning": plots.COLORS["combined"]}
    for technique, color in names.items():
        named = [Row(r.name, technique, r.figures) for r in rows()]
        axes = plots.explorer(named, x="latency_p50_ms", y="accuracy").still().axes[0]
        assert {line.get_color() for line in axes.lines if line.get_label() == technique} == {color}


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens fragments as one page, from disk and without network; anything that goes wrong fails the test."""
    wrong, opened = [], []

    def open_page(*fragments, **options):
        file = tmp_path / "page.html"
        file.write_text("<!DOCTYPE html><html lang=en><title>x</title>" + "".join(fragments), "utf-8")
        context = browser.new_context(offline=True, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: r.url.startswith("file:") or wrong.append(r.url))
        page.goto(file.as_uri())
        opened.append(context)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert not wrong


def names(page, which):
    return {p.get_attribute("data-name") for p in page.locator(f".point{which}").all()}


@in_browser
def test_the_script_finds_the_same_front_as_the_library_wherever_the_limit_stands(show):
    page = show(made().html())
    slider = page.get_by_label("Limit: bytes of the model's file")
    for stop, limit in enumerate(sorted(size for _, _, size in POINTS.values())):
        slider.fill(str(stop))
        found = explore(rows(), x="latency_p50_ms", y="accuracy", limits={"flash_kib": limit})
        assert names(page, ".best") == {row.name for row in found.front()}
        assert names(page, ".missed") == {row.name for row in rows() if found.missed(row)}
        assert slider.get_attribute("aria-valuetext") == f"at most {limit} KiB"
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "any"
    assert names(page, ".missed") == set()


@in_browser
def test_a_click_says_figures_kinds_and_missed_limits_aloud(show):
    page = show(made(limits={"flash_kib": 50}).html())
    page.locator("[data-name=large]").click()
    said = page.locator("[aria-live=polite]").inner_text()
    for part in ("large, float32", "4 ms (measured)", "95% (measured)", "71.4 mJ (modelled)", "500 KiB (computed)"):
        assert part in said
    assert "Misses: bytes of the model's file at most 50 KiB, has 500 KiB (computed)." in said
    page.locator("[data-name=small]").click()
    assert "Keeps every limit." in page.locator("[aria-live=polite]").inner_text()


@in_browser
def test_the_keyboard_alone_reaches_every_control_and_every_point(show):
    page = show(made().html())
    for tag in ("SELECT", "SELECT", "INPUT", "g"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == tag
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    order = []
    page.keyboard.press("Home")
    for _ in POINTS:
        order.append(page.evaluate("document.activeElement.dataset.name"))
        page.keyboard.press("ArrowRight")
    assert order == sorted(POINTS, key=lambda name: POINTS[name][0])
    assert page.locator("[aria-pressed=true]").count() == 1
    assert order[-1] in page.locator("[aria-live=polite]").inner_text()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")
    assert names(page, ".missed") == set(POINTS) - {"small"}


@in_browser
def test_another_axis_moves_the_points_and_renames_the_scale(show):
    page = show(made().html())
    before = page.locator("[data-name=middle]").get_attribute("transform")
    page.get_by_label("Horizontal axis").select_option("energy_mj_per_inference")
    assert page.locator("[data-name=middle]").get_attribute("transform") != before
    assert "energy of an inference (mJ)" in page.locator("svg.plot").text_content()


@in_browser
def test_two_explorers_on_a_page_share_no_id_and_move_apart(show):
    page = show(made().html(), made().html())
    ids = page.eval_on_selector_all("[id]", "found => found.map((one) => one.id)")
    assert len(ids) == len(set(ids)) == 6
    page.locator("input").first.fill("0")
    counts = [box.locator(".missed").count() for box in page.locator(".explorer").all()]
    assert counts == [3, 0]


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page_in_light_and_dark(show, scheme):
    page = show("<style>:root{color-scheme:light dark}</style>", made().html(), color_scheme=scheme)
    ink, paper = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.explorer')).color,
                  getComputedStyle(document.querySelector('.explorer select')).backgroundColor]"""
    )
    light = [sum(map(int, color[4:-1].split(",")[:3])) / 3 for color in (ink, paper)]
    assert (light[0] < 60 and light[1] > 200) if scheme == "light" else (light[0] > 200 and light[1] < 60)


@in_browser
def test_nothing_runs_off_a_telephone(show):
    page = show(
        '<meta name="viewport" content="width=device-width">', made().html(), viewport={"width": 390, "height": 800}
    )
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


TABLE = [{"name": n, "KiB": v} for n, v in (("b", "1,200 (900–1,500)"), ("c", "–"), ("a", "−3"), ("d", "< 70"))]


def test_a_sortable_table_is_the_same_in_markdown_and_carries_its_script_in_html():
    plain, sortable = plots.Table(TABLE), plots.Table(TABLE, sortable=True)
    assert sortable._repr_markdown_() == plain._repr_markdown_()
    assert "<script" in sortable._repr_html_()
    assert "<script" not in plain._repr_html_()


@in_browser
def test_headings_sort_numbers_as_numbers_with_what_is_missing_last(show):
    page = show(plots.Table(TABLE, sortable=True)._repr_html_())

    def column():
        return "".join(cell.inner_text() for cell in page.locator("tbody td:first-child").all())

    page.get_by_role("button", name="KiB").click()
    assert column() == "adbc"
    assert page.locator("th").nth(1).get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="KiB").press("Enter")
    assert column() == "bdac"
    page.get_by_role("button", name="name").press("Enter")
    assert column() == "abcd"
    assert page.locator("th[aria-sort]").count() == 1
