"""What was trained with rounded numbers stands in the int8 file, integer by integer, and answers there as it did."""

import keras
import numpy as np
import pytest

from efficient_ai import engines
from efficient_ai.compress import (
    QAT,
    QuantizedFile,
    convert_trained,
    correct_bias,
    fake_quantized,
    folded,
    observe,
    trained_weights,
)
from efficient_ai.compress.convert import Float32, convert
from efficient_ai.errors import BadModel
from efficient_ai.metrics import sqnr_db
from efficient_ai.models import build
from efficient_ai.train import Recipe, fit


def net():
    """Convolutions with and without a bias, gammas of both signs, a depthwise one, an addition, a pool."""
    keras.utils.set_random_seed(0)
    source = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="first")(source)
    x = keras.layers.ReLU(name="first_relu")(keras.layers.BatchNormalization(name="first_bn")(x))
    y = keras.layers.DepthwiseConv2D(3, padding="same", name="middle")(x)
    y = keras.layers.BatchNormalization(name="middle_bn", scale=False)(y)
    z = keras.layers.Conv2D(4, 1, name="side")(x)
    x = keras.layers.ReLU(name="sum_relu")(keras.layers.Add(name="sum")([y, z]))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(8, name="pool")(x))
    model = keras.Model(source, keras.layers.Dense(3, name="last")(x), name="net")
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if layer.weights:
            old = layer.get_weights()
            signed = [w + 0.3 * rng.normal(size=w.shape) for w in old]
            layer.set_weights(
                [np.abs(w) if v.name == "moving_variance" else w for v, w in zip(layer.weights, signed, strict=True)]
            )
    gamma = model.get_layer("first_bn").gamma
    gamma.assign(np.asarray(gamma) * [1, -1, 0.2, -2])
    return model


@pytest.fixture(scope="module")
def examples():
    return np.random.default_rng(0).random((64, 8, 8, 2), np.float32)


@pytest.fixture(scope="module", params=[8, 4, 2], ids=lambda bits: f"{bits} bit")
def trained(request, examples):
    model = fake_quantized(net(), QAT(request.param), calibration_set=examples)
    recipe = Recipe(epochs=2, learning_rate=0.02, batch_size=16, augment=False)
    fit(model, examples, np.arange(64) % 3, recipe)
    return model


def test_the_files_integers_are_those_that_were_trained(trained):
    file = QuantizedFile.read(convert_trained(trained).content)
    wanted = {
        (one.integers.shape, one.integers.tobytes(), one.scales.tobytes()) for one in trained_weights(trained).values()
    }
    assert len(wanted) == 4
    found = {
        (file.constant(at).shape, file.constant(at).tobytes(), file.scales(at).tobytes())
        for at in (layer.weights for layer in file.weighted())
    }
    assert found == wanted


def test_integers_have_no_more_values_than_bits_allow(trained):
    bits = trained.get_layer("first").bits
    for one in trained_weights(trained).values():
        assert np.abs(one.integers.astype(int)).max() <= (3 if bits == 2 else 2 ** (bits - 1) - 1)
        assert bits > 2 or (one.integers % 2 == 1).all()


def test_folding_a_normalization_changes_no_integer_but_for_its_sign(trained):
    """The fold as the textbook does it, in float64 on the rounded weights: an independent way to the same numbers."""
    one, layer = trained_weights(trained)["first"], trained.get_layer("first")
    gamma, beta, mean, variance = (np.float64(w) for w in trained.get_layer("first_bn").get_weights())
    factor = gamma / np.sqrt(variance + 1e-3)
    assert (factor < 0).any()
    assert (factor > 0).any()
    kernel = np.float64(layer.points()) * np.asarray(layer.scale, np.float64) * factor
    assert np.allclose(np.moveaxis(kernel, -1, 0), one.real, rtol=1e-5)
    assert np.allclose(beta - mean * factor, one.bias, rtol=1e-4, atol=1e-6)
    steps = 2 if not layer.zero else 1
    assert np.array_equal(np.abs(np.moveaxis(layer.points(), -1, 0)) * steps, np.abs(one.integers))


def test_the_folded_model_answers_as_the_trained_one_but_for_its_activations(trained, examples):
    wanted = trained.predict(examples, verbose=0)
    plain = folded(trained)
    assert sqnr_db(plain.predict(examples, verbose=0), wanted) > 15
    assert not any("BatchNormalization" in type(layer).__name__ for layer in plain.layers)
    wide = engines.predict(convert(plain, Float32()).content, examples)
    assert np.allclose(wide, plain.predict(examples, verbose=0), atol=1e-4)


def test_the_file_answers_as_the_trained_model(trained, examples):
    wanted = trained.predict(examples, verbose=0)
    step = (float(trained.get_layer("last_grid").high) - float(trained.get_layer("last_grid").low)) / 255
    got = engines.predict(convert_trained(trained).content, examples)
    assert np.abs(got - wanted).max() < 6 * step
    assert np.abs(got - wanted).mean() < step


def test_every_activation_of_the_file_has_its_grid(trained):
    file = QuantizedFile.read(convert_trained(trained).content)
    scales = {round(float(file.scales(n)[0]), 9) for op in file.graph.operators for n in op.outputs}
    grids = [layer for layer in trained.layers if layer.name.endswith("_grid") and layer.name != "input_grid"]
    wanted = {round((max(0.0, float(g.high)) - min(0.0, float(g.low))) / 255, 9) for g in grids}
    assert np.allclose(sorted(scales), sorted(wanted), rtol=1e-4)


def test_biases_can_be_corrected_in_the_file_of_an_untrained_model(examples):
    model = net()
    quantized = fake_quantized(model, QAT(3), calibration_set=examples)
    wide = convert(model, Float32())
    wanted = engines.predict(wide.content, examples)
    plain = convert_trained(quantized)
    corrected = correct_bias(observe(plain, wide, examples)).small
    shift = [np.abs((engines.predict(v.content, examples) - wanted).mean(axis=0)).mean() for v in (plain, corrected)]
    assert shift[1] < 0.5 * shift[0]


def test_a_model_that_was_not_made_by_fake_quantized_is_refused():
    with pytest.raises(BadModel, match="no fake-quantized layers"):
        convert_trained(net())


def test_what_an_int8_file_cannot_hold_is_named(examples):
    with pytest.raises(BadModel, match=r"activations of 8 bits, got \[4\]"):
        convert_trained(fake_quantized(net(), QAT(8, 4), calibration_set=examples))
    words = np.zeros((2, 256), np.int32)
    with pytest.raises(BadModel, match=r"'embedding' \(FakeEmbedding\) can't be exported"):
        convert_trained(fake_quantized(build("byte_lm_small"), calibration_set=words))
