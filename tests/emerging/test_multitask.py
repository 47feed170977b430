import numpy as np
import pytest

from efficient_ai.data.speech import Utterance
from efficient_ai.emerging import data_aware
from efficient_ai.emerging.multitask import PACES, TASKS, UNASKED, answers, build, half, joint_loss, pace

BOTH = tuple(TASKS)


@pytest.mark.parametrize(("speed", "label"), [(110, 0), (150, 0), (151, UNASKED), (189, UNASKED), (190, 1), (229, 1)])
def test_a_pace_is_what_the_synthesizer_was_told(speed, label):
    assert pace(Utterance("one", "f1", "en", speed, 50)) == label


def test_silence_has_no_pace():
    assert pace(None) == UNASKED == len(PACES)


def test_the_labels_of_a_split_are_about_equally_often_slow_and_hurried():
    pytest.importorskip("espeakng_loader")
    said, words = data_aware._plan("test", range(600))
    counts = np.bincount([pace(utterance) for utterance in said], minlength=3)
    assert min(counts[:2]) > 150
    assert all(u is None for u, word in zip(said, words, strict=True) if data_aware.CLASSES[word] == "silence")


def test_one_net_with_two_heads_has_the_backbone_once():
    both, word, tempo = (build(tasks, filters=8, seed=0) for tasks in (BOTH, ("word",), ("pace",)))
    head = 8 * TASKS["pace"] + TASKS["pace"]
    assert both.count_params() == word.count_params() + head
    assert both.output_shape[-1] == word.output_shape[-1] + tempo.output_shape[-1]
    x = np.random.default_rng(0).normal(size=(3, 49, 10, 1)).astype(np.float32)
    parts = answers(both.predict(x, verbose=0), BOTH)
    np.testing.assert_allclose(parts["word"], word.predict(x, verbose=0), atol=1e-5)


def test_two_halves_fit_into_the_one_and_wider_ones_would_not():
    narrow = half(12)

    def both(filters):
        return sum(build((task,), filters=filters, seed=0).count_params() for task in TASKS)

    assert both(narrow) <= build(BOTH, filters=12, seed=0).count_params() < both(narrow + 1)


def test_the_joint_loss_is_the_weighted_sum_of_cross_entropies_over_those_who_were_asked():
    random = np.random.default_rng(0)
    logits = random.normal(size=(5, 14)).astype(np.float32)
    words, paces = np.array([0, 3, 11, 10, 5]), np.array([0, 1, UNASKED, UNASKED, 1])

    def entropy(z, y):
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])

    asked = paces != UNASKED
    wanted = entropy(logits[:, :12], words) + 0.3 * entropy(logits[asked][:, 12:], paces[asked])
    assert float(joint_loss(BOTH, {"pace": 0.3})((words, paces), logits)) == pytest.approx(wanted, rel=1e-5)


def test_a_batch_in_which_nobody_was_asked_adds_nothing():
    logits = np.zeros((2, 2), np.float32)
    assert float(joint_loss(("pace",))((np.array([UNASKED, UNASKED]),), logits)) == 0


@pytest.mark.parametrize("tasks", [(), ("word", "word"), ("mood",)])
def test_tasks_that_cannot_be_are_refused(tasks):
    with pytest.raises(ValueError, match="tasks must be some of word, pace"):
        build(tasks, filters=8, seed=0)


def test_logits_of_other_tasks_are_refused():
    with pytest.raises(ValueError, match="expected 14 logits"):
        answers(np.zeros((2, 12)), BOTH)
