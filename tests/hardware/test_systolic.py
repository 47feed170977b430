"""The model of the array against the array that is moved cycle by cycle, and against the TPU's published peak."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai import published
from efficient_ai.hardware import Product, SystolicArray, on_array, product_cycles, roofline_of, systolic_cycles, tpu_v1
from efficient_ai.hardware.systolic import product_of, tile_widths
from efficient_ai.records import LayerCost, ModelCost

sizes = st.integers(1, 12)


def array(rows=4, columns=4, **options):
    memory = {"bandwidth_bytes_per_s": 1, "activation_memory_bytes": 0, **options}
    return SystolicArray(name="small", rows=rows, columns=columns, clock_hz=1, **memory)


def convolution(side=8, kernel=3, channels=4, filters=6, itemsize=1, name="conv"):
    macs = side * side * kernel * kernel * channels * filters
    weights = kernel * kernel * channels * filters
    values = side * side * channels * itemsize, side * side * filters * itemsize
    return LayerCost(name, "Conv2D", (1, side, side, filters), weights, macs, weights * itemsize, *values)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    vectors=sizes,
    inner=sizes,
    outputs=sizes,
    groups=st.integers(1, 4),
    double_buffered=st.booleans(),
    accumulators=st.none() | st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_the_model_is_cycle_exact_and_the_array_multiplies(
    rows, columns, vectors, inner, outputs, groups, double_buffered, accumulators, seed
):
    rng = np.random.default_rng(seed)
    left = rng.integers(-128, 128, (vectors, groups * inner))
    right = rng.integers(-128, 128, (inner, groups * outputs))
    options = {"double_buffered": double_buffered, "accumulators": accumulators}
    result, taken = systolic_cycles.run(left, right, rows=rows, columns=columns, groups=groups, **options)
    parts = [left[:, g * inner : (g + 1) * inner] @ right[:, g * outputs : (g + 1) * outputs] for g in range(groups)]
    assert np.array_equal(result, np.concatenate(parts, axis=1))
    assert product_cycles(array(rows, columns, **options), Product(vectors, inner, outputs, groups)) == taken


def test_a_single_tile_takes_its_loading_its_vectors_and_the_way_through():
    assert product_cycles(array(4, 4), Product(10, 4, 4)) == 4 + 10 + 4 + 4 - 2


def test_a_narrow_last_tile_may_be_done_before_the_wide_one_ahead_of_it():
    one_wide, both = product_cycles(array(1, 5), Product(3, 1, 5)), product_cycles(array(1, 5), Product(3, 1, 6))
    assert both == one_wide


@given(product=st.builds(Product, sizes, sizes, sizes, st.integers(1, 6)), side=st.integers(1, 9))
def test_no_array_does_more_than_its_cells_can(product, side):
    for double_buffered in (True, False):
        on = array(side, side, double_buffered=double_buffered)
        assert product.macs <= product_cycles(on, product) * on.macs_per_cycle


@given(product=st.builds(Product, sizes, sizes, sizes, st.integers(1, 6)), side=st.integers(1, 9))
def test_a_second_set_of_weights_never_costs_cycles(product, side):
    assert product_cycles(array(side, side), product) <= product_cycles(
        array(side, side, double_buffered=False), product
    )


@given(inner=sizes, outputs=sizes, groups=st.integers(1, 9), side=st.integers(1, 12))
def test_tiles_hold_all_outputs(inner, outputs, groups, side):
    widths = tile_widths(array(side, side), Product(1, inner, outputs, groups))
    assert max(widths) <= side
    assert sum(widths) == groups * outputs * math.ceil(inner / side)


def test_depthwise_groups_share_a_tile_along_its_diagonal():
    assert tile_widths(array(32, 32), Product(1, 9, 1, 7)) == [3, 3, 1]


def test_the_tpu_peaks_at_its_published_rate():
    tpu = tpu_v1()
    assert tpu.macs_per_cycle == 65_536
    assert tpu.accumulators == 4096
    assert round(tpu.peak_ops_per_s / 1e12) == published.figure("tpu_v1.peak").value == 92
    assert roofline_of(tpu).ridge_ops_per_byte == pytest.approx(tpu.peak_ops_per_s / 34e9)


def test_a_large_product_approaches_the_peak_and_never_reaches_it():
    tpu = tpu_v1()
    product = Product(2**16, 2048, 2048)
    assert 0.99 < product.macs / (product_cycles(tpu, product) * tpu.macs_per_cycle) < 1


def test_a_convolution_becomes_a_product_after_im2col():
    assert product_of(convolution()) == Product(64, 36, 6)
    assert product_of(convolution(), batch=5) == Product(320, 36, 6)
    assert product_of(LayerCost("dw", "DEPTHWISE_CONV_2D", (1, 8, 8, 4), 0, 64 * 9 * 4, 0, 0, 0)) == Product(
        64, 9, 1, 4
    )
    assert product_of(LayerCost("fc", "Dense", (1, 10), 0, 640, 0, 0, 0)) == Product(1, 64, 10)
    assert product_of(LayerCost("add", "Add", (1, 8), 0, 0, 0, 0, 0)) is None


def test_macs_of_the_products_are_those_of_the_counter():
    from small_nets import residual_net

    from efficient_ai import cost

    counted = cost.count(residual_net())
    found = on_array(counted, array())
    assert found.macs == counted.macs
    assert found.unmapped == ()
    assert on_array(counted, array(), batch=3).macs == 3 * counted.macs


def test_bytes_are_those_of_int8_whatever_was_counted():
    one, four = (on_array(ModelCost("net", (convolution(itemsize=size),), 0), array()).layers[0] for size in (1, 4))
    assert one == four
    assert one.weight_bytes == 9 * 4 * 6
    assert one.activation_bytes == 64 * (4 + 6)


def test_activations_that_fit_and_weights_that_stay_cost_no_traffic():
    counted = ModelCost("net", (convolution(),), 0)
    kept = on_array(counted, array(activation_memory_bytes=640, weight_memory_bytes=216)).layers[0]
    assert kept.weight_bytes == kept.activation_bytes == kept.memory_s == 0
    assert kept.ops_per_byte == math.inf
    half = on_array(counted, array(activation_memory_bytes=639, weight_memory_bytes=108)).layers[0]
    assert (half.weight_bytes, half.activation_bytes) == (108, 640)


def test_weights_come_again_for_each_pass_of_the_accumulators():
    counted = ModelCost("net", (convolution(),), 0)
    assert on_array(counted, array(accumulators=30)).layers[0].weight_bytes == 3 * 216


def test_no_layer_beats_its_roofline():
    tpu = tpu_v1()
    roof = roofline_of(tpu)
    counted = ModelCost("net", tuple(convolution(side, filters=f) for side in (4, 32) for f in (8, 300)), 0)
    for batch in (1, 7):
        for layer in on_array(counted, tpu, batch=batch).layers:
            assert layer.ops_per_s <= roof.attainable_ops_per_s(layer.ops_per_byte) * (1 + 1e-9)
            assert layer.seconds == max(layer.compute_s, layer.memory_s)


def test_an_operator_that_multiplies_and_has_no_form_is_named():
    strange = LayerCost("up", "Conv2DTranspose", (1, 8, 8, 4), 0, 99, 0, 0, 256)
    found = on_array(ModelCost("net", (convolution(), strange), 0, ("Mystery",)), array())
    assert found.unmapped == ("Conv2DTranspose", "Mystery")


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="rows of small must be above 0, got 0"):
        array(rows=0)
    with pytest.raises(ValueError, match="accumulators of small"):
        array(accumulators=0)
    with pytest.raises(ValueError, match="at least 1"):
        Product(0, 1, 1)
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        on_array(ModelCost("net", (convolution(),), 0), array(), batch=0)
    with pytest.raises(ValueError, match="net has no layer that multiplies"):
        on_array(ModelCost("net", (), 0), array())
    with pytest.raises(ValueError, match="must fit, got"):
        systolic_cycles.run(np.zeros((2, 3), int), np.zeros((2, 3), int), rows=2, columns=2)
    with pytest.raises(ValueError, match="must be in 1 to 4096"):
        systolic_cycles.run(np.zeros((2, 3), int), np.zeros((3, 3), int), rows=256, columns=256)
