"""Training in few bits: operands on their grids, updates that stall or arrive, and a run that can be interrupted."""

import json

import numpy as np
import pytest
import tensorflow as tf

from efficient_ai import models
from efficient_ai.compress import Formats, low_precision
from efficient_ai.errors import BadModel
from efficient_ai.numerics import Binary, FloatFormat, IntFormat, Ternary, grid, round_to, step_of
from efficient_ai.train import Recipe, fit

NEAREST = IntFormat(8, shift=True)
STOCHASTIC = IntFormat(8, rounding="stochastic", shift=True)
INT8 = Formats(activations=NEAREST, gradients=STOCHASTIC, updates=STOCHASTIC)


def net():
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, name="first"),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.DepthwiseConv2D(3, name="each"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, name="last"),
        ]
    )


def functional():
    import keras

    model = net()
    return keras.Model(model.inputs[0], model.outputs[0])


@pytest.fixture(scope="module")
def examples():
    random = np.random.default_rng(0)
    images = random.normal(size=(96, 6, 6, 2)).astype(np.float32)
    return images, (images[:, 2, 2, 0] > 0).astype(int) + (images[:, 4, 4, 1] > 0)


def recipe(epochs=2, **rest):
    return Recipe(epochs=epochs, batch_size=16, learning_rate=0.05, augment=False, **rest)


def kernels(model):
    return {layer.name: np.asarray(layer.kernel) for layer in model.layers if hasattr(layer, "kernel")}


def test_without_formats_it_is_the_model_and_trains_like_it(examples):
    model = functional()
    twin = low_precision(model, Formats())
    np.testing.assert_array_equal(model(examples[0]), twin(examples[0]))
    logs = [fit(m, *examples, recipe()) for m in (model, twin)]
    np.testing.assert_allclose([e.loss for e in logs[0]], [e.loss for e in logs[1]], rtol=1e-5)


def test_the_model_that_is_given_stays_as_it_is(examples):
    model = functional()
    before = [np.array(w) for w in model.get_weights()]
    twin = low_precision(model, INT8)
    fit(twin, *examples, recipe(1))
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("fmt", [Ternary(axis=-1), Binary(axis=-1), IntFormat(4, axis=-1), FloatFormat("float8_e5m2")])
def test_the_products_see_weights_on_the_grid_channel_by_channel(fmt):
    import dataclasses

    twin = low_precision(functional(), Formats(weights=fmt))
    inputs = np.eye(16 * 1, dtype=np.float32)  # the dense layer's product with it is its kernel
    layer = twin.get_layer("last")
    np.testing.assert_allclose(layer(inputs) - layer.bias, round_to(layer.kernel, fmt), atol=1e-6)
    each = twin.get_layer("each")
    _, kernel = each.operands(tf.zeros((1, 4, 4, 4)), False)
    expected = fmt if isinstance(fmt, FloatFormat) else dataclasses.replace(fmt, axis=-2)
    np.testing.assert_array_equal(kernel, round_to(each.kernel, expected))


def test_a_dense_layer_computes_what_int8_with_int32_sums_computes():
    twin = low_precision(functional(), INT8)
    layer = twin.get_layer("last")
    x = np.random.default_rng(1).normal(size=(5, 16)).astype(np.float32)
    step = step_of(x, NEAREST).numpy()
    steps_x = np.rint(round_to(x, NEAREST).numpy() / step).astype(np.int8)
    steps_w = np.rint(np.asarray(layer.kernel) / np.asarray(layer.scale)).astype(np.int8)
    sums = steps_x.astype(np.int32) @ steps_w.astype(np.int32)
    expected = sums.astype(np.float32) * step * np.asarray(layer.scale) + np.asarray(layer.bias)
    np.testing.assert_array_equal(layer(x), expected)


