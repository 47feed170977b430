"""The page, made of a document that was made up: what it shows, and that nothing in it can get out of its place."""

import copy
import json
import re
from html.parser import HTMLParser

import pytest
from documents import document

from efficient_ai.errors import EfficientAIError
from efficient_ai.report import drawings, verdicts
from efficient_ai.report.page import render
from efficient_ai.report.write import check, write

HOSTILE = "</script><script>alert(1)</script>\"'&$x$\x1b[31m"


class Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page():
    return render(document())


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(page):
    read = Reader(page)
    assert not read.open
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in read.tags}
    assert not re.search(r"(?:src|href)=[\"'](?!#)", page)
    assert "url(http" not in page
    assert [tag for tag, _ in read.tags].count("h1") == 1


def test_every_figure_has_a_text_and_a_finding_and_every_table_a_caption(page):
    read = Reader(page)
    tags = [tag for tag, _ in read.tags]
    drawn = [attributes for tag, attributes in read.tags if tag == "svg"]
    assert len(drawn) == tags.count("figure") == tags.count("figcaption") == 5
    assert all(one["role"] == "img" and len(one["aria-label"]) > 20 for one in drawn)
    assert tags.count("caption") == tags.count("table") > 5


def test_identifiers_are_unique_though_several_figures_stand_in_one_page(page):
    found = [attributes["id"] for _, attributes in Reader(page).tags if "id" in attributes]
    assert len(found) == len(set(found))
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', page))
    assert used <= set(found)


def test_hostile_names_stay_text():
    hostile = document()
    hostile["model"] |= {"name": HOSTILE, "file": HOSTILE}
    for one in (*hostile["inputs"], *hostile["outputs"], *hostile["cost"]["layers"]):
        one["name"] = HOSTILE
    hostile["cost"]["unknown_operators"] = [HOSTILE]
    hostile["variants"][3]["reason"] = HOSTILE
    hostile["summary"] = verdicts.summary(hostile)
    made = render(hostile)
    read = Reader(made)
    assert "script" not in {tag for tag, _ in read.tags}
    assert not any(key.startswith("on") for _, attributes in read.tags for key in attributes)
    assert "\x1b" not in made
    assert "alert(1)" in "".join(read.text)


def test_the_same_document_gives_the_same_page(page):
    assert render(json.loads(json.dumps(document()))) == page


def test_a_row_without_a_file_says_why(page):
    text = " ".join(Reader(page).text)
    assert "left out: it needs data" in text
    assert "not installed: pip install tflite-runtime" in text


def test_a_model_that_does_not_convert_still_has_its_cost_table():
    bare = document()
    bare["variants"] = [{"name": "float32", "technique": "", "precision": "float32", "reason": "no operators Svd"}]
    bare |= {"latency": [], "memory_plan": None, "budget": None}
    bare["choice"] = verdicts.choice(bare)
    bare["summary"] = verdicts.summary(bare)
    text = " ".join(Reader(render(bare)).text)
    assert "can't be converted to a .tflite file here: no operators Svd" in text
    assert "Conv2D" in text


def test_a_drawing_names_the_layer_that_takes_most():
    drawn, finding = drawings.operators(document())
    assert finding.startswith("conv has 90% of the multiply-accumulates")
    assert "\n" not in drawn.split(">")[0].split('aria-label="')[1].split('"')[0]


def test_without_a_budget_the_smallest_variant_that_stays_good_is_taken():
    found = document()
    found["budget"] = None
    assert verdicts.choice(found)["variant"] == "dynamic_int8"
    worse = copy.deepcopy(found)
    worse["variants"][1]["quality"]["accuracy_change"]["value"] = -0.2
    assert verdicts.choice(worse)["variant"] == "float32"


def test_a_budget_that_nobody_keeps_names_the_nearest():
    found = document()
    found["budget"]["winner"] = None
    found["choice"] = verdicts.choice(found)
    assert found["choice"] | {"rule": ""} == {"variant": None, "rule": "", "nearest": "dynamic_int8"}
    assert "dynamic_int8 comes nearest" in verdicts.summary(found)[-1]


def test_what_to_try_next_stands_with_its_reason(page):
    text = " ".join(Reader(page).text)
    for words in ("1. fewer channels", "2 times fewer bytes", "a second thread", "For price_usd the book has found"):
        assert words in text


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with pytest.raises(EfficientAIError, match="holds something else"):
        write(document(), tmp_path / "other")
    assert [one.name for one in (tmp_path / "other").iterdir()] == ["thesis.tex"]
    (tmp_path / "file").write_text("")
    with pytest.raises(EfficientAIError, match="is a file"):
        check(tmp_path / "file")


def test_an_older_report_is_replaced(tmp_path):
    write(document(), tmp_path / "report")
    newer = document()
    newer["model"]["name"] = "another"
    assert "another" in write(newer, tmp_path / "report").read_text("utf-8")
    assert {one.name for one in (tmp_path / "report").iterdir()} == {"report.html", "report.json"}
    assert json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))["model"]["name"] == "another"
