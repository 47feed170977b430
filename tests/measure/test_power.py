import time

import pytest

from efficient_ai import hardware
from efficient_ai.measure import power
from efficient_ai.records import LayerCost, ModelCost

COST = ModelCost("a net", (LayerCost("dense", "FULLY_CONNECTED", (1, 10), 110, 100, 110, 10, 10),), 20)


def zone(folder, number, *, name="package-0", energy=0, limit=1_000_000):
    place = folder / f"intel-rapl:{number}"
    place.mkdir()
    for file, value in (("name", name), ("energy_uj", energy), ("max_energy_range_uj", limit)):
        (place / file).write_text(f"{value}\n")
    return place / "energy_uj"


def adding(counter, amount, limit=1_000_000):
    """A call that uses so many µJ, on a counter that begins anew at its limit."""
    return lambda: counter.write_text(str((int(counter.read_text()) + amount) % limit))


def test_the_energy_of_a_call_is_the_mean_over_the_calls(tmp_path):
    counter = zone(tmp_path, 0)
    found = power.measured_energy(adding(counter, 700), calls=20, warmup=3, folder=tmp_path)
    assert found.energy_uj == pytest.approx(700)
    assert found.total_uj == 14_000
    assert found.zones_uj == {"package-0": 14_000}
    assert found.idle_w is None
    assert found.power_w == pytest.approx(14_000e-6 / found.seconds)


def test_a_counter_that_begins_anew_is_understood(tmp_path):
    counter = zone(tmp_path, 0, energy=999_000)
    found = power.measured_energy(adding(counter, 500), calls=10, warmup=0, folder=tmp_path)
    assert found.energy_uj == pytest.approx(500)


def test_parts_of_a_package_are_not_counted_twice_and_packages_are_added(tmp_path):
    first, second = zone(tmp_path, 0), zone(tmp_path, 1, name="package-1")
    core = zone(tmp_path, "0:0", name="core")
    acts = [adding(first, 100), adding(second, 10), adding(core, 90)]
    found = power.measured_energy(lambda: [act() for act in acts], calls=5, folder=tmp_path)
    assert power.zones(tmp_path) == ("package-0", "package-1")
    assert found.energy_uj == pytest.approx(110)


def test_two_packages_of_one_name_both_count(tmp_path):
    first, second = zone(tmp_path, 0), zone(tmp_path, 1)
    acts = [adding(first, 100), adding(second, 10)]
    assert power.measured_energy(lambda: [a() for a in acts], calls=5, folder=tmp_path).energy_uj == pytest.approx(110)


def test_idle_power_is_subtracted_on_request(tmp_path, monkeypatch):
    counter = zone(tmp_path, 0, limit=10**9)
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def passes(seconds, watt):
        clock[0] += seconds
        adding(counter, round(watt * seconds * 1e6), 10**9)()

    monkeypatch.setattr(time, "sleep", lambda seconds: passes(seconds, 4.0))
    options = {"calls": 10, "warmup": 2, "folder": tmp_path}
    gross = power.measured_energy(lambda: passes(0.1, 9.0), **options)
    net = power.measured_energy(lambda: passes(0.1, 9.0), subtract_idle=True, **options)
    assert gross.energy_uj == pytest.approx(0.9e6)
    assert net.energy_uj == pytest.approx(0.5e6)
    assert net.idle_w == pytest.approx(4.0)
    assert net.total_uj == pytest.approx(gross.total_uj)


def test_without_counters_the_message_says_what_to_do(tmp_path):
    with pytest.raises(power.NoEnergyCounter, match=r"no RAPL counter in .*bare metal.*hardware.modelled_energy"):
        power.measured_energy(lambda: None, folder=tmp_path)


def test_a_counter_that_may_not_be_read_is_named(tmp_path):
    zone(tmp_path, 0).unlink()
    with pytest.raises(power.NoEnergyCounter, match=r"intel-rapl:0/energy_uj can't be read: `sudo chmod a\+r"):
        power.zones(tmp_path)


def test_measured_and_modelled_are_of_different_types(tmp_path):
    modelled = power.energy_per_inference(lambda: None, COST, folder=tmp_path)
    assert modelled == hardware.modelled_energy(COST)
    counter = zone(tmp_path, 0)
    measured = power.energy_per_inference(adding(counter, 5), COST, folder=tmp_path, calls=4)
    assert isinstance(measured, power.MeasuredEnergy)
    assert measured.name == "a net"
    assert measured.energy_uj == pytest.approx(5)


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"calls must be at least 1"):
        power.measured_energy(lambda: None, calls=0, folder=tmp_path)
    with pytest.raises(ValueError, match=r"readings must lie in 0 to 10 µJ, got 11 and 3"):
        power.passed_uj(11, 3, 10)
