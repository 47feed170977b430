"""Several tasks in one net: one backbone that listens, and a head for each question about what it heard.

The questions are about the same second of sound: which word it was, and whether it was said slowly or hurriedly. Both
answers are known, since a synthesizer was told the word and the speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.data.keywords import CLASSES
from efficient_ai.data.speech import Utterance
from efficient_ai.emerging import data_aware
from efficient_ai.models.narrow_ds_cnn import narrow_ds_cnn

if TYPE_CHECKING:
    import keras

PACES = ("slow", "hurried")
SLOWEST_HURRIED, FASTEST_SLOW = 190, 150  # words a minute; what lies between is neither, and is not asked about
UNASKED = len(PACES)
TASKS = {"word": len(CLASSES), "pace": len(PACES)}


def pace(said: Utterance | None) -> int:
    """The label of an utterance's speed: an index into `PACES`, or `UNASKED` for what is neither, and for silence."""
    if said is None or FASTEST_SLOW < said.speed < SLOWEST_HURRIED:
        return UNASKED
    return PACES.index("hurried" if said.speed >= SLOWEST_HURRIED else "slow")


def examples(split: str, at: Sequence[int] | None = None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Seconds of sound with a label for each task; the voices of one split are in no other.

    Args:
        split: "train", "validation" or "test".
        at: Only these, spoken now: see `data_aware.examples`.

    Returns:
        Features float32 (n, 49, 10, 1), and integer labels (n,) by task.

    Raises:
        DataUnavailable: If the synthesizer isn't installed.
    """
    features, words = data_aware.examples(split, data_aware.BOOK, at)
    said, _ = data_aware._plan(split, range(len(words)))
    return features, {"word": words, "pace": np.array([pace(utterance) for utterance in said], np.uint8)}


def build(tasks: Sequence[str], *, filters: int, seed: int, blocks: int = 3, time_stride: int = 4) -> keras.Model:
    """A narrow DS-CNN with a head for each task.

    Args:
        tasks: Some of `TASKS`.
        filters: Channels of the backbone.
        seed: Of the initial weights; the backbone's are the same for all tasks.
        blocks: See `models.narrow_ds_cnn`.
        time_stride: See `models.narrow_ds_cnn`.

    Returns:
        A Keras model from (n, 49, 10, 1) to the logits of one task after the other, (n, all classes).

    Raises:
        ValueError: If there is no task, or one is unknown.
    """
    import keras

    _known(tasks)
    whole = narrow_ds_cnn(seed=seed, filters=filters, blocks=blocks, time_stride=time_stride)
    heard = whole.get_layer("logits").input
    heads = [
        keras.layers.Dense(
            TASKS[task], kernel_initializer=keras.initializers.GlorotUniform(seed=seed * 1_000 + 500 + i), name=task
        )(heard)
        for i, task in enumerate(tasks)
    ]
    outputs = keras.layers.Concatenate(name="logits")(heads) if len(heads) > 1 else heads[0]
    return keras.Model(whole.input, outputs, name="_and_".join(tasks))


def answers(logits: np.ndarray, tasks: Sequence[str]) -> dict[str, np.ndarray]:
    """A net's logits by task, (n, classes of the task)."""
    _known(tasks)
    ends = np.cumsum([TASKS[task] for task in tasks])
    if np.shape(logits)[-1] != ends[-1]:
        raise ValueError(f"expected {ends[-1]} logits for {', '.join(tasks)}, got {np.shape(logits)[-1]}")
    return dict(zip(tasks, np.split(logits, ends[:-1], axis=-1), strict=True))


def joint_loss(tasks: Sequence[str], weights: Mapping[str, float] | None = None) -> Callable[[Any, Any], Any]:
    """The weighted sum of the tasks' cross-entropies, each the mean over the examples that have its label.

    Args:
        tasks: Some of `TASKS`, in the order of the net's heads.
        weights: By task; 1 where left out.

    Returns:
        For `train.fit`: takes labels, a tuple of arrays (n,) in the tasks' order, and logits; gives a scalar.

    Raises:
        ValueError: If a task is unknown.

    Source: caruana1997multitask.
    """
    _known(tasks)

    def loss(labels: Any, logits: Any) -> Any:
        import tensorflow as tf

        total, first = 0.0, 0
        for task, wanted in zip(tasks, labels, strict=True):
            classes = TASKS[task]
            wanted = tf.cast(wanted, tf.int32)
            asked = tf.cast(wanted < classes, tf.float32)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.minimum(wanted, classes - 1), logits[:, first : first + classes]
            )
            mean = tf.reduce_sum(asked * each) / tf.maximum(tf.reduce_sum(asked), 1.0)
            total += (weights or {}).get(task, 1.0) * mean
            first += classes
        return total

    return loss


def half(filters: int) -> int:
    """The filters of two nets, one a task, that together have at most as many parameters as one with both heads."""
    budget = build(tuple(TASKS), filters=filters, seed=0).count_params()
    fitting = [
        narrow
        for narrow in range(1, filters)
        if sum(build((task,), filters=narrow, seed=0).count_params() for task in TASKS) <= budget
    ]
    if not fitting:
        raise ValueError(f"no two nets fit into the {budget} parameters of one with {filters} filters")
    return max(fitting)


def _known(tasks: Sequence[str]) -> None:
    if not tasks or set(tasks) - set(TASKS) or len(set(tasks)) < len(tasks):
        raise ValueError(f"tasks must be some of {', '.join(TASKS)}, each once, got {tuple(tasks)}")
