import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import models
from efficient_ai.compress import Pattern, fine_tune, pattern_bytes, pattern_mask, prunable, prune_pattern
from efficient_ai.train import Recipe


@given(st.integers(1, 3), st.sampled_from([4, 8]), st.integers(1, 4), st.integers(1, 5))
def test_every_run_along_the_inputs_keeps_exactly_as_many_as_the_pattern_says(keep, of, runs, outputs):
    weights = np.random.default_rng(of + outputs).normal(size=(3, 3, of * runs, outputs))
    mask = pattern_mask(weights, Pattern(keep, of))
    by_run = np.moveaxis(mask, -2, -1).reshape(3, 3, outputs, runs, of)
    assert (by_run.sum(axis=-1) == keep).all()


def test_the_largest_of_each_run_stay_and_runs_lie_along_the_inputs():
    weights = np.array([[0.1, 5.0], [-3.0, 4.0], [2.0, -1.0], [0.5, 2.0]])
    assert pattern_mask(weights, Pattern(2, 4)).tolist() == [[False, True], [True, True], [True, False], [False, False]]


def test_ties_go_to_the_first():
    assert pattern_mask(np.ones((4, 1)), Pattern(2, 4)).ravel().tolist() == [True, True, False, False]


def test_no_mask_of_the_same_pattern_keeps_more_magnitude():
    random = np.random.default_rng(0)
    weights = random.normal(size=(8, 3))
    best = np.abs(weights)[pattern_mask(weights, Pattern(2, 4))].sum()
    for _ in range(50):
        other = np.concatenate([random.permuted(np.array([[1, 1, 0, 0]] * 3).T, axis=0) for _ in range(2)])
        assert np.abs(weights * other).sum() <= best + 1e-12


@pytest.mark.parametrize(("keep", "of"), [(0, 4), (4, 4), (5, 4), (-1, 4), (1, 1)])
def test_patterns_that_keep_nothing_or_all_are_refused(keep, of):
    with pytest.raises(ValueError, match="0 < keep < of"):
        Pattern(keep, of)


def test_inputs_that_the_pattern_doesnt_divide_are_refused():
    with pytest.raises(ValueError, match="needs a multiple of 4 inputs, got 3"):
        pattern_mask(np.ones((3, 3, 3, 16)), Pattern(2, 4))


def test_a_model_keeps_its_pattern_through_fine_tuning_and_its_argument_stays_dense():
    model = models.build("lenet_300_100")
    pruned = prune_pattern(model, Pattern(2, 4))
    random = np.random.default_rng(0)
    images, labels = random.random((128, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 128)
    tuned, _ = fine_tune(pruned, images, labels, Recipe(epochs=1, batch_size=32, learning_rate=0.01, augment=False))
    for before, after in zip(prunable(pruned), prunable(tuned), strict=True):
        runs = np.asarray(after).T.reshape(after.shape[1], -1, 4)
        assert ((runs != 0).sum(axis=-1) <= 2).all()
        assert not np.array_equal(before, after)
    assert all((np.asarray(k) != 0).all() for k in prunable(model))


def test_a_first_layer_of_three_colours_stays_dense():
    kernels = {
        k.path.split("/")[-2]: np.asarray(k) for k in prunable(prune_pattern(models.build("resnet8"), Pattern()))
    }
    assert (kernels.pop("stem_conv") != 0).all()
    assert all(np.isclose((kernel == 0).mean(), 0.5) for kernel in kernels.values())


def test_a_model_that_the_pattern_fits_nowhere_is_refused():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs), name="tiny")
    with pytest.raises(ValueError, match="no kernel of tiny has a multiple of 4 inputs"):
        prune_pattern(model, Pattern(2, 4))


def test_stored_bytes_are_half_of_the_values_and_two_bits_for_each_survivor():
    model = models.build("lenet_300_100")
    kept = [n // 2 for n in (784 * 300, 300 * 100, 100 * 10)]
    assert pattern_bytes(model, Pattern(2, 4)) == sum(n * 4 + n // 4 for n in kept)
    assert pattern_bytes(model, Pattern(2, 4), value_bytes=1) == sum(n + n // 4 for n in kept)
