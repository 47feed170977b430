import numpy as np
import pytest

from efficient_ai.compress import gradients, half_precision
from efficient_ai.errors import BadModel
from efficient_ai.models import build
from efficient_ai.train import Recipe, fit

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.random((64, 28, 28, 1)).astype(np.float32)
LABELS = (INPUTS.mean(axis=(1, 2, 3)) > 0.5).astype(np.int64)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_mixed_model_computes_in_half_and_keeps_its_weights_wide(dtype):
    net = build("lenet_300_100", seed=0)
    half = half_precision(net, dtype)
    assert {w.dtype for w in half.weights} == {"float32"}
    assert half.layers[-2].compute_dtype == dtype
    assert half.output.dtype == "float32"
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), half.get_weights(), strict=True))
    near = np.abs(half(INPUTS) - net(INPUTS)).max() / np.abs(net(INPUTS)).max()
    assert 0 < near < 0.05


def test_without_a_master_copy_the_weights_are_half_as_well():
    half = half_precision(build("lenet_300_100", seed=0), "float16", master=False)
    assert {w.dtype for w in half.layers[-2].weights} == {"float16"}


def test_narrow_logits_are_asked_for():
    half = half_precision(build("lenet_300_100", seed=0), "float16", wide_logits=False)
    assert half.output.dtype == "float16"


def test_float32_gradients_do_not_depend_on_a_power_of_two():
    net = build("lenet_300_100", seed=0)
    plain, scaled = (gradients(net, INPUTS, LABELS, scale=scale) for scale in (1.0, 2.0**-30))
    assert np.allclose(plain.flat(), scaled.flat(), rtol=1e-5, atol=1e-12)


def test_float16_loses_small_gradients_and_a_scale_brings_them_back():
    net = build("lenet_300_100", seed=0)
    exact = gradients(net, INPUTS, LABELS).flat()
    half = half_precision(net, "float16")
    small = 2.0**-24
    lost = gradients(half, INPUTS, LABELS, scale=small)
    first = next(iter(lost.raw))
    assert np.mean(lost.raw[first] == 0) > 0.95
    kept = gradients(half, INPUTS, LABELS, scale=small * 2.0**24).flat()
    assert np.linalg.norm(kept - exact) < 0.05 * np.linalg.norm(exact)


def test_looking_at_gradients_leaves_the_model_as_it_was():
    net = build("resnet8", seed=0)
    before = [np.array(w) for w in net.get_weights()]
    gradients(net, RANDOM.random((4, 32, 32, 3)).astype(np.float32), np.arange(4))
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_dynamic_scaling_halves_on_overflow_and_goes_on():
    import keras

    net = half_precision(build("lenet_300_100", seed=0), "float16")
    held = []

    def wrap(inner):
        held.append(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**40))
        return held[0]

    fit(net, INPUTS, LABELS, Recipe(40, 0.01, 32, augment=False), wrap=wrap)
    assert float(held[0].dynamic_scale) < 2.0**40
    assert all(np.isfinite(w).all() for w in net.get_weights())


@pytest.mark.parametrize("dtype", ["float8", "float32"])
def test_another_format_is_refused(dtype):
    with pytest.raises(ValueError, match="float16, bfloat16"):
        half_precision(build("lenet_300_100", seed=0), dtype)


def test_a_model_without_a_graph_is_refused():
    import keras

    class Own(keras.Model):
        pass

    with pytest.raises(BadModel, match="functional"):
        half_precision(Own(), "float16")


def test_a_scale_is_positive():
    with pytest.raises(ValueError, match="positive"):
        gradients(build("lenet_300_100", seed=0), INPUTS, LABELS, scale=0)
