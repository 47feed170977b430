"""The roofline: two straight lines that meet at the ridge."""

import pytest

from efficient_ai.hardware import Roofline, device, roofline_of

ROOF = Roofline("machine", peak_ops_per_s=100.0, bandwidth_bytes_per_s=4.0)


def test_below_the_ridge_bandwidth_is_the_limit_and_above_it_the_peak():
    assert ROOF.ridge_ops_per_byte == 25
    assert ROOF.attainable_ops_per_s(10) == 40
    assert ROOF.attainable_ops_per_s(25) == ROOF.attainable_ops_per_s(1e9) == 100
    assert ROOF.attainable_ops_per_s(0) == 0


def test_a_device_of_the_catalogue_has_the_ridge_that_the_catalogue_says():
    tpu = device("Google TPU v1")
    assert roofline_of(tpu).ridge_ops_per_byte == pytest.approx(tpu.ridge_ops_per_byte)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="no bandwidth for STM32L4R5ZI"):
        roofline_of(device("STM32L4R5ZI"))
    with pytest.raises(ValueError, match="must be above 0"):
        Roofline("machine", 0, 1)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        ROOF.attainable_ops_per_s(-1)
