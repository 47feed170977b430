import numpy as np
import pytest

from efficient_ai.errors import EfficientAIError
from efficient_ai.search import nets
from efficient_ai.search.supernet import (
    LARGEST,
    SMALLEST,
    Supernet,
    SupernetRecipe,
    family,
    nets_of_step,
    shrunk,
    train,
)


@pytest.fixture(scope="module")
def supernet():
    return Supernet(seed=0)


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return random.random((32, 32, 32, 3), dtype=np.float32), random.integers(0, 10, 32)


@pytest.mark.parametrize("name", ["separable-32-3x3-k5-32", "separable-12-2x1-k3-16", "separable-24-3x2-k3-32"])
def test_a_net_that_is_cut_out_has_the_weights_of_a_net_of_its_own(supernet, name):
    net = family()[name]
    own = {w.path: tuple(w.shape) for w in nets.build(net, seed=0).trainable_weights}
    cut = {path: tuple(weight.shape) for path, weight in supernet.cut(net, net.width).items()}
    assert cut == own


def test_a_smaller_filter_is_the_middle_and_a_narrower_layer_the_first_channels(supernet):
    wide, narrow = (supernet.cut(net, net.width) for net in (LARGEST, SMALLEST))
    name = "stage1_block1_filter_depthwise/kernel"
    channels = SMALLEST.width
    assert np.array_equal(narrow[name], np.asarray(wide[name])[1:4, 1:4, :channels])


def test_a_net_that_is_cut_out_answers_as_keras_does(supernet, pictures):
    net = family()["separable-12-2x2-k3-16"]
    images, _ = pictures
    moments = supernet.moments(net, images)
    model = nets.build(net, seed=0)
    cut = supernet.cut(net, net.width)
    for weight in model.trainable_weights:
        weight.assign(cut[weight.path])
    statistics = [w for w in model.non_trainable_weights if "moving" in w.path]
    for weight, moment in zip(statistics, moments, strict=True):
        weight.assign(moment)
    ours = supernet.logits(net, images, moments)
    assert np.allclose(ours, model.predict(images, verbose=0), atol=1e-4)


def test_every_step_trains_the_extremes_and_the_same_nets_twice():
    recipe = SupernetRecipe(steps=5, seed=3)
    for step in range(5):
        chosen = nets_of_step(recipe, step)
        assert chosen[:2] == (LARGEST, SMALLEST)
        assert len(chosen) == 2 + recipe.sampled
        assert chosen == nets_of_step(recipe, step)


def test_pictures_shrink_by_averaging(pictures):
    images, _ = pictures
    small = shrunk(images, SMALLEST)
    assert small.shape == (32, SMALLEST.side, SMALLEST.side, 3)
    assert np.allclose(small[0, 0, 0], images[0, :2, :2].mean(axis=(0, 1)))


def test_a_rate_that_is_too_high_ends_with_a_line(pictures):
    images, labels = pictures
    with pytest.raises(EfficientAIError, match="lower the learning rate"):
        train(
            Supernet(seed=0), images, labels, SupernetRecipe(steps=4, learning_rate=1e9, batch_size=16, warmup_steps=1)
        )
