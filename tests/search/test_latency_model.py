"""The latency model on invented machines, whose law is known; and one-layer files against an independent oracle."""

import dataclasses
import importlib.util
import math

import numpy as np
import pytest

from efficient_ai import cost, search
from efficient_ai.engines import Worker, available, coverage
from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.metrics import spearman
from efficient_ai.records import Variant
from efficient_ai.search.candidate_shapes import candidate_layers, sample_layers, table_layers
from efficient_ai.search.latency_model import FOLDS, GROUPS
from efficient_ai.search.layer_shapes import KINDS, PRECISIONS, LayerShape, features, layers_of
from efficient_ai.search.layer_times import CHAIN, LayerTime, LayerTimes, _intercept, measured_layers
from efficient_ai.search.one_layer import IN_SCALE, OUT_SCALE, layer_file, weights_of

litert = pytest.mark.skipif(available()["litert"] is None, reason="LiteRT isn't installed")
ONE_OF_EACH = (
    LayerShape("conv", 6, 6, 3, 8, 3, 2),
    LayerShape("depthwise", 6, 6, 8, 8, 3, 1),
    LayerShape("dense", 1, 1, 12, 10),
    LayerShape("add", 4, 4, 8, 8),
    LayerShape("pool", 6, 6, 4, 4, 3, 3),
)


def microseconds(shape, precision):
    """An invented machine: a depthwise multiplication is four times as dear, int8 twice as fast, a byte costs too."""
    per_mac = 4e-5 if shape.kind == "depthwise" else 1e-5
    bytes_moved = 4 * (shape.input_values + shape.output_values + shape.weights)
    return (0.3 + per_mac * shape.macs + 2e-4 * bytes_moved) / (2 if precision == "int8" else 1)


def invented(shapes, *, noise=0.0, call=1.0, seed=0, law=microseconds):
    random = np.random.default_rng(seed)
    rows = []
    for shape in shapes:
        for precision in PRECISIONS:
            time = call + law(shape, precision) * math.exp(noise * random.normal())
            rows.append(LayerTime(shape, precision, time, 1.1 * time, 1.5 * time))
    return LayerTimes(tuple(rows), dict.fromkeys(PRECISIONS, call), "invented", 1, 50, "none")


@pytest.fixture(scope="module")
def learned():
    return search.fit_latency_model(invented(sample_layers(110), noise=0.03))


def test_a_known_law_is_ranked_rightly_on_held_out_layers(learned):
    best = learned.scores[0]
    assert best.spearman > 0.97
    assert best.median_error < 0.15
    assert best.mean_log_error == min(score.mean_log_error for score in learned.scores)
    assert learned.method == best.method


def test_it_beats_counting_where_multiplications_differ_in_price(learned):
    counted = [row for row in learned.held_out if row.time.shape.macs]
    measured = [row.measured_us for row in counted]
    by_macs = spearman([row.time.shape.macs for row in counted], measured)
    assert spearman([row.predicted_us for row in counted], measured) > by_macs + 0.05


def test_a_layer_of_the_table_that_was_never_timed_is_predicted_near_the_law(learned):
    unseen = [shape for shape in table_layers() if shape not in {row.shape for row in learned.times.rows}]
    for precision in PRECISIONS:
        found = learned.predict_layers(unseen, precision=precision)
        law = np.array([microseconds(shape, precision) for shape in unseen])
        assert np.median(np.abs(1e6 * found / law - 1)) < 0.1


def test_more_channels_take_longer(learned):
    times = learned.predict_layers([LayerShape("conv", 16, 16, n, n, 3) for n in (8, 16, 32, 64)])
    assert (np.diff(times) > 0).all()


def test_a_nets_time_is_the_sum_of_its_layers_and_one_call(learned):
    candidate = search.CANDIDATES["separable-12"]
    layers = learned.predict_layers(candidate_layers(candidate), precision="int8")
    expected = layers.sum() + learned.times.call_us["int8"] / 1e6
    assert learned.predict_model(candidate, precision="int8") == pytest.approx(expected)


def test_a_candidate_and_its_model_are_predicted_alike(learned):
    candidate = search.CANDIDATES["inverted-16"]
    assert learned.predict_model(search.build(candidate)) == pytest.approx(learned.predict_model(candidate))


