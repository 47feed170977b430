"""Models that round while they train: their numbers lie on grids, their gradients pass, and nothing else changes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai.compress import QAT, fake_quantized
from efficient_ai.compress.fake_layers import FakeActivation, FakeDense
from efficient_ai.compress.prune import copy as copy_of
from efficient_ai.errors import BadModel
from efficient_ai.train import Recipe, fit

BITS = (1, 2, 3, 4, 8)


def net():
    keras.utils.set_random_seed(0)
    source = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="first")(source)
    x = keras.layers.ReLU(name="first_relu")(keras.layers.BatchNormalization(name="first_bn")(x))
    y = keras.layers.DepthwiseConv2D(3, padding="same", name="middle")(x)
    y = keras.layers.BatchNormalization(name="middle_bn")(y)
    x = keras.layers.ReLU(name="sum_relu")(keras.layers.Add(name="sum")([x, y]))
    x = keras.layers.AveragePooling2D(8, name="pool")(x)
    model = keras.Model(source, keras.layers.Dense(3, name="last")(keras.layers.Flatten()(x)), name="net")
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (rng.normal(size=4) for _ in range(4))
            layer.set_weights([gamma, beta, 0.1 * mean, 0.5 + variance**2])
    return model


@pytest.fixture(scope="module")
def examples():
    return np.random.default_rng(0).random((64, 8, 8, 2), np.float32)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("ranges", ["tracked", "learned"])
def test_each_kernel_lies_on_a_grid_of_its_bits_channel_by_channel(bits, ranges, examples):
    model = fake_quantized(net(), QAT(bits, ranges=ranges), calibration_set=examples)
    for name in ("first", "middle", "last"):
        layer = model.get_layer(name)
        kernel = np.asarray(layer.rounded(training=False))
        channels = kernel.reshape(-1, int(np.prod(kernel.shape[-2:])) if name == "middle" else kernel.shape[-1])
        assert max(len(np.unique(column)) for column in channels.T) <= 2**bits - (bits > 2)
        assert np.allclose(kernel, layer.points() * np.asarray(layer.scale), atol=1e-6)


def test_every_layer_is_rounded_and_every_tensor_that_is_stored_has_a_grid(examples):
    model = fake_quantized(net(), calibration_set=examples)
    grids = [layer.name for layer in model.layers if isinstance(layer, FakeActivation)]
    assert grids == ["input_grid", "first_relu_grid", "middle_bn_grid", "sum_relu_grid", "last_grid"]
    stored = keras.Model(model.input, model.get_layer("pool").output)  # rounded right after, on the grid of its input
    pooled = model.get_layer("sum_relu_grid")(stored(examples), follow=False)
    step = (float(model.get_layer("sum_relu_grid").high) - 0.0) / 255
    assert np.allclose(np.asarray(pooled) / step, np.rint(np.asarray(pooled) / step), atol=1e-3)


def test_eight_bits_answer_nearly_as_the_model_does_and_leave_it_alone(examples):
    model = net()
    before = [w.copy() for w in model.get_weights()]
    quantized = fake_quantized(model, calibration_set=examples)
    wanted, got = model.predict(examples, verbose=0), quantized.predict(examples, verbose=0)
    assert 0 < np.abs(got - wanted).max() < 0.05 * np.abs(wanted).max()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 8), st.booleans(), st.integers(0, 10_000))
def test_rounding_a_kernel_moves_it_by_half_a_step_where_it_isnt_clipped(bits, zero, seed):
    layer = FakeDense(3, bits=bits, zero=zero)
    layer.build((None, 5))
    kernel = np.random.default_rng(seed).normal(size=(5, 3)).astype(np.float32)
    layer.kernel.assign(kernel)
    layer.scale.assign(np.full(3, 0.4))
    within = np.abs(kernel) <= 0.4 * layer.top
    moved = np.abs(np.asarray(layer.rounded(training=False)) - kernel)
    assert (moved[within] <= 0.2 + 1e-5).all()
    assert np.abs(layer.points()).max() <= layer.top


def test_the_gradient_passes_within_the_grid_and_stops_outside():
    layer = FakeDense(1, bits=3, use_bias=False)
    layer.build((None, 4))
    layer.kernel.assign([[0.3], [-2.9], [9.0], [-9.0]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(tf.ones((1, 4))))
    assert np.allclose(np.asarray(tape.gradient(total, layer.kernel.value)).ravel(), [1, 1, 0, 0])


def test_an_activations_gradients_are_those_of_its_clipping():
    layer = FakeActivation(bits=8, learned=True)
    layer.build((None, 4))
    layer.low.assign(-1.0)
    layer.high.assign(1.0)
    values = tf.constant([[-3.0, -2.0, 0.0, 5.0]])
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(layer(values))
    by_value, by_low, by_high = tape.gradient(total, [values, layer.low.value, layer.high.value])
    share = 1 / np.sqrt(4 * 255)
    assert np.allclose(by_value, [[0, 0, 1, 0]])
    assert np.allclose([by_low, by_high], [2 * share, share], rtol=0.01)


def test_tracked_ranges_follow_the_batches_in_training_only():
    layer = FakeActivation(momentum=0.5)
    layer.build((None, 2))
    layer(tf.constant([[-4.0, 9.0]]), training=False)
    assert (float(layer.low), float(layer.high)) == (0, 1)
    layer(tf.constant([[-4.0, 9.0]]), training=True)
    assert (float(layer.low), float(layer.high)) == (-2, 5)
    layer(tf.constant([[-40.0, 90.0]]), training=True, follow=False)
    assert (float(layer.low), float(layer.high)) == (-2, 5)


@pytest.mark.parametrize("ranges", ["tracked", "learned"])
def test_training_lowers_the_loss_and_resumes_as_if_it_had_not_stopped(ranges, examples, tmp_path):
    labels = np.arange(64) % 3
    labels[examples[:, :4].mean((1, 2, 3)) > examples[:, 4:].mean((1, 2, 3))] = 0
    recipe = Recipe(epochs=3, learning_rate=0.05, batch_size=16, augment=False)
    whole, stopped = (fake_quantized(net(), QAT(2, ranges=ranges), calibration_set=examples) for _ in range(2))
    losses = []
    fit(whole, examples, labels, recipe, after_step=lambda _, loss: losses.append(loss))
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    fit(stopped, examples, labels, recipe, checkpoint=tmp_path / "c.npz", max_steps=5)
    fresh = fake_quantized(net(), QAT(2, ranges=ranges), calibration_set=examples)
    fit(fresh, examples, labels, recipe, checkpoint=tmp_path / "c.npz")
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), fresh.get_weights(), strict=True))


@pytest.mark.parametrize("ranges", ["tracked", "learned"])
def test_a_clone_with_its_weights_answers_alike(ranges, examples):
    model = fake_quantized(net(), QAT(4, ranges=ranges), calibration_set=examples)
    twin = copy_of(model)
    assert np.array_equal(twin.predict(examples, verbose=0), model.predict(examples, verbose=0))
    assert twin.get_config() == model.get_config()


def test_a_text_model_is_quantized_too():
    source = keras.Input((12,), dtype="int32")
    x = keras.layers.Embedding(7, 4, name="table")(source)
    y = keras.layers.Conv1D(4, 3, padding="causal", activation="relu", name="past")(x)
    model = keras.Model(source, keras.layers.Dense(7, name="out")(keras.layers.Add()([x, y])))
    words = np.random.default_rng(0).integers(0, 7, (9, 12)).astype(np.int32)
    wanted = model.predict(words, verbose=0)
    got = fake_quantized(model, calibration_set=words).predict(words, verbose=0)
    assert 0 < np.abs(got - wanted).max() < 0.05 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"weight_bits": 9}, "weight_bits must be in 1..8, got 9"),
        ({"activation_bits": 1}, "activation_bits must be in 2..8, got 1"),
        ({"ranges": "guessed"}, "ranges must be one of tracked, learned, got 'guessed'"),
        ({"weight_bits": 1, "zero": True}, "no room for a zero"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        QAT(**wrong)


@pytest.mark.parametrize("shape", [(0, 8, 8, 2), (4, 8, 8, 3)])
def test_a_calibration_set_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"calibration_set must be \(n, 8, 8, 2\)"):
        fake_quantized(net(), calibration_set=np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([keras.layers.Dense(3, activation="softmax", name="odd")], r"'odd' \(Dense, softmax\) can't be quantized"),
        ([keras.layers.LayerNormalization(name="odd")], "'odd' .LayerNormalization, linear. can't be quantized"),
        (
            [keras.layers.Dense(3, activation="relu", name="odd"), keras.layers.BatchNormalization()],
            r"normalization after layer 'odd' \(Dense\) can't be folded",
        ),
    ],
)
def test_a_layer_that_cant_be_quantized_is_named(layers, says):
    x = source = keras.Input((4,))
    for layer in layers:
        x = layer(x)
    with pytest.raises(BadModel, match=says):
        fake_quantized(keras.Model(source, x), calibration_set=np.zeros((2, 4), np.float32))
