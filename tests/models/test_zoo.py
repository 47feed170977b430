import json
import shutil

import numpy as np
import pytest

from efficient_ai import cost, data, models
from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.metrics import accuracy
from efficient_ai.models import small_pictures, zoo
from efficient_ai.train import RECIPES


def test_every_model_has_a_builder_a_recipe_and_a_card():
    assert set(RECIPES) == set(models.names())
    for name in models.names():
        assert models.card(name).name == name


@pytest.mark.parametrize(
    "name", ["softmax_regression", "lenet_300_100", "lenet5", "resnet8", "resnet20", *small_pictures.BUILDERS]
)
def test_a_loaded_model_reaches_the_accuracy_of_its_card(name):
    fashion = data.fashion_mnist()
    model = models.load(name)
    shown = data.as_inputs(fashion.test_images[:2_000], model.input_shape[1:])
    found = accuracy(model.predict(shown, batch_size=500, verbose=0), fashion.test_labels[:2_000])
    assert found == pytest.approx(models.card(name).test_accuracy, abs=0.02)


def test_resnet8_reaches_what_the_project_asks_of_it():
    assert models.card("resnet8").test_accuracy >= 0.925


def test_published_parameter_counts_come_out():
    assert models.build("lenet_300_100").count_params() == 266_610
    assert models.build("lenet5").count_params() == 431_080
    assert models.build("resnet8").count_params() == 78_666  # moving statistics included, as MLPerf Tiny counts


def test_the_seed_decides_the_initial_weights():
    first, again, other = (models.build("resnet8", seed=s).get_weights()[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(EfficientAIError, match="did you mean resnet8"):
        models.load("resnet9")


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    for suffix in ("json", "weights.h5"):
        shutil.copy(zoo.WEIGHTS / f"resnet8.{suffix}", tmp_path)
    weights = tmp_path / "resnet8.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    with pytest.raises(BadModel, match="not what its card names"):
        models.load("resnet8")


def test_all_shipped_weights_together_stay_small():
    assert sum(f.stat().st_size for f in zoo.WEIGHTS.glob("*.h5")) < 12e6


def test_cards_are_json_without_gaps():
    for file in zoo.WEIGHTS.glob("*.json"):
        card = json.loads(file.read_text())
        assert all(value not in ("", None) for value in card.values()), file.name


def test_training_writes_weights_and_card_that_load(tmp_path, monkeypatch):
    from efficient_ai.train import recipes

    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(recipes.RECIPES, "softmax_regression", recipes.Recipe(epochs=1, augment=False))
    card = recipes.train("softmax_regression", folder=tmp_path)
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    assert models.load("softmax_regression")
    assert card.test_accuracy > 0.7
    assert cost.count(models.build("softmax_regression")).macs == 7_840


def test_every_name_belongs_to_one_task():
    by_task = [models.names(task) for task in zoo.TASKS]
    assert sorted(name for names in by_task for name in names) == sorted(models.names())
    assert (zoo.task("resnet8"), zoo.task("ds_cnn"), zoo.task("byte_lm")) == ("pictures", "keywords", "text")


def test_a_model_without_weights_says_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    with pytest.raises(EfficientAIError, match="byte_lm ships no weights: make them with `efficient-ai train byte_lm`"):
        models.load("byte_lm")
