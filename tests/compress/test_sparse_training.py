import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import models
from efficient_ai.compress.prune import prunable, sparsities, sparsity
from efficient_ai.compress.sparse_training import RigL, Static, budgets, moved, random_masks, train_sparse
from efficient_ai.train import Recipe

LENET = [(784, 300), (300, 100), (100, 10)]
RECIPE = Recipe(epochs=3, batch_size=32, learning_rate=0.05, augment=False)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=6),
    st.floats(0, 0.99),
    st.sampled_from(["uniform", "erdos_renyi"]),
)
def test_budgets_add_up_and_no_layer_gets_more_than_it_has(shapes, wanted, distribution):
    counts = budgets(shapes, sparsity=wanted, distribution=distribution)
    sizes = [math.prod(shape) for shape in shapes]
    assert sum(counts) == round((1 - wanted) * sum(sizes))
    assert all(0 <= count <= size for count, size in zip(counts, sizes, strict=True))


def test_uniform_gives_all_the_same_share_and_erdos_renyi_more_to_the_small():
    even = budgets(LENET, sparsity=0.9, distribution="uniform")
    assert even == [23_520, 3_000, 100]
    uneven = budgets(LENET, sparsity=0.9, distribution="erdos_renyi")
    assert uneven[2] == 1_000  # it would get more than it has
    assert uneven[0] / uneven[1] == pytest.approx(1084 / 400, rel=1e-3)


def test_a_convolution_counts_the_sides_of_its_window():
    counts = budgets([(5, 5, 20, 50), (800, 500)], sparsity=0.9, distribution="erdos_renyi")
    assert counts[0] / counts[1] == pytest.approx(80 / 1300, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sparsity": 1.0, "distribution": "uniform"}, r"sparsity must be in \[0, 1\), got 1.0"),
        ({"sparsity": 0.5, "distribution": "fair"}, "distribution must be one of erdos_renyi, uniform, got 'fair'"),
    ],
)
def test_impossible_budgets_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        budgets(LENET, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"every": 0}, "every must be at least 1 step, got 0"),
        ({"fraction": 0.0}, r"fraction must be in \(0, 1\], got 0.0"),
        ({"until": 1.5}, r"until must be in \[0, 1\], got 1.5"),
        ({"regrow": "best"}, "regrow must be one of gradient, random, got 'best'"),
    ],
)
def test_impossible_schedules_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        RigL(0.9, **options)


def test_the_smallest_weights_go_and_the_most_wanted_places_come():
    mask = np.array([True, True, True, True, False, False, False])
    weights = np.array([0.1, -0.2, 3.0, -4.0, 0, 0, 0])
    scores = np.array([0.0, 5.0, 9.0, 9.0, 6.0, 1.0, 2.0])
    # 0 and 1 go; then 4 and 1 are the most wanted of the free: 1 comes back at once.
    assert moved(mask, weights, scores, count=2).tolist() == [False, True, True, True, True, False, False]


@given(st.integers(2, 60), st.data())
def test_moving_keeps_the_number_of_weights_and_the_largest_of_them(size, data):
    random = np.random.default_rng(size)
    mask, weights = random.random(size) < 0.5, random.normal(size=size)
    count = data.draw(st.integers(0, int(mask.sum())))
    now = moved(mask, weights * mask, random.random(size), count=count)
    assert now.sum() == mask.sum()
    if 0 < count < mask.sum():
        largest = np.flatnonzero(mask)[np.argsort(-np.abs(weights[mask]))[: mask.sum() - count]]
        assert now[largest].all()


def test_ever_fewer_weights_move_and_none_at_the_end():
    how = RigL(0.9, every=10, fraction=0.3, until=0.75)
    at = list(how.moves(100))
    assert at == [10, 20, 30, 40, 50, 60, 70]
    shares = [how.share(done, 100) for done in (0, *at, 75)]
    assert shares[0] == pytest.approx(0.3)
    assert shares[-1] == pytest.approx(0)
    assert all(a > b for a, b in pairwise(shares))


