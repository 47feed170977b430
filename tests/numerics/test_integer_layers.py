import numpy as np
import pytest

from efficient_ai import data, models
from efficient_ai.compress import Int8, convert
from efficient_ai.compress.calibrate import open_file
from efficient_ai.compress.flat_ranges import QuantizedFile
from efficient_ai.numerics import integer_layers
from efficient_ai.numerics.integer_layers import IntegerLayer, fixed_point, rescale


@pytest.fixture(scope="module")
def small():
    model = models.load("resnet8")
    pictures = data.as_inputs(data.fashion_mnist().train_images[:200], model.input_shape[1:])
    content = convert(model, Int8(calibration_set=pictures[:100])).content
    return QuantizedFile.read(content), open_file(content, reference=True), pictures[100:112]


def test_every_layer_of_resnet8_equals_the_reference_kernel_to_the_last_step(small):
    file, interpreter, pictures = small
    details = interpreter.get_input_details()[0]
    scale, zero = details["quantization"]
    different, compared = 0, 0
    for picture in pictures:
        steps = np.clip(np.rint(picture / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(details["index"], steps[None])
        interpreter.invoke()
        for layer in file.weighted():
            compute = integer_layers.dense if layer.kind == "FULLY_CONNECTED" else integer_layers.convolve
            ours = compute(interpreter.get_tensor(layer.source), file.integer_layer(layer))
            theirs = interpreter.get_tensor(layer.output)
            different += int((ours != theirs).sum())
            compared += ours.size
    assert {layer.kind for layer in file.weighted()} == {"CONV_2D", "FULLY_CONNECTED"}
    assert compared > 1_000_000
    assert different == 0


@pytest.mark.parametrize("multiplier", [1e-6, 0.25, 0.3, 0.5, 0.999999999999, 1.0, 3.7])
def test_a_fixed_point_multiplier_is_within_half_a_step_of_its_mantissa(multiplier):
    mantissa, shift = fixed_point(multiplier)
    assert 2**30 <= mantissa < 2**31
    assert abs(mantissa * 2.0 ** (shift - 31) / multiplier - 1) <= 2.0**-31


@pytest.mark.parametrize("multiplier", [0.0, -1.0, np.inf, np.nan])
def test_a_multiplier_that_is_no_positive_number_is_refused(multiplier):
    with pytest.raises(ValueError, match="positive and finite"):
        fixed_point(multiplier)


def test_rescaling_is_never_more_than_a_step_from_the_exact_product():
    sums = np.random.default_rng(0).integers(-(2**24), 2**24, 10_000)
    for multiplier in (3e-4, 0.02, 0.7, 1.6):
        mantissa, shift = fixed_point(multiplier)
        error = rescale(sums, np.array(mantissa), np.array(shift)) - sums * multiplier
        assert np.abs(error).max() <= 0.5 + 2e-2
        assert abs(error.mean()) < 0.02


def test_rounding_twice_may_carry_a_quarter_to_one():
    mantissa, shift = fixed_point(0.25)
    got = rescale(np.array([2, -2, 6, -6, 1, -1]), np.array(mantissa), np.array(shift))
    assert got.tolist() == [1, -1, 2, -2, 1, 0]


def test_a_padded_border_means_zero_whatever_the_zero_point():
    layer = IntegerLayer(
        np.ones((1, 3, 3, 1), np.int8), np.zeros(1, np.int32), np.ones(1), 7, -5, stride=1, padding="SAME"
    )
    inputs = np.full((1, 4, 4, 1), 8, np.int8)
    out = integer_layers.convolve(inputs, layer)[0, :, :, 0]
    assert out[0, 0] == 4 - 5
    assert out[1, 1] == 9 - 5


def test_rounding_once_is_the_nearest_integer_and_rounding_twice_at_most_a_step_away():
    sums = np.arange(-2_000, 2_000, dtype=np.int32)[None]
    weights, bias = np.eye(sums.size, dtype=np.int8), np.zeros(sums.size, np.int32)
    layers = {
        rounding: IntegerLayer(weights, bias, np.array([0.0037]), 0, 0, rounding=rounding)
        for rounding in ("once", "twice")
    }
    once, twice = (integer_layers._finish(sums, layer).astype(int) for layer in layers.values())
    assert np.array_equal(once, np.rint(sums * np.float32(0.0037)).astype(int))
    assert np.abs(once - twice).max() <= 1
    with pytest.raises(ValueError, match='rounding must be "twice" or "once"'):
        IntegerLayer(weights, bias, np.array([0.5]), 0, 0, rounding="never")
