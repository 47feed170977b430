"""Figures of the caveats."""

import pytest
from drawn import drawn

from efficient_ai.decide import RankAgreement
from efficient_ai.plots import plot_agreements, plot_class_changes, plot_rank_flips
from efficient_ai.records import Interval

NAMES = {"mega_macs": "MACs", "flash_kib": "file", "accuracy": "accuracy"}
FOUND = [
    RankAgreement("mega_macs", "flash_kib", 0.61, 5, ()),
    RankAgreement("mega_macs", "accuracy", -0.37, 5, ()),
    RankAgreement("flash_kib", "accuracy", 0.0, 5, ()),
]


def test_each_pair_of_metrics_has_its_number():
    made = drawn(lambda: plot_agreements(FOUND, NAMES))
    assert sorted(text.get_text() for text in made.axes[0].texts) == ["+0.00", "+0.61", "−0.37"]


def test_a_missing_pair_is_refused():
    with pytest.raises(ValueError, match="no agreement of flash_kib and accuracy"):
        plot_agreements(FOUND[:2], NAMES)


def test_a_line_passes_through_its_ranks_and_has_a_colour_only_where_it_moves():
    made = drawn(
        lambda: plot_rank_flips({"mover": (1, 3, 4), "near": (2, 1, 1), "third": (3, 2, 2), "last": (4, 4, 3)}, "abc")
    )
    lines = {tuple(line.get_ydata()[[0, 40, 79]].round()): line for line in made.axes[0].lines}
    assert set(lines) == {(1, 3, 4), (2, 1, 1), (3, 2, 2), (4, 4, 3)}
    assert lines[1, 3, 4].get_color() != lines[4, 4, 3].get_color() == lines[2, 1, 1].get_color()


def test_a_variant_without_a_rank_for_each_metric_is_refused():
    with pytest.raises(ValueError, match="short needs 3 ranks, got 2"):
        plot_rank_flips({"short": (1, 2)}, "abc")


def test_changes_stand_in_points_at_their_class():
    found = {"shirt": Interval(-0.02, -0.03, -0.01, 0.95), "bag": Interval(0.01, 0.0, 0.02, 0.95)}
    made = drawn(lambda: plot_class_changes({"int8": found}, {"int8": "int8"}))
    assert [tick.get_text() for tick in made.axes[0].get_yticklabels()] == ["shirt", "bag"]
    assert made.axes[0].containers[0].lines[0].get_xdata() == pytest.approx([-2, 1])
