"""The ledgers as waterfalls."""

import pytest
from drawn import drawn

from efficient_ai.decide.ledger import Amount, Step
from efficient_ai.plots import LedgerPanel, plot_ledger

STEPS = (
    Step("start", "int8", {"uj": Amount(1000.0, "published")}, notes=("95%",)),
    Step("taught", "distilled", {"uj": Amount(200.0, "modelled", 150.0, 220.0, 180.0)}, notes=("90%",)),
    Step("unknown", "pruned", {"uj": None}, notes=("–",)),
    Step("other", "redesigned", {"uj": Amount(120.0, "modelled")}, instead_of="start", notes=("94%",)),
)
PANEL = LedgerPanel("uj", "energy (µJ)", 100.0, "a year", "{:.0f} µJ".format)


def bars(axes):
    return [
        sorted((b.get_x(), b.get_x() + b.get_width())) for b in axes.patches if b.get_height() < 1 and b.get_width()
    ]


def texts(made):
    return [text.get_text() for axes in made.axes for text in axes.texts]


def test_a_bar_goes_from_what_the_step_before_left_to_what_this_one_leaves():
    made = drawn(lambda: plot_ledger(STEPS, [PANEL], notes=("accuracy",)))
    found = bars(made.axes[0])
    assert [200.0, 1000.0] in found
    assert [120.0, 1000.0] in found  # instead of the start, not after the steps above it


def test_what_is_left_up_to_the_limit_is_a_row_and_what_nobody_knows_says_so():
    made = drawn(lambda: plot_ledger(STEPS, [PANEL], notes=("accuracy",)))
    assert [tick.get_text() for tick in made.axes[0].get_yticklabels()] == [
        "start", "taught", "unknown", "other", "still to find",
    ]  # fmt: skip
    assert "2.00× too much" in texts(made)
    assert "nobody published it" in texts(made)
    assert {"1000 µJ", "200 µJ", "94%", "accuracy"} <= set(texts(made))


def test_where_the_limit_is_kept_nothing_is_left():
    kept = LedgerPanel("uj", "energy (µJ)", 500.0, "a year", str)
    made = drawn(lambda: plot_ledger(STEPS, [kept], notes=("accuracy",)))
    assert "still to find" not in [tick.get_text() for tick in made.axes[0].get_yticklabels()]


def test_notes_without_headings_and_no_panels_are_refused():
    with pytest.raises(ValueError, match="start needs 0 notes"):
        plot_ledger(STEPS, [PANEL])
    with pytest.raises(ValueError, match="at least one panel"):
        plot_ledger(STEPS, [], notes=("accuracy",))
