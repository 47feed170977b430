import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import models
from efficient_ai.compress import Magnitude, prune, sparsity
from efficient_ai.compress.cluster import Cluster, cluster, kmeans, rounded, tune_centroids
from efficient_ai.train import Recipe

numbers = st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=60)


def error(values, centres, nearest):
    return float(((np.asarray(values) - centres[nearest]) ** 2).sum())


@given(numbers, st.integers(1, 8), st.sampled_from(["linear", "density"]))
def test_every_number_goes_to_its_nearest_centre_and_none_is_empty(values, clusters, start):
    centres, nearest = kmeans(np.array(values), clusters=clusters, start=start)
    assert len(centres) <= clusters
    assert set(nearest.tolist()) == set(range(len(centres)))
    distances = np.abs(np.array(values)[:, None] - centres[None].astype(np.float64))
    assert np.allclose(distances[np.arange(len(values)), nearest], distances.min(axis=1), atol=1e-5)


def test_a_centre_for_each_value_changes_nothing():
    values = np.array([3.0, -1.0, 3.0, 0.5], np.float32)
    centres, nearest = kmeans(values, clusters=3)
    assert np.array_equal(centres[nearest], values)


def test_agrees_with_scikit_learn_from_the_same_start():
    from sklearn.cluster import KMeans

    values = np.random.default_rng(0).normal(size=2_000)
    centres, nearest = kmeans(values, clusters=8)
    start = np.linspace(values.min(), values.max(), 8)[:, None]
    oracle = KMeans(8, init=start, n_init=1, max_iter=100, tol=0).fit(values[:, None])
    assert np.allclose(np.sort(oracle.cluster_centers_.ravel()), centres, atol=1e-4)
    assert error(values, centres, nearest) == pytest.approx(oracle.inertia_, rel=1e-4)


def test_no_cut_of_a_few_numbers_is_better_than_twice_as_good():
    values = np.sort(np.random.default_rng(1).normal(size=12))
    best = min(
        sum(((part - part.mean()) ** 2).sum() for part in np.split(values, cuts))
        for cuts in itertools.combinations(range(1, 12), 2)
    )
    assert best - 1e-9 <= error(values, *kmeans(values, clusters=3)) <= 2 * best


def test_the_linear_start_keeps_large_weights_nearer_than_the_density_start():
    values = np.append(np.random.default_rng(0).normal(scale=0.05, size=5_000), [1.0, -1.0])
    worst = {}
    for start in ("linear", "density"):
        centres, nearest = kmeans(values, clusters=8, start=start, rounds=5)
        worst[start] = np.abs(centres[nearest] - values).max()
    assert worst["linear"] < worst["density"]


@pytest.mark.parametrize(
    ("values", "options", "complaint"),
    [
        ([], {"clusters": 2}, "at least one, got 0"),
        ([np.nan], {"clusters": 2}, "finite"),
        ([1.0], {"clusters": 0}, "got 0"),
        ([1.0], {"clusters": 2, "start": "random"}, "got 2 and 'random'"),
    ],
)
def test_what_cannot_be_clustered_is_refused(values, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        kmeans(np.array(values), **options)


@pytest.fixture(scope="module")
def pruned():
    return prune(models.build("lenet_300_100"), Magnitude(0.9))


def different(model):
    return [len(np.unique(w[w != 0])) for w in model.get_weights()[::2]]


def test_a_clustered_model_has_few_values_and_the_same_zeros(pruned):
    before = pruned.get_weights()
    shared = cluster(pruned, Cluster(dense_bits=3))
    assert all(1 < n <= 8 for n in different(shared))
    for old, kept, new in zip(before, pruned.get_weights(), shared.get_weights(), strict=True):
        assert np.array_equal(old, kept)
        assert np.array_equal(old == 0, new == 0)


def test_convolutions_have_bits_of_their_own():
    shared = cluster(models.build("lenet5"), Cluster(dense_bits=2, conv_bits=5))
    counts = different(shared)
    assert max(counts[:2]) <= 32
    assert min(counts[:2]) > 4
    assert max(counts[2:]) <= 4


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_out_of_range_are_refused(pruned, bits):
    with pytest.raises(ValueError, match=rf"bits must be in 1..16, got {bits}"):
        cluster(pruned, Cluster(dense_bits=bits))


@pytest.fixture(scope="module")
def few():
    random = np.random.default_rng(0)
    return random.random((128, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 128)


def test_equal_weights_stay_equal_and_zeros_zero_while_the_values_are_trained(pruned, few):
    shared = cluster(pruned, Cluster(dense_bits=3))
    tuned, _ = tune_centroids(shared, *few, Recipe(epochs=2, batch_size=32, learning_rate=0.05))
    assert sparsity(tuned) == sparsity(shared)
    assert different(tuned) == different(shared)
    for old, new in zip(shared.get_weights()[::2], tuned.get_weights()[::2], strict=True):
        assert not np.array_equal(old, new)
        for value in np.unique(old):
            assert len(np.unique(new[old == value])) == 1


def test_a_step_moves_a_value_against_the_sum_of_its_weights_gradients(pruned, few):
    import tensorflow as tf

    images, labels = few[0][:32], few[1][:32]
    shared = cluster(pruned, Cluster(dense_bits=2))
    recipe = Recipe(epochs=1, batch_size=32, learning_rate=0.1, weight_decay=0.0, augment=False)
    tuned, _ = tune_centroids(shared, images, labels, recipe)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, shared(images)))
    gradient = tape.gradient(loss, shared.layers[2].kernel).numpy()
    old, new = (np.asarray(m.layers[2].kernel) for m in (shared, tuned))
    for value in np.unique(old[old != 0]):
        members = old == value
        step = recipe.learning_rate * gradient[members].sum() / members.sum()
        assert new[members][0] == pytest.approx(value - step, abs=1e-5)


def test_rounded_numbers_fit_into_float16_and_those_that_cannot_stay():
    model = models.build("softmax_regression")
    kernel, bias = model.get_weights()
    bias[:3] = 1e6, 1e-12, 0.1
    model.set_weights([kernel, bias])
    after = rounded(model).get_weights()
    assert np.array_equal(after[0], after[0].astype(np.float16))
    assert after[1][:2].tolist() == bias[:2].tolist()
    assert after[1][2] == np.float16(0.1)
