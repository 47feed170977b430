import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import published
from efficient_ai.measure.battery import (
    DAY_S,
    Battery,
    Duty,
    Net,
    Radio,
    battery_life,
    discharge,
    mean_power,
    uj_for_life,
)

KEYWORDS = Net(
    name="DS-CNN", energy_uj=published.figure("mlperf_tiny_v1_3.stm32l4r5.kws.energy").value, basis="published"
)
BUTTON = Duty(first=KEYWORDS, decisions_per_s=5, always_mw=0.3)
CELLS = Battery(energy_j=27_000)


def net(energy_uj, seconds=0.0, basis="modelled"):
    return Net(name="net", energy_uj=energy_uj, seconds=seconds, basis=basis)


def test_the_keyword_button_lasts_as_long_as_the_introduction_says():
    found = battery_life(CELLS, BUTTON)
    assert round(found.days) == 42
    assert found.basis == "published"
    assert uj_for_life(CELLS, BUTTON, 365) == pytest.approx(1000 * (1000 * 27_000 / (365 * DAY_S) - 0.3) / 5)


def test_a_battery_with_one_load_lasts_its_energy_over_the_power():
    duty = Duty(first=net(1_000), decisions_per_s=1)  # 1 mW
    assert battery_life(Battery(energy_j=86.4), duty).days == pytest.approx(1.0)


def test_a_device_that_draws_nothing_lasts_for_ever():
    assert battery_life(CELLS, Duty(first=net(1.0), decisions_per_s=0)).days == math.inf


def test_sleep_is_drawn_only_while_it_does_not_compute():
    duty = Duty(first=net(100, seconds=0.05), decisions_per_s=5, sleep_mw=0.4)
    assert duty.busy_share == pytest.approx(0.25)
    assert mean_power(duty)["sleep"] == pytest.approx(0.3)


@given(st.floats(0.0, 0.9), st.floats(0.01, 10.0), st.floats(10, 1e5))
def test_days_and_the_budget_for_them_are_inverse(lost, power_mw, energy_j):
    battery = Battery(energy_j=energy_j, self_discharge_per_year=lost)
    duty = Duty(first=net(1_000 * power_mw), decisions_per_s=1)
    assert uj_for_life(battery, duty, battery_life(battery, duty).days) == pytest.approx(1_000 * power_mw)


@given(st.floats(0.0, 0.6), st.floats(0.05, 5.0))
def test_the_simulation_ends_where_the_closed_form_says(lost, power_mw):
    battery = Battery(energy_j=5_000, self_discharge_per_year=lost)
    duty = Duty(first=net(1_000 * power_mw), decisions_per_s=1)
    days, left = discharge(battery, duty)
    expected = battery_life(battery, duty).days
    assert expected - 0.01 <= days[-1] <= expected + 1.01
    assert left[-1] == 0
    assert all(later < earlier for earlier, later in itertools.pairwise(left))


def test_without_a_load_only_its_own_losses_empty_a_battery():
    duty = Duty(first=net(0), decisions_per_s=0)
    days, left = discharge(Battery(energy_j=100, self_discharge_per_year=0.1), duty, most_days=365)
    assert days[-1] == 365
    assert left[-1] == pytest.approx(90)


def test_losses_shorten_a_life_and_never_lengthen_it():
    lives = [battery_life(Battery(energy_j=27_000, self_discharge_per_year=x), BUTTON).days for x in (0, 0.02, 0.3)]
    assert lives[0] > lives[1] > lives[2]


def test_a_cascade_pays_for_the_large_net_only_when_it_is_asked():
    small, large = net(50, basis="measured"), net(1_400)
    cascade = Duty(first=small, second=large, passed_on=0.02, decisions_per_s=5)
    parts = mean_power(cascade)
    assert parts["first net"] == pytest.approx(0.25)
    assert parts["second net"] == pytest.approx(0.14)
    assert cascade.basis == "measured and modelled"
    alone = Duty(first=large, decisions_per_s=5)
    assert battery_life(CELLS, cascade).days > 10 * battery_life(CELLS, alone).days


def test_a_cascade_that_always_asks_costs_more_than_the_large_net_alone():
    small, large = net(50), net(1_400)
    cascade = Duty(first=small, second=large, passed_on=1.0, decisions_per_s=5)
    assert battery_life(CELLS, cascade).days < battery_life(CELLS, Duty(first=large, decisions_per_s=5)).days


def test_batching_shares_the_radios_waking_and_costs_time():
    def radio(batch):
        return Radio(wake_uj=5_000, message_uj=200, messages_per_day=96, batch=batch)

    assert radio(1).uj_a_message == 5_200
    assert radio(10).uj_a_message == 700
    assert radio(1).longest_wait_s == 0
    assert radio(10).longest_wait_s == pytest.approx(9 * 900)
    lives = [battery_life(CELLS, Duty(first=net(0), decisions_per_s=0, radio=radio(b))).days for b in (1, 10)]
    assert lives[1] / lives[0] == pytest.approx(5_200 / 700)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"energy_j must be above 0, got 0"):
        Battery(energy_j=0)
    with pytest.raises(ValueError, match=r"self_discharge_per_year must be in \[0, 1\), got 1"):
        Battery(energy_j=1, self_discharge_per_year=1)
    with pytest.raises(ValueError, match=r"basis must be one of measured, modelled, published, got 'guessed'"):
        net(1, basis="guessed")
    with pytest.raises(ValueError, match=r"busy 1.50 of the time: fewer decisions a second, or a faster net"):
        Duty(first=net(1, seconds=0.3), decisions_per_s=5)
    with pytest.raises(ValueError, match=r"a cascade needs a second net and passed_on above 0"):
        Duty(first=net(1), decisions_per_s=1, passed_on=0.1)
    with pytest.raises(ValueError, match=r"batch must be at least 1, got 0"):
        Radio(wake_uj=1, message_uj=1, messages_per_day=1, batch=0)
    with pytest.raises(ValueError, match=r"energy_uj must be at least 0, got nan"):
        net(math.nan)
    with pytest.raises(ValueError, match=r"step_days must be above 0"):
        discharge(CELLS, BUTTON, step_days=0)
