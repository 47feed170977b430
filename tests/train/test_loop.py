import dataclasses

import numpy as np
import pytest

from efficient_ai.errors import EfficientAIError
from efficient_ai.models import build
from efficient_ai.train import Recipe, cosine, cubic_sparsity, fit
from efficient_ai.train.loop import augmented

RECIPE = Recipe(epochs=2, learning_rate=0.05, batch_size=32, seed=3)


@pytest.fixture(scope="module")
def easy():
    """Bright pictures and dark ones."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 256)
    images = (labels[:, None, None, None] * 0.8 + random.random((256, 28, 28, 1)) * 0.2).astype(np.float32)
    return images, labels


def test_training_learns_what_is_easy(easy):
    logs = fit(build("softmax_regression"), *easy, dataclasses.replace(RECIPE, epochs=10))
    assert logs[-1].accuracy > 0.95
    assert logs[-1].loss < logs[0].loss


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(easy):
    weights = []
    for seed in (3, 3, 4):
        model = build("softmax_regression")
        fit(model, *easy, dataclasses.replace(RECIPE, seed=seed))
        weights.append(model.get_weights()[0])
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_a_run_that_was_stopped_and_resumed_ends_where_an_uninterrupted_one_does(easy, tmp_path):
    whole = build("softmax_regression")
    fit(whole, *easy, RECIPE)

    class Killed(Exception):
        pass

    def kill(step, loss):
        if step == 13:  # in the second epoch of eight steps
            raise Killed

    with pytest.raises(Killed):
        fit(build("softmax_regression"), *easy, RECIPE, checkpoint=tmp_path / "run.npz", after_step=kill)
    resumed = build("softmax_regression")
    logs = fit(resumed, *easy, RECIPE, checkpoint=tmp_path / "run.npz")
    assert len(logs) == 2
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True))


def test_a_checkpoint_of_another_run_is_refused(easy, tmp_path):
    fit(build("softmax_regression"), *easy, RECIPE, checkpoint=tmp_path / "run.npz")
    with pytest.raises(EfficientAIError, match="another run"):
        fit(build("softmax_regression"), *easy, Recipe(epochs=3), checkpoint=tmp_path / "run.npz")


def test_the_first_steps_of_a_longer_run_are_those_of_the_run(easy):
    seen = []
    for stop in (None, 5):
        losses = []
        fit(
            build("softmax_regression"),
            *easy,
            RECIPE,
            max_steps=stop,
            after_step=lambda step, loss, losses=losses: losses.append(loss),
        )
        seen.append(losses)
    assert len(seen[1]) == 5
    assert seen[0][:5] == seen[1]


def test_a_loss_that_is_no_number_stops_the_run(easy):
    with pytest.raises(EfficientAIError, match="lower the learning rate"):
        fit(build("lenet_300_100"), easy[0] * 1e20, easy[1], dataclasses.replace(RECIPE, learning_rate=1e20))


def test_augmentation_shifts_and_mirrors_and_keeps_shape_and_dtype():
    images = np.zeros((64, 8, 8, 1), np.float32)
    images[:, 4, 2] = 1
    shown = augmented(images, np.random.default_rng(0))
    assert shown.shape == images.shape
    assert shown.dtype == images.dtype
    places = {tuple(np.argwhere(picture)[0][:2]) for picture in shown if picture.any()}
    assert {row for row, _ in places} <= {2, 3, 4, 5, 6}
    assert {column for _, column in places} >= {0, 7}  # shifted to the left edge, and there mirrored


def test_the_cosine_starts_warm_and_ends_at_zero():
    rates = [cosine(step, steps=100, peak=0.4, warmup_steps=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.04)
    assert max(rates) == pytest.approx(0.4)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert rates[55] == pytest.approx(0.2)


def test_the_cubic_is_fast_first_and_stays_at_its_end():
    at = [cubic_sparsity(step, begin=0, end=100, final=0.8) for step in (0, 50, 100, 150)]
    assert at == pytest.approx([0, 0.8 * (1 - 0.5**3), 0.8, 0.8])
