"""How long a step of training takes, several recipes in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import cache
from efficient_ai.measure.latency import check, in_turn, timer_of
from efficient_ai.records import LatencyStats

if TYPE_CHECKING:
    import keras


def compare_steps(
    models: Mapping[str, keras.Model],
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    learning_rate: float = 0.0,
    runs: int = 50,
    warmup: int = 2,
    rounds: int = 10,
    seed: int = 0,
) -> dict[str, LatencyStats]:
    """Time a step of gradient descent on the same batch, one recipe after the other, round by round.

    Args:
        models: By recipe; each gives logits. Their weights move by `learning_rate`, moving statistics always.
        inputs: A batch, (n, ...).
        labels: Integer classes, (n,).
        learning_rate: Zero leaves the weights as they are; the update is computed all the same.
        runs: Timed steps of each, at least 50 and a multiple of `rounds`.
        warmup: Untimed steps before the first, at least one: it compiles the graph.
        rounds: How often each has its turn.
        seed: Decides the order of the turns.

    Returns:
        A row for each recipe, in this process and with TensorFlow's own threads, milliseconds a step. `ratio` takes
        them.

    Raises:
        ValueError: If a number doesn't suit.
    """
    check(runs, rounds, warmup)
    if warmup < 1:
        raise ValueError(f"warmup must be at least 1, got {warmup}")
    timers = {name: timer_of(_step(model, inputs, labels, learning_rate)) for name, model in models.items()}
    samples = in_turn(timers, runs=runs, warmup=warmup, rounds=rounds, seed=seed)
    machine = cache.machine()
    return {
        name: LatencyStats(name, "keras", "graph", machine.cores, machine.cpu, warmup, rounds, tuple(samples[name]))
        for name in models
    }


def _step(model: keras.Model, inputs: np.ndarray, labels: np.ndarray, learning_rate: float) -> Callable[[], object]:
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.SGD(learning_rate, momentum=0.9)
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(inputs), tf.constant(labels, tf.int32)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = tf.cast(model(x, training=True), tf.float32)
            value = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        optimizer.apply(tape.gradient(value, model.trainable_variables))
        return value

    return lambda: step().numpy()
