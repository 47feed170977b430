import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import published
from efficient_ai.decide import Usage, linpack_seconds, most_per_day, price_of
from efficient_ai.hardware import Device, device, devices


def make(**fields):
    entry = {"name": "c", "kind": "edge", "memory_bytes": 1, "sources": ("x",), "verified": "V"}
    return Device(**{**entry, "price_usd": 80.0, "power_w": 10.0, "measured_flop_per_s": 1e10, **fields})


def test_a_device_that_does_a_million_in_its_life_costs_a_million_inferences_its_price():
    found = price_of(make(), 0.001, Usage(per_day=1e6 / 730, years=2, usd_per_kwh=0.0))
    assert found.usd_per_million == found.device_usd_per_million == pytest.approx(80)


def test_ten_watts_for_a_second_a_million_times_are_so_many_kwh():
    found = price_of(make(), 1.0, Usage(per_day=86_400, usd_per_kwh=0.36))
    assert found.electricity_usd_per_million == pytest.approx(10 * 1e6 / 3.6e6 * 0.36)
    assert found.utilisation == 1.0


def test_idling_is_paid_for_as_well():
    seldom = Usage(per_day=1, idle_w=2.0, usd_per_kwh=0.36)
    found = price_of(make(), 1.0, seldom).electricity_usd_per_million
    assert found == pytest.approx((10 + 2 * 86_399) * 1e6 / 3.6e6 * 0.36)


@given(st.floats(1e-4, 1), st.floats(1, 5e4))
def test_more_inferences_never_make_one_dearer(seconds, per_day):
    few, many = (price_of(make(), seconds, Usage(per_day=n, idle_w=1)) for n in (per_day, 1.5 * per_day))
    assert many.usd_per_million <= few.usd_per_million


def test_what_is_not_known_stays_unknown():
    unknown = price_of(make(price_usd=None), 0.1, Usage(per_day=10))
    assert unknown.device_usd_per_million is None
    assert unknown.usd_per_million is None
    assert unknown.electricity_usd_per_million > 0
    assert price_of(make(power_w=None), 0.1, Usage(per_day=10)).usd_per_million is None
    assert linpack_seconds(make(measured_flop_per_s=None), 10) is None


def test_the_time_at_linpacks_rate_counts_two_operations_a_mac():
    assert linpack_seconds(make(), 5 * 10**9) == 1.0
    assert most_per_day(0.5) == 172_800


def test_the_price_of_a_kwh_is_the_published_one_unless_it_is_given():
    assert Usage(per_day=1).electricity_usd == published.figure("price.electricity.us_residential").value
    assert Usage(per_day=1, usd_per_kwh=0.5).electricity_usd == 0.5


def test_every_price_of_the_catalogue_has_its_source_and_date():
    priced = [d for d in devices() if d.price_usd is not None]
    assert len(priced) >= 6
    assert all(d.price_source and d.price_date for d in priced)
    assert device("STM32L4R5ZI").price_usd is None


@pytest.mark.parametrize("fields", [{"per_day": 0}, {"per_day": 1, "years": 0}, {"per_day": 1, "idle_w": -1}])
def test_bad_usage_is_refused(fields):
    with pytest.raises(ValueError, match="must be"):
        Usage(**fields)


def test_a_device_that_is_too_slow_says_how_many_it_can_do():
    with pytest.raises(ValueError, match="does 86,400 inferences a day, asked for 90,000"):
        price_of(make(), 1.0, Usage(per_day=90_000))
    with pytest.raises(ValueError, match="seconds must be above 0"):
        most_per_day(0)
