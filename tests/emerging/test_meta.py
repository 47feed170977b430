import numpy as np
import pytest

from efficient_ai.emerging import meta
from efficient_ai.emerging.few_shot import episodes, initial_weights, logits
from efficient_ai.emerging.meta import Maml, Pretrain, Reptile, adapted_right, centroid_right, learn

RANDOM = np.random.default_rng(0)
# Six classes of blobs at different places, easily told apart.
PICTURES = np.zeros((6, 12, 2, 28, 28), np.uint8)
for _number, (_row, _column) in enumerate([(2, 2), (2, 18), (18, 2), (18, 18), (10, 2), (2, 10)]):
    PICTURES[_number, :, :, _row : _row + 7, _column : _column + 7] = RANDOM.integers(120, 255, (12, 2, 7, 7))


def tasks(count=4, ways=3, shots=1):
    return episodes(PICTURES, tasks=count, ways=ways, shots=shots, queries=2, random=np.random.default_rng(5))


def loss(weights, pictures, labels):
    """Cross-entropy in NumPy's words."""
    z = np.asarray(logits([np.asarray(w) for w in weights], pictures), np.float64)
    z -= z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]).mean())


def test_the_gradient_is_that_of_the_loss():
    import tensorflow as tf

    few = tasks(1)
    weights = [tf.constant(w + 0.05) for w in initial_weights(ways=3, seed=0)]
    found, slopes = meta._slopes(weights, few.support[0], few.support_labels[0])
    assert float(found) == pytest.approx(loss(weights, few.support[0], few.support_labels[0]), rel=1e-4)
    small = 1e-3
    nudged = [*weights[:-1], weights[-1] + small * np.array([1, 0, 0], np.float32)]
    rise = (loss(nudged, few.support[0], few.support_labels[0]) - float(found)) / small
    assert float(slopes[-1][0]) == pytest.approx(rise, rel=0.05, abs=1e-3)


def test_reptile_with_one_step_and_one_task_is_plain_gradient_descent():
    import tensorflow as tf

    how = Reptile(ways=3, batch=2, steps=1, rate=0.2, tasks=1, outer_rate=1.0)
    found = learn(PICTURES, how, budget=how.pictures, seed=4)
    (one,) = list(meta._tasks(PICTURES, how, np.random.default_rng([4, 1])))
    start = [tf.constant(w) for w in initial_weights(ways=3, seed=4)]
    _, slopes = meta._slopes(start, *map(tf.constant, one))
    for moved, w, g in zip(found, start, slopes, strict=True):
        np.testing.assert_allclose(moved, w - 0.2 * g, rtol=1e-4, atol=1e-6)


def test_first_order_maml_takes_the_gradient_where_adaptation_ends():
    import tensorflow as tf

    how = Maml(shots=1, ways=3, queries=2, steps=2, rate=0.1, tasks=1)
    few = tasks(1)
    start = [tf.constant(w) for w in initial_weights(ways=3, seed=1)]
    one = [tf.constant(a[0]) for a in (few.support, few.support_labels, few.query, few.query_labels)]
    found_loss, found = meta._maml(how)(start, *one)
    weights = start
    for _ in range(2):
        _, slopes = meta._slopes(weights, *one[:2])
        weights = [w - 0.1 * g for w, g in zip(weights, slopes, strict=True)]
    wanted_loss, wanted = meta._slopes(weights, *one[2:])
    assert float(found_loss) == pytest.approx(float(wanted_loss), rel=1e-4)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)


def test_a_budget_is_spent_and_not_exceeded_whatever_the_method():
    for how in (
        Maml(shots=1, ways=3, queries=1, steps=1, tasks=1),
        Reptile(ways=3, steps=1, tasks=1),
        Pretrain(batch=8),
    ):
        steps = []
        learn(PICTURES, how, budget=3 * how.pictures + 1, seed=0, after_step=lambda s, _, found=steps: found.append(s))
        assert steps == [0, 1, 2]
    with pytest.raises(ValueError, match="a step takes the gradient of 8 pictures, the budget is 7"):
        learn(PICTURES, Pretrain(batch=8), budget=7, seed=0)


def test_the_same_seed_learns_the_same_and_a_stopped_run_is_the_beginning_of_it():
    how, all_losses, few_losses = Pretrain(batch=16, outer_rate=3e-3), [], []
    first = learn(PICTURES, how, budget=640, seed=2, after_step=lambda _, v: all_losses.append(v))
    learn(PICTURES, how, budget=640, seed=2, max_steps=5, after_step=lambda _, v: few_losses.append(v))
    again = learn(PICTURES, how, budget=640, seed=2)
    assert few_losses == all_losses[:5]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert np.mean(all_losses[-5:]) < 0.5 * np.mean(all_losses[:5])
    assert first[-1].shape == (6,)


def test_adaptation_learns_easy_tasks_and_begins_with_a_guess():
    few = tasks(6)
    weights = initial_weights(ways=3, seed=0)
    right = adapted_right(weights, few, rate=0.1, steps=(0, 5))
    assert right.shape == (6, 2)
    assert (right[:, 0] == 2).all()  # a head of zeros names all six questions alike: two of them are of that class
    assert right[:, 1].sum() > right[:, 0].sum()


def test_centroids_answer_easy_tasks_without_any_training():
    few = tasks(6)
    right = centroid_right(initial_weights(ways=3, seed=0), few)
    assert right.shape == (6,)
    assert right.mean() > 4
