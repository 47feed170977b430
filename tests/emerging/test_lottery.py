import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.compress import prunable
from efficient_ai.emerging.lottery import MaskedTrainer, Training, hunt, left, next_masks, whole

TRAINING = Training(steps=30, batch_size=10, every=10, learning_rate=0.01)


def net(*, normalized=False):
    import keras

    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(12, "relu", kernel_initializer=keras.initializers.HeNormal(1), name="hidden")(x)
    if normalized:
        x = keras.layers.BatchNormalization()(x)
    return keras.Model(
        inputs, keras.layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(2), name="logits")(x)
    )


@pytest.fixture(scope="module")
def seen():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 90)
    return (random.random((90, 4, 4, 1)) + labels[:, None, None, None] / 2).astype(np.float32), labels


@pytest.fixture(scope="module")
def trainer(seen):
    return MaskedTrainer(net(), *seen, TRAINING, validation=seen)


def test_the_trainer_does_what_adam_does(seen, trainer):
    """Keras' own optimizer on the same examples in the same order is the oracle."""
    import keras
    import tensorflow as tf

    model, (images, labels) = net(), seen
    adam = keras.optimizers.Adam(TRAINING.learning_rate)
    order = np.concatenate([np.random.default_rng([0, e]).permutation(90) for e in range(4)]).reshape(-1, 10)[:30]
    losses = []
    for rows in order:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels[rows], model(images[rows], training=True))
            )
        adam.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        losses.append(float(loss))
    trained = trainer.train(net().get_weights(), whole(model))
    assert trained.losses == pytest.approx(losses, rel=1e-3)
    for ours, theirs in zip(trained.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    assert trained.losses[-1] < trained.losses[0]


def test_weights_that_are_masked_stay_zeros_and_the_others_learn(trainer):
    start = net().get_weights()
    masks = [np.random.default_rng(3).random(mask.shape) < 0.5 for mask in whole(net())]
    kernels = trainer.kernels(trainer.train(start, masks).weights)
    for kernel, mask, before in zip(kernels, masks, trainer.kernels(start), strict=True):
        assert not kernel[~mask].any()
        assert (kernel[mask] != before[mask]).mean() > 0.5


def test_a_training_follows_from_its_start_and_not_from_the_one_before(trainer):
    start = net().get_weights()
    first = trainer.train(start, whole(net()))
    trainer.train([-w for w in start], whole(net()))
    again = trainer.train(start, whole(net()))
    assert again.losses == first.losses
    short = trainer.train(start, whole(net()), max_steps=7)
    assert short.losses == first.losses[:7]
    assert first.looks[-1][0] == TRAINING.steps
    assert first.early_stop in (10, 20, 30)


def test_every_round_begins_with_the_same_weights_and_has_a_share_fewer(trainer):
    start = net().get_weights()
    rounds = list(hunt(trainer, start, whole(net()), rounds=2, share=0.5))
    assert [r.masks[0].sum() for r in rounds] == [192, 96, 48]
    assert [r.masks[1].sum() for r in rounds] == [36, 27, 20]  # half the share: a quarter
    assert rounds[0].left == 1
    assert rounds[2].left == (48 + 20) / (192 + 36)
    for earlier, later in itertools.pairwise(rounds):
        for old, new, kernel in zip(earlier.masks, later.masks, trainer.kernels(earlier.trained.weights), strict=True):
            assert not (new & ~old).any()
            assert np.abs(kernel[new]).min() >= np.abs(kernel[old & ~new]).max()
    alone = trainer.train(start, rounds[2].masks)
    assert alone.losses == rounds[2].trained.losses


@given(st.integers(1, 40), st.floats(0, 0.99), st.integers(0, 99))
def test_a_layer_never_loses_its_last_weight(count, share, seed):
    kernel = np.random.default_rng(seed).normal(size=count)
    (mask,) = next_masks([kernel], [np.ones(count, bool)], share=share, last=share)
    assert 1 <= mask.sum() <= count
    assert mask[np.argmax(np.abs(kernel))]
    assert left([mask]) == mask.sum() / count


def test_logits_are_those_of_the_weights_given(trainer, seen):
    model = net()
    np.testing.assert_allclose(
        trainer.logits(model.get_weights(), seen[0]), model.predict(seen[0], verbose=0), atol=1e-5
    )
    assert len(prunable(model)) == 2


def test_what_cannot_be_trained_is_refused(seen):
    images, labels = seen
    with pytest.raises(ValueError, match="isn't trained"):
        MaskedTrainer(net(normalized=True), images, labels, TRAINING, validation=seen)
    with pytest.raises(ValueError, match="a label for each image"):
        MaskedTrainer(net(), images, labels[:-1], TRAINING, validation=seen)
    with pytest.raises(ValueError, match="at least 1"):
        Training(steps=0)
    with pytest.raises(ValueError, match="shaped like the masks"):
        next_masks([np.ones(3)], [np.ones(4, bool)], share=0.2, last=0.1)
    with pytest.raises(ValueError, match="sparsity"):
        next_masks([np.ones(3)], [np.ones(3, bool)], share=1.2, last=1.2)
