"""Ranges, equalization and bias correction on ResNet-8, and on a small net that is known by heart."""

import dataclasses

import numpy as np
import pytest

from efficient_ai import engines, models
from efficient_ai.compress import (
    Float32,
    Int8,
    LowBits,
    QuantizedFile,
    convert,
    correct_bias,
    equalize,
    fit_ranges,
    observe,
    round_weights,
)
from efficient_ai.compress.calibrate import mean_error
from efficient_ai.compress.equalize import streams
from efficient_ai.compress.flat_ranges import Weighted
from efficient_ai.errors import BadModel
from efficient_ai.metrics import sqnr_db


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).random((24, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def seen(inputs):
    model = models.load("resnet8")
    return observe(convert(model, Int8(calibration_set=inputs)), convert(model, Float32()), inputs)


def test_minmax_ranges_of_ours_are_the_converters(seen):
    """The converter is an oracle: on the same pictures it takes smallest and largest value too."""
    theirs, ours = (QuantizedFile.read(s.small.content) for s in (seen, fit_ranges(seen, "minmax")))
    ratios = [float(ours.scales(n.output)[0] / theirs.scales(n.output)[0]) for n in theirs.weighted()]
    # Equal in most layers; what goes into an addition the converter takes to be wider than it is.
    assert np.median(np.abs(np.log(ratios))) < 1e-6
    assert max(ratios) < 1.0001


def test_new_ranges_change_no_length_and_the_file_still_runs(seen, inputs):
    reference = engines.predict(seen.large.content, inputs)
    for how in ("percentile", "mse"):
        fitted = fit_ranges(seen, how).small
        assert fitted.size_bytes == seen.small.size_bytes
        assert sqnr_db(engines.predict(fitted.content, inputs), reference) > 15


def test_biases_keep_their_meaning_when_scales_change(seen):
    before = QuantizedFile.read(seen.small.content)
    after = QuantizedFile.read(fit_ranges(seen, "percentile").small.content)
    for layer in before.weighted():
        step = float((after.scales(layer.source)[0] * after.scales(layer.weights)).max())
        assert np.abs(after.real(layer.bias) - before.real(layer.bias)).max() <= step
        product = after.scales(layer.source)[0] * after.scales(layer.weights)
        assert after.scales(layer.bias) == pytest.approx(product, rel=1e-6)


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_equalizing_changes_nothing_that_the_float32_net_computes(seen, inputs, strength):
    equal = equalize(seen, strength=strength)
    assert equal.large.content != seen.large.content
    before, after = (engines.predict(s.large.content, inputs) for s in (seen, equal))
    assert np.abs(after - before).max() < 1e-3


def test_equalizing_makes_the_channels_of_a_stream_equally_large(seen):
    equal = equalize(seen, strength=1.0)
    for stream in streams(QuantizedFile.read(equal.large.content)):
        peaks = np.max([np.maximum(-equal.lows[n], equal.highs[n]) for n in stream.tensors], axis=0)
        assert peaks[peaks > peaks.max() / 50] == pytest.approx(peaks.max(), rel=1e-4)


def test_a_stream_that_reaches_the_output_or_a_flattening_is_left_alone(seen):
    graph = QuantizedFile.read(seen.large.content).graph
    touched = set().union(*(s.tensors for s in streams(QuantizedFile.read(seen.large.content))))
    assert not touched & {*graph.inputs, *graph.outputs}


def test_the_mean_error_of_a_layer_is_that_of_its_mean_input():
    random = np.random.default_rng(0)
    wrong = random.normal(size=(5, 1, 1, 7))
    x = random.normal(size=(100, 7))
    layer = Weighted(0, "CONV_2D", 0, 1, 2, 3)
    assert mean_error(layer, wrong, x.mean(axis=0)) == pytest.approx((x @ wrong[:, 0, 0].T).mean(axis=0))
    depthwise = random.normal(size=(1, 3, 3, 7))
    alone = mean_error(Weighted(0, "DEPTHWISE_CONV_2D", 0, 1, 2, 3), depthwise, x.mean(axis=0))
    assert alone == pytest.approx(depthwise.sum(axis=(0, 1, 2)) * x.mean(axis=0))


def test_bias_correction_brings_the_mean_of_every_logit_closer(seen, inputs):
    rough = round_weights(seen.large, LowBits(3, "per_tensor"))
    coarse, reference = QuantizedFile.read(rough.content), engines.predict(seen.large.content, inputs)
    large = QuantizedFile.read(seen.large.content)
    for layer in coarse.weighted():
        wrong = coarse.real(layer.weights) - large.real(layer.weights)
        coarse.set_bias(layer, large.real(layer.bias) - mean_error(layer, wrong, seen.means[layer.source]))
    before = engines.predict(rough.content, inputs) - reference
    after = engines.predict(bytes(coarse.content), inputs) - reference
    assert np.abs(after.mean(axis=0)).mean() < 0.8 * np.abs(before.mean(axis=0)).mean()


def test_correcting_twice_is_correcting_once(seen):
    once = correct_bias(seen)
    assert correct_bias(once).small.content == once.small.content


def test_converting_with_ranges_of_our_own_is_the_chain_of_verbs(inputs):
    model = models.load("resnet8")
    how = Int8(calibration_set=inputs, ranges="percentile", equalization=0.5, bias_correction=True)
    made = convert(model, how)
    start = convert(model, Int8(calibration_set=inputs[:1]))
    chain = observe(start, convert(model, Float32()), inputs)
    by_hand = correct_bias(fit_ranges(equalize(chain, strength=0.5), "percentile")).small
    assert np.array_equal(engines.predict(made.content, inputs), engines.predict(by_hand.content, inputs))


def test_bad_input_is_named(seen, inputs):
    with pytest.raises(ValueError, match="calibration set is empty"):
        observe(seen.small, seen.large, inputs[:0])
    with pytest.raises(BadModel, match="expected an int8 and a float32 variant, got float32 and int8"):
        observe(seen.large, seen.small, inputs)
    with pytest.raises(ValueError, match="how must be one of"):
        fit_ranges(seen, "best")
    with pytest.raises(ValueError, match=r"strength must be in \[0, 1\], got 2"):
        equalize(seen, strength=2)
    with pytest.raises(ValueError, match="need our own ranges"):
        convert(models.build("resnet8"), Int8(calibration_set=inputs, bias_correction=True))
    with pytest.raises(BadModel, match="convert both from the same model"):
        observe(dataclasses.replace(seen.large, content=_other(), precision="int8"), seen.large, inputs)


def _other() -> bytes:
    return convert(models.load("softmax_regression"), Float32()).content
