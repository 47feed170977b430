import numpy as np
import pytest

from efficient_ai.compress.distill import Distill, distill, distillation_loss, soft_targets
from efficient_ai.compress.prune import copy
from efficient_ai.train import Recipe, fit

RANDOM = np.random.default_rng(0)
STUDENT, TEACHER = (RANDOM.normal(size=(6, 5)).astype(np.float32) for _ in range(2))
LABELS = RANDOM.integers(0, 5, 6)


def value_and_gradient(how, student=STUDENT, teacher=TEACHER):
    import tensorflow as tf

    logits = tf.constant(student)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = distillation_loss(how)((tf.constant(LABELS), tf.constant(teacher)), logits)
    return float(value), tape.gradient(value, logits).numpy()


def cross_entropy(logits):
    return -np.log(soft_targets(logits)[np.arange(len(LABELS)), LABELS]).mean()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_the_soft_loss_is_the_divergence_times_the_squared_temperature(temperature):
    p, q = (soft_targets(logits, temperature=temperature) for logits in (TEACHER, STUDENT))
    expected = temperature**2 * np.sum(p * np.log(p / q), axis=1).mean()
    assert value_and_gradient(Distill(temperature, 1.0))[0] == pytest.approx(expected, rel=1e-4)


def test_a_hot_softmax_matches_logits():
    """At T → ∞ the gradient is (z − v) / classes with both sets of logits centred (hinton2015distilling, eq. 4)."""
    centred = [logits - logits.mean(axis=1, keepdims=True) for logits in (STUDENT, TEACHER)]
    expected = (centred[0] - centred[1]) / STUDENT.shape[1] / len(STUDENT)
    np.testing.assert_allclose(value_and_gradient(Distill(1_000.0, 1.0))[1], expected, rtol=0.02, atol=1e-4)


def test_a_student_that_answers_like_its_teacher_has_nothing_to_learn():
    value, gradient = value_and_gradient(Distill(4.0, 1.0), student=TEACHER + 3)
    assert value == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


def test_alpha_mixes_the_two_losses():
    soft, hard = value_and_gradient(Distill(2.0, 1.0))[0], value_and_gradient(Distill(2.0, 0.0))[0]
    assert hard == pytest.approx(cross_entropy(STUDENT), rel=1e-5)
    assert value_and_gradient(Distill(2.0, 0.3))[0] == pytest.approx(0.3 * soft + 0.7 * hard, rel=1e-5)


def test_temperature_softens_and_keeps_the_order():
    logits = np.array([1e4, 9e3, -1e4])
    assert soft_targets(logits).tolist() == [1, 0, 0]
    warm = soft_targets(logits, temperature=5_000)
    assert warm.sum() == pytest.approx(1)
    assert warm[0] > warm[1] > warm[2] > 0


@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": -1}, {"temperature": float("nan")}])
def test_temperatures_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError, match="temperature must be above 0, got"):
        Distill(**options)
    with pytest.raises(ValueError, match="temperature must be above 0, got"):
        soft_targets(STUDENT, **options)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_shares_outside_of_zero_and_one_are_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\], got"):
        Distill(alpha=alpha)


@pytest.fixture(scope="module")
def net():
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(5)])


INPUTS = RANDOM.normal(size=(64, 4)).astype(np.float32)
CLASSES = RANDOM.integers(0, 5, 64)
RECIPE = Recipe(epochs=2, batch_size=16, augment=False, learning_rate=0.05)


def test_without_its_soft_part_distillation_is_plain_training_to_the_last_bit(net):
    alone = copy(net)
    fit(alone, INPUTS, CLASSES, RECIPE)
    teacher = RANDOM.normal(size=(64, 5)).astype(np.float32)
    taught, _ = distill(net, teacher, INPUTS, CLASSES, RECIPE, Distill(alpha=0))
    assert all(np.array_equal(a, b) for a, b in zip(alone.get_weights(), taught.get_weights(), strict=True))


def test_a_student_comes_nearer_to_its_teacher_and_the_argument_stays(net):
    before = net.get_weights()
    teacher = copy(net)
    teacher.set_weights([w + RANDOM.normal(size=w.shape) for w in before])
    taught, logs = distill(net, teacher, INPUTS, CLASSES, RECIPE, Distill(2.0, 1.0))
    assert logs[-1].loss < logs[0].loss
    assert np.abs(taught(INPUTS) - teacher(INPUTS)).mean() < np.abs(net(INPUTS) - teacher(INPUTS)).mean()
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_sequences_and_half_precision_logits_are_taken():
    import keras

    net = keras.Sequential([keras.Input((6,), dtype="int32"), keras.layers.Embedding(9, 5)])
    tokens = RANDOM.integers(0, 9, (32, 6))
    teacher = RANDOM.normal(size=(32, 6, 5)).astype(np.float16)
    _, logs = distill(net, teacher, tokens, tokens % 5, Recipe(epochs=3, batch_size=8, augment=False))
    assert logs[-1].loss < logs[0].loss


@pytest.mark.parametrize("shape", [(64, 7), (63, 5), (64, 2, 5)])
def test_a_teacher_of_other_classes_or_other_examples_is_refused(net, shape):
    with pytest.raises(ValueError, match=r"teacher's logits must be \(64, 5\).*got \("):
        distill(net, np.zeros(shape, np.float32), INPUTS, CLASSES, RECIPE)


def test_a_teacher_that_takes_other_inputs_is_refused(net):
    import keras

    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    with pytest.raises(ValueError, match="pass the teacher's logits"):
        distill(net, other, INPUTS, CLASSES, RECIPE)


def test_augmentation_is_refused_since_the_teacher_did_not_see_it(net):
    with pytest.raises(ValueError, match="augment=False"):
        distill(net, net, INPUTS, CLASSES, Recipe(epochs=1))
