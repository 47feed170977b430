"""The device catalogue: complete rows, sources that exist, and orders that physics and prices impose."""

import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from statistics import median

import pytest

from efficient_ai import published
from efficient_ai.hardware import Device, device, devices
from efficient_ai.hardware.catalogue import KINDS, UnknownDevice

BIB = Path(__file__).parents[2] / "references.bib"


def test_there_are_enough_devices_of_each_kind():
    assert len(devices("cloud")) >= 4
    assert len(devices("edge")) >= 6
    assert len(devices("tinyml")) >= 7


def test_all_devices_come_by_kind_then_by_memory():
    order = [(KINDS.index(d.kind), -d.memory_bytes) for d in devices()]
    assert order == sorted(order)
    assert devices() == devices("cloud") + devices("edge") + devices("tinyml")


def test_typical_memory_falls_from_cloud_to_edge_to_tinyml():
    cloud, edge, tinyml = (median(d.memory_bytes for d in devices(kind)) for kind in KINDS)
    assert cloud > 4 * edge
    assert edge > 1000 * tinyml


def test_every_microcontroller_has_less_memory_than_any_edge_device():
    assert max(d.memory_bytes for d in devices("tinyml")) < min(d.memory_bytes for d in devices("edge"))


def test_every_source_stands_in_the_bibliography():
    keys = set(re.findall(r"^@\w+\{([^,\s]+),", BIB.read_text(encoding="utf-8"), re.MULTILINE))
    for d in devices():
        assert d.sources, d.name
        assert set(d.sources) <= keys, d.name
        assert d.price_usd is None or d.price_source in keys, d.name


def test_a_figure_never_stands_without_what_makes_it_readable():
    for d in devices():
        assert (d.peak_ops_per_s is None) == (d.precision == ""), d.name
        assert (d.power_w is None) == (d.power_note == ""), d.name
        assert (d.price_usd is None) == (d.price_source == ""), d.name
        assert d.price_usd is None or re.fullmatch(r"\d{4}-\d{2}", d.price_date), d.name
        assert d.verified in {"V", "2"}, d.name


def test_every_microcontroller_has_a_clock_and_its_peak_follows_from_it():
    for d in devices("tinyml"):
        assert d.clock_hz, d.name
        assert d.peak_ops_per_s is None or d.peak_ops_per_s == pytest.approx(d.clock_hz * 2 * 2), d.name


def test_published_keyword_spotting_stays_below_the_cortex_m4_peak():
    """About 2.7 million MACs an inference (MLPerf Tiny's DS-CNN), 23 inferences a second."""
    rate = 2.66e6 * published.figure("mlperf_tiny_v1_3.stm32l4r5.kws.throughput").value
    assert 0.1 < rate / device("STM32L4R5ZI").peak_macs_per_s < 1


def test_power_of_the_mlperf_board_agrees_with_its_published_energy():
    task = "mlperf_tiny_v1_3.stm32l4r5.kws"
    power = published.figure(f"{task}.energy").value * 1e-6 * published.figure(f"{task}.throughput").value
    assert device("STM32L4R5ZI").power_w == pytest.approx(power, rel=0.01)


def test_tpu_in_the_catalogue_agrees_with_the_published_figures():
    tpu = device("Google TPU v1")
    assert tpu.peak_ops_per_s == published.figure("tpu_v1.peak").value * 1e12
    assert tpu.memory_bytes == published.figure("tpu_v1.weight_memory").value * 2**30
    assert tpu.ridge_ops_per_byte == pytest.approx(92e12 / 34e9)


def test_ridge_is_unknown_where_bandwidth_is():
    assert device("STM32L4R5ZI").ridge_ops_per_byte is None


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(UnknownDevice, match="STM32L4R5ZI"):
        device("STM32L4")


def test_an_unknown_kind_is_refused_with_the_kinds_there_are():
    with pytest.raises(ValueError, match="cloud, edge, tinyml"):
        devices("fog")
    with pytest.raises(ValueError, match="fog"):
        Device(name="x", kind="fog", memory_bytes=1, sources=(), verified="V")


def test_a_device_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        device("MAX78000").memory_bytes = 1
