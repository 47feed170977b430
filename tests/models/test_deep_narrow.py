import numpy as np
import pytest

from efficient_ai import cost, models


@pytest.mark.parametrize("depth", [8, 20])
def test_shortcuts_cost_no_parameters_and_no_macs_but_a_third_tensor(depth):
    plain, residual = (cost.count(models.deep_narrow(depth, shortcuts=s)) for s in (False, True))
    assert (plain.params, plain.macs) == (residual.params, residual.macs)
    assert residual.peak_activation_bytes == plain.peak_activation_bytes * 3 / 2
    assert plain.unknown_operators == residual.unknown_operators == ()


def test_depth_counts_the_layers_with_weights():
    model = models.deep_narrow(20, shortcuts=True)
    assert sum(type(layer).__name__ in ("Conv2D", "Dense") for layer in model.layers) == 20


def test_both_kinds_begin_with_the_same_weights():
    plain, residual = (models.deep_narrow(8, shortcuts=s, seed=3).get_weights() for s in (False, True))
    assert all(np.array_equal(a, b) for a, b in zip(plain, residual, strict=True))


def test_a_shortcut_hands_its_input_through_where_the_pairs_give_nothing():
    import keras

    model = models.deep_narrow(8, shortcuts=True, side=6, seed=0)
    for layer in model.layers:
        if layer.name.endswith("_b_bn"):
            layer.gamma.assign(np.zeros_like(layer.gamma))
    wanted = [model.get_layer(name).output for name in ("stem_relu", "stage2_pair1_out")]
    picture = np.random.default_rng(0).random((1, 6, 6, 1)).astype(np.float32)
    stem, second = (np.asarray(a) for a in keras.Model(model.inputs[0], wanted)(picture))
    assert np.allclose(second[..., :8], stem[:, ::2, ::2])
    assert not second[..., 8:].any()


@pytest.mark.parametrize("depth", [2, 9])
def test_a_depth_that_does_not_divide_into_pairs_is_refused(depth):
    with pytest.raises(ValueError, match=rf"depth must be 6 n \+ 2 .* got {depth}"):
        models.deep_narrow(depth, shortcuts=True)