@pytest.fixture(scope="module")
def few():
    """Noise whose brightest corner is the label: something to learn, in few steps."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 256)
    images = random.random((256, 28, 28, 1)).astype(np.float32) * 0.5
    images[np.arange(256), labels, labels] = 1
    return images, labels


@pytest.mark.parametrize("how", [Static(0.9), RigL(0.9, every=3), RigL(0.9, every=3, regrow="random")])
def test_the_sparsity_holds_from_the_first_step_to_the_last_and_the_argument_stays(few, how):
    dense, seen = models.build("lenet_300_100"), []
    trained, logs = train_sparse(dense, *few, RECIPE, how, after_move=lambda done, masks: seen.append((done, masks)))
    assert logs[-1].loss < logs[0].loss
    assert sparsity(dense) == 0
    assert all(sum(m.sum() for m in masks) == 26_620 for _, masks in seen)
    for kernel, mask in zip(prunable(trained), seen[-1][1], strict=True):
        assert not np.asarray(kernel)[~mask].any()
    assert sparsity(trained) == pytest.approx(0.9, abs=2e-3)
    assert [done for done, _ in seen] == [0, *(how.moves(24) if isinstance(how, RigL) else ())]


def test_static_weights_stay_and_rigl_moves_them(few):
    for how, moves in ((Static(0.9), False), (RigL(0.9, every=3), True)):
        masks = []
        net = models.build("lenet_300_100")
        train_sparse(net, *few, RECIPE, how, after_move=lambda _, now, to=masks: to.append(now))
        assert (masks[0][0] != masks[-1][0]).any() == moves
        assert masks[0][2].all()  # the whole last layer: nothing to move there


def test_the_places_that_come_are_those_of_the_largest_gradients(few):
    """One move after one step, against gradients from an independent computation at the start."""
    import tensorflow as tf

    net, masks = models.build("lenet_300_100"), []
    how = RigL(0.9, every=1, until=0.5)
    recipe = Recipe(epochs=4, batch_size=256, learning_rate=1e-6, augment=False)
    train_sparse(net, *few, recipe, how, after_move=lambda _, now: masks.append(now), max_steps=1)
    start, now = (m[0] for m in masks)
    at_start = models.build("lenet_300_100")
    for kernel, mask in zip(prunable(at_start), masks[0], strict=True):
        kernel.assign(np.asarray(kernel) * mask)
    with tf.GradientTape() as tape:
        logits = at_start(few[0], training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(few[1].astype("int32"), logits))
    gradient = np.abs(tape.gradient(loss, prunable(at_start)[0].value).numpy())
    came = now & ~start
    assert came.any()
    stayed_away = ~now & ~start
    assert gradient[came].min() >= gradient[stayed_away].max() * (1 - 1e-4)


def test_training_can_start_from_masks_that_are_given(few):
    start = [np.zeros(s, bool) for s in LENET]
    for mask in start:
        mask[: mask.shape[0] // 2] = True
    trained, _ = train_sparse(models.build("lenet_300_100"), *few, RECIPE, Static(0.5), start=start)
    assert [np.asarray(kernel).astype(bool).tolist() for kernel in prunable(trained)] == [m.tolist() for m in start]
    assert max(sparsities(trained).values()) == pytest.approx(0.5, abs=0.01)


def test_a_weight_that_comes_back_starts_from_rest(few):
    """In the step after a move, what came moves by its gradient times the rate, without momentum from before."""
    import tensorflow as tf

    net = models.build("lenet_300_100")
    recipe = Recipe(epochs=4, batch_size=256, learning_rate=0.01, weight_decay=0.0, augment=False)
    how = RigL(0.9, every=2, fraction=0.9, until=0.9)

    def run(limit):
        masks = []
        trained, _ = train_sparse(
            net, *few, recipe, how, after_move=lambda _, now: masks.append(now[0]), max_steps=limit
        )
        return trained, masks

    moved_at_2, seen = run(2)
    after, _ = run(3)
    with tf.GradientTape() as tape:
        logits = moved_at_2(few[0], training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(few[1].astype("int32"), logits))
    gradient = tape.gradient(loss, prunable(moved_at_2)[0].value).numpy()
    came = seen[1] & ~seen[0]
    rate = 0.01 * 0.5 * (1 + math.cos(math.pi * 2 / 4))
    step = np.asarray(prunable(after)[0]) - np.asarray(prunable(moved_at_2)[0])
    np.testing.assert_allclose(step[came], -rate * gradient[came], rtol=1e-3, atol=1e-7)


def test_masks_that_do_not_fit_the_model_are_refused(few):
    with pytest.raises(ValueError, match="start must have masks of the shapes"):
        train_sparse(models.build("lenet_300_100"), *few, RECIPE, Static(0.5), start=[np.ones((2, 2), bool)])


@pytest.mark.parametrize("how", [RigL(0.9, every=3), RigL(0.9, every=3, regrow="random")])
def test_a_run_that_was_killed_between_two_moves_ends_where_an_uninterrupted_one_does(few, how, tmp_path):
    whole, _ = train_sparse(models.build("lenet_300_100"), *few, RECIPE, how)

    class Killed(Exception):
        pass

    def kill(step, loss):
        if step == 13:  # in the second of three epochs of eight steps
            raise Killed

    path = tmp_path / "run.npz"
    with pytest.raises(Killed):
        train_sparse(models.build("lenet_300_100"), *few, RECIPE, how, checkpoint=path, after_step=kill)
    resumed, logs = train_sparse(models.build("lenet_300_100"), *few, RECIPE, how, checkpoint=path)
    assert len(logs) == 3
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True))


def test_masks_are_drawn_from_their_seed_alone():
    counts = budgets(LENET, sparsity=0.9, distribution="uniform")
    first, again, other = (random_masks(LENET, counts, seed=s) for s in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any()
    assert [int(m.sum()) for m in first] == counts
