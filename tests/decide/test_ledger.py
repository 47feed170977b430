"""The ledgers of the two products."""

from dataclasses import replace

import pytest

from efficient_ai import hardware, published, studies
from efficient_ai.decide import ledger, product
from efficient_ai.errors import EfficientAIError

BUTTON = product("smart_home")
BOARD = hardware.device("STM32L4R5ZI")


@pytest.fixture(scope="module")
def steps():
    return ledger.button_ledger(studies.variants.rows("keywords", BUTTON), BUTTON)


def test_the_limit_is_the_energy_with_which_the_battery_lasts_as_long_as_asked():
    assert ledger.days(BUTTON, ledger.energy_limit_uj(BUTTON)) == pytest.approx(365)
    by_hand = (27_000 / (365 * 86_400) - 0.3e-3) / 5 * 1e6  # as in the introduction
    assert ledger.energy_limit_uj(BUTTON) == pytest.approx(by_hand)


def test_a_budget_without_a_battery_is_refused():
    with pytest.raises(EfficientAIError, match="no \\[battery\\]"):
        ledger.days(replace(BUTTON, supply=None), 1.0)
    with pytest.raises(EfficientAIError, match="limits no battery_days"):
        ledger.energy_limit_uj(product("mobile"))


def test_the_button_starts_at_the_published_energy_and_each_step_goes_on_by_its_multiplications(steps):
    first, half = steps[0].amounts["energy_uj"], steps[1].amounts["energy_uj"]
    assert first.value == published.figure("mlperf_tiny_v1_3.stm32l4r5.kws.energy").value
    assert (first.kind, half.kind) == ("published", "modelled")
    assert half.value / first.value == pytest.approx(816_384 / 2_656_768)
    assert half.low < half.fitted < half.high == half.value


def test_what_was_tried_instead_names_what_it_would_replace(steps):
    aside = [step for step in steps if step.instead_of]
    assert [step.instead_of for step in aside] == [steps[0].name] * len(aside)
    assert all(len(step.notes) == 2 for step in steps)


def test_the_fitted_price_gives_the_days_that_the_variants_rows_have(steps):
    rows = {row.name: row for row in studies.variants.rows("keywords", BUTTON)}
    fitted = steps[3].amounts["energy_uj"].fitted
    assert ledger.days(BUTTON, fitted) == pytest.approx(rows["ds_cnn_24x3_long int8"].figures["battery_days"].value)


def test_the_camera_says_nothing_of_what_nobody_published():
    rows = studies.variants.rows("fashion_mnist")
    steps = ledger.camera_ledger(rows, BOARD, {"time_us": 1500.0, "sram_kib": 54.0})
    assert steps[0].amounts["time_ms"] is None is steps[-1].amounts["energy_mj"]
    assert steps[-1].amounts["time_ms"].value == 1.5
    assert ledger.camera_ledger(rows, BOARD, {})[-1].amounts["time_ms"] is None


def test_a_board_without_published_results_and_an_unknown_task_are_refused():
    with pytest.raises(EfficientAIError, match="no published results of"):
        ledger.board_prices(hardware.device("Raspberry Pi 5, 8 GB"), "kws")
    with pytest.raises(ValueError, match="task must be one of"):
        ledger.board_prices(BOARD, "ad")
