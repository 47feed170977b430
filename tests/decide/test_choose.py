import pytest

from efficient_ai import decide
from efficient_ai.decide import Budget, Figure, Limit, Row

KINDS = {"accuracy": "measured", "flash_kib": "computed", "latency_p50_ms": "measured", "price_usd": "computed"}


def row(name, **values):
    return Row(name, "", {key: Figure(value, KINDS[key], "") for key, value in values.items()})


def budget(**limits):
    made = tuple(Limit(decide.QUANTITIES[key], value, KINDS[key]) for key, value in limits.items())
    return Budget("x", "", None, made)


ROWS = (
    row("large", accuracy=0.95, flash_kib=300, latency_p50_ms=9),
    row("slow", accuracy=0.93, flash_kib=90, latency_p50_ms=30),
    row("good", accuracy=0.92, flash_kib=80, latency_p50_ms=5),
    row("tiny", accuracy=0.91, flash_kib=20, latency_p50_ms=2),
)


def test_the_best_of_those_that_keep_every_limit_wins():
    found = decide.choose(ROWS, budget(flash_kib=100, latency_p50_ms=10))
    assert found.winner.name == "good"
    assert [one.name for one in found.passing] == ["good", "tiny"]
    assert {loss.row.name: loss.verdict and loss.verdict.limit.key for loss in found.losses} == {
        "large": "flash_kib",
        "slow": "latency_p50_ms",
        "tiny": None,
    }
    assert found.losses[-1].reason == "accuracy is 0.91, good has 0.92"


def test_little_is_good_where_the_limit_is_an_upper_one():
    assert decide.choose(ROWS, budget(accuracy=0.9), best="flash_kib").winner.name == "tiny"


def test_a_budget_that_nothing_keeps_has_no_winner():
    found = decide.choose(ROWS, budget(flash_kib=1))
    assert found.winner is None
    assert len(found.losses) == len(ROWS)


def test_a_limit_that_no_row_could_be_evaluated_on_is_left_open():
    found = decide.choose([row("a", accuracy=0.9, price_usd=None)], budget(accuracy=0.8, price_usd=4))
    assert found.winner.name == "a"
    assert found.open_limits == ("price_usd",)


def test_a_row_without_the_figure_that_others_have_loses():
    found = decide.choose([row("a", accuracy=0.9), row("b", accuracy=0.8, flash_kib=3)], budget(flash_kib=4))
    assert found.winner.name == "b"
    assert "not evaluated" in found.losses[0].reason


def test_equal_rows_are_won_by_the_first():
    pair = [row("a", accuracy=0.9), row("b", accuracy=0.9)]
    assert decide.choose(pair, budget(accuracy=0.8)).winner.name == "a"


def test_bad_questions_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        decide.choose([], budget(accuracy=0.8))
    with pytest.raises(ValueError, match="names of their own"):
        decide.choose([ROWS[0], ROWS[0]], budget(accuracy=0.8))
    with pytest.raises(ValueError, match="best must be one of"):
        decide.choose(ROWS, budget(accuracy=0.8), best="beauty")


def test_rank_agreement_counts_the_swapped_pairs_with_better_first():
    (found,) = decide.rank_agreements(ROWS, ["accuracy", "flash_kib"])
    assert found.tau == -1  # the more accurate, the larger
    assert len(found.swapped) == 6
    (found,) = decide.rank_agreements(ROWS, ["flash_kib", "latency_p50_ms"])
    assert found.swapped == (("large", "slow"),)
    assert found.tau == pytest.approx((5 - 1) / 6)


def test_a_missing_value_names_its_row():
    with pytest.raises(ValueError, match="b has no value of flash_kib"):
        decide.rank_agreements([row("a", accuracy=1, flash_kib=2), row("b", accuracy=2)], ["accuracy", "flash_kib"])
    with pytest.raises(ValueError, match="at least two"):
        decide.rank_agreements(ROWS, ["accuracy"])
