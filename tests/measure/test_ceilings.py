import pytest
from small_nets import residual_net

from efficient_ai import cost
from efficient_ai.hardware import Bandwidth, ComputeRate, Roofline
from efficient_ai.measure import ceilings
from efficient_ai.records import LayerCost, ModelCost

ROOF = Roofline("a machine", 100.0, 10.0)  # bends at 10 operations a byte


def layer(macs, weight_bytes, operator="CONV_2D"):
    return LayerCost("a layer", operator, (1,), 1, macs, weight_bytes, 1, 1)


def test_a_layer_left_of_the_bend_waits_for_memory_and_one_right_of_it_for_arithmetic():
    left, right = ceilings.layers_on_roof(ModelCost("net", (layer(10, 18), layer(1_000, 18)), 0), ROOF)
    assert (left.ops_per_byte, left.attainable_ops_per_s, left.bound_by) == (1.0, 10.0, "memory")
    assert (right.ops_per_byte, right.attainable_ops_per_s, right.bound_by) == (100.0, 100.0, "arithmetic")
    assert left.least_seconds == 2.0  # twenty bytes at ten a second
    assert right.least_seconds == 20.0


def test_operators_that_do_not_multiply_are_left_out_and_nothing_else():
    counted = cost.count(residual_net())
    placed = ceilings.layers_on_roof(counted, ROOF)
    assert sum(one.ops for one in placed) == 2 * counted.macs
    assert [one.name for one in placed] == [one.name for one in counted.layers if one.macs]


def test_the_roof_is_the_best_run_and_the_method_names_sizes_repeats_and_threads():
    rate = ComputeRate(2e9, 1e9, "float32", 512, 2, 40, "a processor")
    measured = ceilings.MeasuredCeilings(rate, Bandwidth(4e9, 3e9, 2**28, 2, 9, "a processor"))
    assert measured.roofline == Roofline("a processor, 2 threads", 2e9, 4e9)
    for said in ("512 × 512", "best of 40 (median 50% of it)", "256 MiB", "best of 9 (median 75%)", "2 threads"):
        assert said in measured.method


def test_both_ceilings_are_measured_with_the_threads_that_were_asked_for():
    found = ceilings.measure_ceilings(n=128, seconds=0.05)
    assert found.rate.threads == found.bandwidth.threads == 1
    assert found.roofline.ridge_ops_per_byte > 0


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"threads must be at least 1, got 0"):
        ceilings.measure_ceilings(threads=0)
