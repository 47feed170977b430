import numpy as np
import pytest

from efficient_ai import models
from efficient_ai.compress import Gradual, fine_tune, prunable, sparsities
from efficient_ai.errors import EfficientAIError, EngineMissing
from efficient_ai.peers import tfmot
from efficient_ai.train import Recipe

needs_tool = pytest.mark.skipif(tfmot.available() is None, reason="TF-MOT is not installed")
RECIPE = Recipe(epochs=2, batch_size=32, learning_rate=0.02, augment=False)


@pytest.fixture(scope="module")
def few():
    random = np.random.default_rng(0)
    return random.random((320, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 320)


def test_without_the_tool_one_error_names_the_command_that_installs_it(monkeypatch, few):
    monkeypatch.setattr(tfmot, "available", lambda: None)
    with pytest.raises(EngineMissing, match="pip install"):
        tfmot.prune(models.build("lenet_300_100"), *few, RECIPE, Gradual(0.9))
    assert "pip install" in tfmot.missing_row().install_command


@needs_tool
@pytest.mark.parametrize("wrong", [{"augment": True}, {"optimizer": "adam"}, {"warmup_epochs": 1.0}])
def test_a_recipe_that_the_tool_would_not_follow_is_refused(few, wrong):
    recipe = Recipe(**{"epochs": 1, "augment": False, **wrong})
    with pytest.raises(ValueError, match="without augmentation and without warm-up"):
        tfmot.prune(models.build("lenet_300_100"), *few, recipe, Gradual(0.9))


def test_clusters_that_share_nothing_and_unknown_layers_are_refused(few):
    model = models.build("lenet_300_100")
    with pytest.raises(ValueError, match="clusters must be at least 2, got hidden_300: 1"):
        tfmot.cluster(model, *few, RECIPE, clusters={"hidden_300": 1})
    with pytest.raises(ValueError, match="no kernel stem"):
        tfmot.cluster(model, *few, RECIPE, clusters={"stem": 4})


@needs_tool
def test_pruning_starts_where_ours_starts_sees_the_same_batches_and_ends_at_its_sparsity(few):
    model = models.build("lenet_300_100")
    before = model.get_weights()
    ours = []
    fine_tune(
        model, *few, RECIPE, how=Gradual(0.8, every=5), after_step=lambda step, loss: ours.append(loss), max_steps=3
    )
    theirs = tfmot.prune(model, *few, RECIPE, Gradual(0.8, every=5))
    assert len(theirs.losses) == 20
    assert theirs.losses[:3] == pytest.approx(ours, rel=1e-4)
    assert all(s == pytest.approx(0.8, abs=0.01) for s in sparsities(theirs.model).values())
    assert 0 < theirs.seconds < theirs.total_seconds
    assert theirs.cpu_seconds > 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@needs_tool
def test_a_layer_that_is_clustered_has_as_many_values_and_the_others_are_free(few):
    model = models.build("lenet_300_100")
    slow = Recipe(epochs=1, batch_size=32, learning_rate=1e-5, augment=False)
    made = tfmot.cluster(model, *few, slow, clusters={"hidden_100": 8}, max_steps=2)
    assert len(made.losses) == 2
    values = {k.path.split("/")[-2]: len(np.unique(k)) for k in prunable(made.model)}
    assert values["hidden_100"] <= 8 < 500 < values["logits"]


@needs_tool
def test_what_the_tool_says_when_it_fails_is_passed_on(monkeypatch, few, tmp_path):
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('the reason')")
    monkeypatch.setattr(tfmot, "WORKER", broken)
    with pytest.raises(EfficientAIError, match="failed to prune lenet_300_100: the reason"):
        tfmot.prune(models.build("lenet_300_100"), *few, RECIPE, Gradual(0.9))