def test_all_three_products_are_exact_in_integers():
    layer = low_precision(functional(), INT8).get_layer("last")
    x = tf.constant(np.random.default_rng(1).normal(size=(5, 16)), tf.float32)
    above = tf.constant(np.random.default_rng(2).normal(size=(5, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x) * above)
    to_x, to_w = tape.gradient(y, [x, layer.kernel])
    rounded = round_to(above, STOCHASTIC, seed=layer.drawn("gradients")).numpy()
    np.testing.assert_array_equal(to_x, rounded @ np.asarray(layer.kernel).T)
    product = round_to(x, NEAREST).numpy().T @ rounded
    np.testing.assert_array_equal(to_w, round_to(product, STOCHASTIC, seed=layer.drawn("weights' gradients")))


def test_weights_that_are_kept_in_int8_stay_on_their_grid(examples):
    twin = low_precision(functional(), INT8)
    fit(twin, *examples, recipe())
    for name, kernel in kernels(twin).items():
        scale = float(twin.get_layer(name).scale)
        assert np.log2(scale) % 1 == 0
        assert set(np.unique(kernel)) <= set(grid(NEAREST, scale=scale))


def test_weights_that_are_kept_as_floats_are_values_of_the_format(examples):
    twin = low_precision(functional(), Formats(updates=FloatFormat("float8_e4m3fn", "stochastic")))
    fit(twin, *examples, recipe(1))
    for kernel in kernels(twin).values():
        assert set(np.unique(kernel)) <= set(grid(FloatFormat("float8_e4m3fn")))


def test_a_scale_doubles_when_the_largest_weight_no_longer_fits():
    layer = low_precision(functional(), INT8).get_layer("last")
    before = float(layer.scale)
    kept = np.asarray(layer.stored(layer.kernel))
    assert float(layer.scale) == before
    np.testing.assert_array_equal(kept, layer.kernel)
    larger = layer.stored(np.asarray(layer.kernel) + 127 * before)
    assert float(layer.scale) == 2 * before
    assert np.abs(larger).max() <= 127 * 2 * before


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_small_updates_are_lost_to_the_nearest_and_arrive_by_chance(rounding):
    updates = IntFormat(8, rounding=rounding, shift=True)
    layer = low_precision(functional(), Formats(updates=updates)).get_layer("last")
    start = np.asarray(layer.kernel).copy()
    down = -np.sign(start) * float(layer.scale) * 0.3  # towards zero, so that the scale stays
    steps = 400
    for _ in range(steps // 100):
        layer.steps.assign_add(1)
        layer.kernel.assign(layer.stored(layer.kernel + down))
    moved = (np.asarray(layer.kernel) - start).ravel() / float(layer.scale)
    if rounding == "nearest":
        assert not np.any(moved)
    else:
        expected, count = 4 * 0.3, moved.size
        assert abs(np.abs(moved).mean() - expected) < 4.5 * np.sqrt(4 * 0.3 * 0.7 / count)


@pytest.mark.parametrize(
    "formats", [INT8, Formats(weights=Binary(axis=-1, rounding="stochastic"))], ids=["int8", "binary"]
)
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(formats, examples, tmp_path):
    whole = low_precision(functional(), formats, seed=3)
    fit(whole, *examples, recipe())
    first = low_precision(functional(), formats, seed=3)
    path = tmp_path / "run.npz"
    fit(first, *examples, recipe(), checkpoint=path, max_steps=6)
    second = low_precision(functional(), formats, seed=3)
    fit(second, *examples, recipe(), checkpoint=path)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_seed_rounds_otherwise(examples):
    ends = []
    for seed in (0, 0, 1):
        twin = low_precision(functional(), INT8, seed=seed)
        fit(twin, *examples, recipe(1))
        ends.append(kernels(twin)["last"])
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.any(ends[0] != ends[2])


def test_a_language_model_learns_in_int8():
    model = low_precision(models.build("byte_lm_small", seed=0), INT8)
    bytes_ = np.random.default_rng(0).integers(60, 70, (16, 257))
    losses = []
    how = Recipe(epochs=4, batch_size=8, learning_rate=1e-2, weight_decay=0.0, augment=False, optimizer="adam")
    fit(model, bytes_[:, :-1].astype(np.int32), bytes_[:, 1:], how, after_step=lambda _, loss: losses.append(loss))
    assert losses[-1] < 0.7 * losses[0]


def test_a_clone_and_a_config_keep_the_recipe():
    import keras

    twin = low_precision(functional(), INT8, seed=2)
    layer = keras.models.clone_model(twin).get_layer("first")
    assert layer.updates_fmt == STOCHASTIC
    assert layer.seed == twin.get_layer("first").seed
    assert json.loads(json.dumps(layer.get_config()["formats"])) == layer.plain_formats


def test_recipes_that_contradict_themselves_are_refused():
    with pytest.raises(ValueError, match="`weights` must be None"):
        Formats(weights=NEAREST, updates=NEAREST)
    with pytest.raises(ValueError, match="power of two"):
        Formats(updates=IntFormat(8))
    with pytest.raises(ValueError, match="master copy"):
        Formats(updates=Ternary())


def test_an_unknown_layer_is_named():
    import keras

    inputs = keras.Input((4, 2))
    model = keras.Model(inputs, keras.layers.GRU(3, name="recurrent")(inputs))
    with pytest.raises(BadModel, match="'recurrent' \\(GRU\\)"):
        low_precision(model, Formats())
