import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai import cost
from efficient_ai.emerging.few_shot import (
    adaptation_macs,
    as_keras,
    episodes,
    forward_macs,
    initial_weights,
    logits,
    nearest_centroid,
    with_new_head,
)

# Each picture says which class, face and copy it is.
CODED = np.zeros((9, 12, 2, 28, 28), np.uint8)
CODED[..., 0, 0] = np.arange(9)[:, None, None]
CODED[..., 0, 1] = np.arange(12)[:, None]
CODED[..., 0, 2] = np.arange(2)


def drawn(weights, pictures):
    return np.asarray(logits([np.asarray(w) for w in weights], pictures))


@settings(max_examples=30, deadline=None)
@given(
    ways=st.integers(2, 9),
    shots=st.integers(1, 6),
    queries=st.integers(1, 6),
    tasks=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_a_task_asks_about_other_faces_of_the_classes_that_it_shows(ways, shots, queries, tasks, seed):
    found = episodes(CODED, tasks=tasks, ways=ways, shots=shots, queries=queries, random=np.random.default_rng(seed))
    assert found.support.shape == (tasks, ways * shots, 28, 28, 1)
    assert found.query_labels.shape == (tasks, ways * queries)
    for task in range(tasks):
        seen = {}
        for pictures, labels in (
            (found.support[task], found.support_labels[task]),
            (found.query[task], found.query_labels[task]),
        ):
            codes = np.rint(255 * pictures[:, 0, :3, 0]).astype(int)
            assert sorted(labels) == sorted(list(range(ways)) * (len(labels) // ways))
            for (letter, face, _), label in zip(codes, labels, strict=True):
                assert (letter, face) not in seen
                seen[letter, face] = label
        letters = {(letter, label) for (letter, _), label in seen.items()}
        assert len(letters) == ways == len({letter for letter, _ in letters})


def test_the_same_seed_draws_the_same_tasks():
    both = [episodes(CODED, tasks=4, ways=5, shots=1, queries=2, random=np.random.default_rng(1)) for _ in range(2)]
    assert (both[0].support == both[1].support).all()
    assert len(both[0]) == 4


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"ways": 10}, "10 ways"), ({"shots": 8, "queries": 5}, "don't fit"), ({"tasks": 0}, "at least 1, got tasks=0")],
)
def test_tasks_that_cannot_be_drawn_are_refused(sizes, message):
    asked = {"tasks": 1, "ways": 5, "shots": 1, "queries": 1} | sizes
    with pytest.raises(ValueError, match=message):
        episodes(CODED, **asked, random=np.random.default_rng(0))


def test_a_head_of_zeros_takes_no_side():
    weights = initial_weights(ways=5, seed=0)
    pictures = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    assert (drawn(weights, pictures) == 0).all()
    other = with_new_head(weights, ways=7)
    assert drawn(other, pictures).shape == (3, 7)
    assert all(a is b for a, b in zip(weights[:-2], other[:-2], strict=True))


def test_the_function_and_the_keras_model_agree():
    random = np.random.default_rng(1)
    weights = [w + 0.1 * random.standard_normal(w.shape).astype(np.float32) for w in initial_weights(ways=4, seed=3)]
    pictures = random.random((6, 28, 28, 1), np.float32)
    model = as_keras(weights)
    np.testing.assert_allclose(drawn(weights, pictures), model.predict(pictures, verbose=0), rtol=1e-3, atol=1e-4)
    counted = sum(layer.macs for layer in cost.count(model).layers if not layer.name.startswith("gain"))
    assert forward_macs(ways=4) == counted


def test_an_answer_does_not_depend_on_the_questions_beside_it():
    weights = initial_weights(ways=3, seed=0)
    weights[-2] = np.random.default_rng(2).standard_normal(weights[-2].shape).astype(np.float32)
    pictures = np.random.default_rng(3).random((5, 28, 28, 1), np.float32)
    np.testing.assert_allclose(drawn(weights, pictures)[:1], drawn(weights, pictures[:1]), rtol=1e-4, atol=1e-5)


def test_the_nearest_centroid_is_the_one_of_the_same_direction():
    support = np.array([[1, 0], [3, 0.1], [0, 2], [0.1, 1]], np.float32)
    query = np.array([[9, 1], [0.1, 0.2], [-1, 5]], np.float32)
    found = nearest_centroid(support, np.array([0, 0, 1, 1], np.int32), query, 2)
    assert found.numpy().tolist() == [0, 1, 1]


def test_a_gradient_step_costs_three_passes_over_the_examples():
    once = forward_macs(ways=5)
    assert adaptation_macs(ways=5, shots=1, steps=0) == 5 * once
    assert adaptation_macs(ways=5, shots=2, steps=4) == 10 * 4 * 3 * once