def test_it_says_which_features_of_a_layer_it_has_never_seen(learned):
    known = learned.times.rows[0].shape
    assert learned.outside(known) == ()
    huge = LayerShape("conv", 64, 64, 512, 512, 3)
    assert {"MACs", "bytes in", "bytes of weights"} <= set(learned.outside(huge))


def test_what_the_law_ignores_is_of_no_importance():
    def law(shape, precision):
        return 1.0 + 0.01 * shape.output_pixels

    found = search.fit_latency_model(invented(sample_layers(80), noise=0.02, law=law)).importance(repeats=2)
    assert set(found) == set(GROUPS)
    assert next(iter(found)) == "pixels"
    assert found["precision"] < 1.2 < found["pixels"]


def test_the_same_times_give_the_same_model():
    times = invented(sample_layers(40), noise=0.05)
    first, second = (search.fit_latency_model(times) for _ in range(2))
    assert first.scores == second.scores
    assert first.held_out == second.held_out


def test_too_few_shapes_are_refused():
    with pytest.raises(ValueError, match=f"at least {2 * FOLDS} shapes, got 5"):
        search.fit_latency_model(invented(ONE_OF_EACH))


def test_a_time_that_is_no_number_is_refused():
    times = invented(sample_layers(40))
    broken = dataclasses.replace(times.rows[3], p10_us=math.nan)
    with pytest.raises(ValueError, match="positive times"):
        search.fit_latency_model(dataclasses.replace(times, rows=(broken, *times.rows[4:], *times.rows[:3])))


def test_a_precision_that_was_not_measured_is_refused(learned):
    with pytest.raises(ValueError, match="precision must be one of float32, int8, got 'int4'"):
        learned.predict_model(search.CANDIDATES["plain-8"], precision="int4")


def test_without_scikit_learn_the_error_names_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineMissing, match="pip install scikit-learn"):
        search.fit_latency_model(invented(sample_layers(40)))


@pytest.mark.parametrize("name", sorted(search.CANDIDATES))
def test_a_candidates_layers_are_those_of_its_model(name):
    candidate = search.CANDIDATES[name]
    model = search.build(candidate)
    assert candidate_layers(candidate) == layers_of(model)
    assert sum(shape.macs for shape in candidate_layers(candidate)) == cost.count(model).macs


def test_weights_are_those_of_the_model_without_biases_and_normalizations():
    model = search.build(search.CANDIDATES["residual-8"])
    kernels = sum(math.prod(w.shape) for w in model.weights if w.name in ("kernel", "depthwise_kernel"))
    assert sum(shape.weights for shape in layers_of(model)) == kernels


def test_a_layer_that_was_never_measured_is_named():
    import keras

    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.UpSampling2D(name="grow")(inputs))
    with pytest.raises(BadModel, match="grow is a UpSampling2D"):
        layers_of(model)


