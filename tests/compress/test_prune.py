import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import models
from efficient_ai.compress import Gradual, Magnitude, fine_tune, magnitude_mask, prune, sparsities, sparsity
from efficient_ai.train import Recipe


@given(st.integers(1, 200), st.floats(0, 0.999))
def test_the_mask_has_exactly_the_sparsity_that_was_asked_for(size, wanted):
    weights = np.random.default_rng(size).normal(size=size)
    assert (~magnitude_mask(weights, sparsity=wanted)).sum() == round(wanted * size)


def test_the_mask_is_exact_when_all_magnitudes_tie():
    assert (~magnitude_mask(np.ones((4, 5)), sparsity=0.25)).sum() == 5


def test_the_largest_weights_survive():
    mask = magnitude_mask(np.array([0.1, -3.0, 0.2, 2.0]), sparsity=0.5)
    assert mask.tolist() == [False, True, False, True]


@pytest.mark.parametrize("wanted", [-0.1, 1.0, 1.2])
def test_impossible_sparsities_are_refused(wanted):
    with pytest.raises(ValueError, match=rf"sparsity must be in \[0, 1\), got {wanted}"):
        magnitude_mask(np.ones(3), sparsity=wanted)


def test_pruning_leaves_its_argument_as_it_was():
    model = models.build("lenet_300_100")
    before = model.get_weights()
    pruned = prune(model, Magnitude(sparsity=0.9))
    assert sparsity(pruned) == pytest.approx(0.9, abs=1e-5)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_scope_layer_gives_every_layer_the_same_sparsity_and_global_does_not():
    model = models.build("lenet_300_100")
    even = sparsities(prune(model, Magnitude(0.5, scope="layer"))).values()
    assert max(even) - min(even) < 0.001
    uneven = sparsities(prune(model, Magnitude(0.5))).values()
    assert max(uneven) - min(uneven) > 0.1
    with pytest.raises(ValueError, match="scope must be"):
        prune(model, Magnitude(0.5, scope="net"))


@pytest.fixture(scope="module")
def few():
    random = np.random.default_rng(0)
    return random.random((256, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 256)


def test_zeros_stay_zeros_while_the_rest_is_trained(few):
    pruned = prune(models.build("lenet_300_100"), Magnitude(sparsity=0.8))
    tuned, logs = fine_tune(pruned, *few, Recipe(epochs=2, batch_size=64, learning_rate=0.01))
    assert len(logs) == 2
    for before, after in zip(pruned.get_weights()[::2], tuned.get_weights()[::2], strict=True):
        assert not after[before == 0].any()
        assert not np.array_equal(before, after)


def test_gradual_pruning_ends_at_its_sparsity(few):
    dense = models.build("lenet_300_100")
    tuned, _ = fine_tune(dense, *few, Recipe(epochs=3, batch_size=32, learning_rate=0.01), how=Gradual(0.9, every=2))
    assert sparsity(tuned) == pytest.approx(0.9, abs=1e-3)
    assert sparsity(dense) == 0
