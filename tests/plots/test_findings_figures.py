"""The scoreboard."""

from dataclasses import replace

from drawn import drawn

from efficient_ai.decide.findings import HERE, MISSING, SHIPPED, Found, expected
from efficient_ai.plots import plot_findings, scoreboard

BY = {one.id: one for one in expected()}
INT8 = Found(BY["int8"], HERE, factor=3.3, points=-0.1, gave="a file 3.3× smaller", cost="−0.10 points",
             paper="ResNet-50: −0.21 points", paper_source="torchvision2016")  # fmt: skip
OLD = Found(BY["int8_old"], SHIPPED, factor=0.1, gave="the same file slower", cost="the time")
TAUGHT = Found(BY["taught"], HERE, stale=True, points=0.9, low=0.6, high=1.2, gave="+0.90 points", cost="a teacher")
NONE = Found(BY["zeros"], MISSING)


def test_each_finding_has_a_row_with_its_section_and_its_citation():
    rows = scoreboard([INT8, OLD, TAUGHT, NONE]).rows
    assert rows[0]["paper"] == "ResNet-50: −0.21 points [@torchvision2016]"
    assert rows[0]["told in"] == "@sec-models-quantization"
    assert [row["technique"][-1] for row in rows[1:3]] == ["†", "‡"]
    assert rows[3]["gave"] == "missing: run inference"


def test_the_table_is_markdown_alone_so_that_its_references_become_links():
    table = scoreboard([INT8])
    assert table._repr_html_ is None
    assert "| @sec-models-quantization |" in table._repr_markdown_()
    assert len(table._repr_markdown_().splitlines()[1]) > 100  # the columns' widths


def test_findings_are_grouped_and_what_has_no_number_is_not_drawn():
    made = drawn(lambda: plot_findings([INT8, OLD, TAUGHT, NONE]))
    left, right = made.axes
    assert [tick.get_text() for tick in left.get_yticklabels()] == [
        "Bytes", BY["int8"].name, "Time", BY["int8_old"].name, "Accuracy", BY["taught"].name,
    ]  # fmt: skip
    assert left.get_xlim()[0] < 0.1 < 3.3 < left.get_xlim()[1]
    assert right.get_xlim()[0] < -0.1 < 1.2 < right.get_xlim()[1]


def test_a_marker_is_hollow_where_the_entry_is_not_this_machines_or_is_of_older_code():
    made = drawn(lambda: plot_findings([INT8, OLD, replace(TAUGHT, low=None, high=None)]))
    faces = [line.get_markerfacecolor() for axes in made.axes for line in axes.lines if line.get_marker() != "None"]
    assert faces.count("white") == 2


def test_nothing_at_all_can_be_drawn():
    drawn(lambda: plot_findings([NONE]))