@pytest.mark.parametrize("options", [{"padding": "valid"}, {"kernel_size": (3, 1)}, {"groups": 3}])
def test_a_convolution_of_another_sort_is_refused(options):
    import keras

    inputs = keras.Input((8, 8, 3))
    layer = keras.layers.Conv2D(6, **({"kernel_size": 3, "padding": "same"} | options))
    with pytest.raises(BadModel, match="layer conv"):
        layers_of(keras.Model(inputs, layer(inputs)))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("conv3d", 4, 4, 3, 8), "kind must be one of"),
        (("conv", 4, 0, 3, 8), "at least 1"),
        (("add", 4, 4, 3, 8), "keeps its channels"),
        (("dense", 4, 4, 3, 8), "one pixel"),
        (("dense", 1, 1, 3, 8, 3), "no kernel"),
        (("pool", 4, 4, 3, 3, 2, 1), "stride is its kernel"),
    ],
)
def test_an_impossible_shape_is_refused(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        LayerShape(*arguments)


def test_a_doubling_is_one_step_of_a_feature():
    small, large = (features(LayerShape("conv", side, side, 16, 16, 3), "int8") for side in (64, 128))
    assert large["bytes in"] - small["bytes in"] == pytest.approx(2, abs=1e-3)
    assert large["channels in"] == small["channels in"]


def test_int8_has_a_quarter_of_the_bytes_and_the_same_work():
    wide, small = (features(LayerShape("conv", 64, 64, 64, 64, 3), p) for p in ("float32", "int8"))
    assert wide["bytes out"] - small["bytes out"] == pytest.approx(2, abs=1e-3)
    assert wide["MACs"] == small["MACs"]


def test_a_sample_has_every_kind_and_no_layer_twice():
    for seed in range(3):
        found = sample_layers(60, seed=seed)
        assert len(set(found)) == len(found)
        assert {shape.kind for shape in found} == set(KINDS)
    assert sample_layers(60, seed=1) == sample_layers(60, seed=1) != sample_layers(60, seed=2)


@pytest.mark.parametrize("count", [4, 10_000])
def test_a_sample_of_another_size_is_refused(count):
    with pytest.raises(ValueError, match="count must be in"):
        sample_layers(count)


def test_the_price_of_a_call_is_where_the_chains_line_meets_zero():
    times = [0.7 + 0.2 * count for count in CHAIN]
    assert _intercept(CHAIN, times) == pytest.approx(0.7)
    times[2] += 5.0
    assert _intercept(CHAIN, times) == pytest.approx(0.7, abs=0.05)


@litert
@pytest.mark.parametrize("shape", ONE_OF_EACH, ids=lambda shape: shape.kind)
def test_a_one_layer_file_computes_that_layer(shape):
    source = np.random.default_rng(1).uniform(0, 1, (1, shape.height, shape.width, shape.inputs)).astype(np.float32)
    source = source[:, 0, 0] if shape.kind == "dense" else source
    with Worker("litert") as worker:
        worker.load(layer_file(shape))
        found = worker.predict(source)
    np.testing.assert_allclose(found, _by_keras(shape, source), rtol=1e-4, atol=1e-5)


def _by_keras(shape, x, precision="float32"):
    from keras import ops

    if shape.kind == "add":
        return np.maximum(2 * x, 0)
    if shape.kind == "pool":
        return np.asarray(ops.average_pool(x, shape.kernel, shape.stride, "valid"))
    weights = weights_of(shape, precision=precision)
    if shape.kind == "dense":
        found = x @ weights.T
    elif shape.kind == "conv":
        found = ops.conv(x, weights.transpose(1, 2, 3, 0), shape.stride, "same")
    else:
        found = ops.depthwise_conv(x, weights.transpose(1, 2, 3, 0), shape.stride, "same")
    return np.maximum(np.asarray(found), 0)


@litert
@pytest.mark.parametrize("shape", ONE_OF_EACH, ids=lambda shape: shape.kind)
def test_an_int8_file_computes_the_layer_within_a_step_of_its_scale(shape):
    steps = np.random.default_rng(1).integers(0, 40, (1, shape.height, shape.width, shape.inputs))
    source = (IN_SCALE * steps).astype(np.float32)
    source = source[:, 0, 0] if shape.kind == "dense" else source
    with Worker("litert") as worker:
        worker.load(layer_file(shape, precision="int8"))
        found = worker.predict(source)
    expected = np.clip(_by_keras(shape, source, "int8"), 0, 255 * OUT_SCALE)
    assert np.abs(found - expected).max() <= OUT_SCALE * 1.01


@litert
def test_the_fast_kernels_take_every_layer_but_pooling_in_int8():
    files = [Variant(shape.kind, p, layer_file(shape, precision=p)) for shape in ONE_OF_EACH for p in PRECISIONS]
    left = [(row.left, file.model) for row, file in zip(coverage(files), files, strict=True) if row.left]
    assert all(kind == "pool" for _, kind in left)


@litert
def test_a_bigger_layer_measures_slower():
    small, large = LayerShape("conv", 8, 8, 8, 8, 1), LayerShape("conv", 32, 32, 32, 32, 5)
    times = measured_layers((small, large), precisions=("float32",), runs=50, rounds=5)
    assert [(row.shape, row.precision) for row in times.rows] == [(small, "float32"), (large, "float32")]
    assert times.layer_us()[1] > 5 * times.layer_us()[0] > 0
    assert all(row.p10_us <= row.p50_us <= row.p90_us for row in times.rows)


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="at least one layer and one precision"):
        measured_layers(())


def test_copies_are_for_additions():
    with pytest.raises(ValueError, match="copies must be 1"):
        layer_file(ONE_OF_EACH[0], copies=2)
    with pytest.raises(ValueError, match="precision must be one of"):
        layer_file(ONE_OF_EACH[0], precision="int4")
