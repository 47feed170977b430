import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import decide
from efficient_ai.decide import BadBudget, Figure
from efficient_ai.errors import EfficientAIError

HEAD = 'name = "x"\nwhy = "y"\ndevice = "STM32L4R5ZI"\n'


def written(tmp_path, text):
    path = tmp_path / "budget.toml"
    path.write_text(text, encoding="utf-8")
    return path


def budget_with(tmp_path, limits):
    return decide.read(written(tmp_path, f"{HEAD}[limits]\n{limits}\n"))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("flsh_kib = 3", "did you mean flash_kib"),
        ("flash = 3", "has no unit: write flash_kib"),
        ("latency_p99 = 3", "has no unit: write latency_p99_ms"),
        ("battery = 3", "has no unit: write battery_days"),
        ("flash_kib = -1", "at least 0 and finite, got -1"),
        ("flash_kib = nan", "at least 0 and finite, got nan"),
        ('flash_kib = "3"', "flash_kib"),
        ("flash_kib = true", "flash_kib"),
        ("flash_kib = { why = 'small' }", "has no limit"),
        ("flash_kib = { limit = 'much' }", "must be a number, got 'much'"),
        ("flash_kib = { limit = 3, kind = 'guessed' }", "computed, measured, modelled, got 'guessed'"),
        ("flash_kib = { limit = 3, unit = 'MB' }", "unknown key 'unit'"),
        ("accuracy = 93", "write 0.93 for percent"),
        ("battery_days = 3", "has no [battery]"),
        ("", "is empty"),
    ],
)
def test_a_wrong_limit_is_one_line_that_helps(tmp_path, limits, said):
    with pytest.raises(BadBudget) as error:
        budget_with(tmp_path, limits)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, EfficientAIError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not TOML"),
        ('name = "x"', "lacks why, device, limits"),
        (HEAD + "limits = 3", "must be a table"),
        (HEAD + "colour = 3\n[limits]\nflash_kib = 3", "unknown key 'colour'"),
        (HEAD + "threads = 0\n[limits]\nflash_kib = 3", "at least 1, got 0"),
        (HEAD + 'written = "today"\n[limits]\nflash_kib = 3', "must be a date"),
        (HEAD + 'best = "beauty"\n[limits]\nflash_kib = 3', "best in"),
        (HEAD + "[limits]\nbattery_days = 3\n[battery]\nenergy_j = 4", "lacks decisions_per_s"),
        (HEAD + "[limits]\nbattery_days = 3\n[battery]\nenergy_j = 0\ndecisions_per_s = 1", "energy_j must be above 0"),
        (HEAD.replace("ZI", "XX") + "[limits]\nflash_kib = 3", "no device"),
    ],
)
def test_a_wrong_file_is_one_line_that_helps(tmp_path, text, said):
    with pytest.raises(EfficientAIError) as error:
        decide.read(written(tmp_path, text))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(BadBudget, match="can't be read"):
        decide.read(tmp_path / "nothing.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadBudget, match="not TOML"):
        decide.read(tmp_path / "x.toml")


def test_a_limit_may_say_its_reason_and_the_kind_that_it_wants(tmp_path):
    plain, full = budget_with(
        tmp_path, "flash_kib = 3\nlatency_p99_ms = { limit = 4, kind = 'modelled', why = 'z' }"
    ).limits
    assert (plain.value, plain.kind, plain.why) == (3.0, "computed", "")
    assert (full.value, full.kind, full.why) == (4.0, "modelled", "z")


@pytest.mark.parametrize("value", [math.nan, None, math.inf])
def test_what_has_no_finite_value_is_null_in_json(value):
    budget = decide.Budget(
        "x", "", decide.product("smart_home").device, (decide.Limit(decide.QUANTITIES["accuracy"], 0.9, "measured"),)
    )
    text = decide.as_json("m", budget, decide.check(budget, {"accuracy": Figure(value, "measured", "")}))
    (entry,) = json.loads(text, parse_constant=pytest.fail)["verdicts"]
    assert entry["value"] is None
    assert entry["excess"] is None


@given(value=st.floats(0, 1e6), limit=st.floats(0, 1e6))
def test_a_value_meets_an_upper_limit_exactly_when_it_is_not_above(value, limit):
    quantity = decide.QUANTITIES["flash_kib"]
    budget = decide.Budget("x", "", None, (decide.Limit(quantity, limit, "computed"),))
    (verdict,) = decide.check(budget, {"flash_kib": Figure(value, "computed", "")})
    assert (verdict.outcome == "met") == (value <= limit)
    assert verdict.excess == value - limit


@given(value=st.floats(0, 1), limit=st.floats(0, 1))
def test_a_value_meets_a_lower_limit_exactly_when_it_is_not_below(value, limit):
    budget = decide.Budget("x", "", None, (decide.Limit(decide.QUANTITIES["accuracy"], limit, "measured"),))
    (verdict,) = decide.check(budget, {"accuracy": Figure(value, "measured", "")})
    assert (verdict.outcome == "met") == (value >= limit)


def test_a_model_never_stands_for_a_measurement(tmp_path):
    budget = budget_with(tmp_path, "latency_p99_ms = 5\nenergy_mj_per_inference = 5")
    figures = {"latency_p99_ms": Figure(1.0, "modelled", ""), "energy_mj_per_inference": Figure(1.0, "measured", "")}
    latency, energy = decide.check(budget, figures)
    assert latency.outcome == "not evaluated"
    assert "wants a measured figure, and this is modelled" in latency.reason
    assert energy.outcome == "met"


def test_a_lower_bound_can_miss_a_limit_and_never_meet_it(tmp_path):
    budget = budget_with(tmp_path, "ram_kib = 5")
    outcomes = [decide.check(budget, {"ram_kib": Figure(v, "computed", "", True)})[0].outcome for v in (4.0, 6.0)]
    assert outcomes == ["not evaluated", "missed"]


def test_what_has_no_value_is_not_evaluated_and_says_why(tmp_path):
    budget = budget_with(tmp_path, "ram_kib = 5\nflash_kib = 5\naccuracy = 0.5")
    figures = {"ram_kib": Figure(None, "computed", "refused"), "flash_kib": Figure(math.nan, "computed", "odd")}
    verdicts = decide.check(budget, figures)
    assert [v.outcome for v in verdicts] == ["not evaluated"] * 3
    assert [v.reason for v in verdicts] == ["refused", "odd", "no measured figure was given"]


def test_a_figure_that_nobody_knows_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="did you mean flash_kib"):
        decide.check(budget_with(tmp_path, "ram_kib = 5"), {"flash_kb": Figure(1.0, "computed", "")})


def test_the_products_are_three_and_give_a_reason_for_each_limit():
    found = [decide.product(name) for name in decide.products()]
    assert sorted(budget.product for budget in found) == ["automotive", "mobile", "smart home"]
    assert all(limit.why for budget in found for limit in budget.limits)
    assert all(budget.written and budget.task and budget.why for budget in found)
    assert len({budget.best for budget in found}) == 3


def test_an_unknown_product_names_the_known_ones():
    with pytest.raises(BadBudget, match="automotive, mobile, smart_home"):
        decide.product("toaster")
