import keras
import numpy as np
import pytest

from efficient_ai import data, models
from efficient_ai.errors import DataUnavailable
from efficient_ai.models import zoo
from efficient_ai.train import examples


def test_every_task_of_the_zoo_has_examples_and_a_judge():
    assert set(examples.TASKS) == set(zoo.TASKS)


def test_text_comes_as_windows_of_the_models_length_with_the_next_bytes():
    given = examples.TASKS["text"].examples(models.build("byte_lm_small"))
    assert given.inputs.shape == given.labels.shape
    assert given.inputs.shape[1] == 256
    assert np.array_equal(given.inputs[:, 1:], given.labels[:, :-1])
    assert "standard library" in given.description


def test_a_model_that_knows_nothing_spends_eight_bits_on_a_byte(monkeypatch):
    source = data.python_source()
    few = type(source)(source.train, source.validation, source.test[:3_000], source.files, source.python, "")
    monkeypatch.setattr(examples, "python_source", lambda: few)
    inputs = keras.Input((256,), dtype="int32")
    zeros = keras.layers.Embedding(256, 256, embeddings_initializer="zeros")(inputs)
    accuracy, also = examples.TASKS["text"].judge(keras.Model(inputs, zeros))
    assert also["bits_per_byte"] == pytest.approx(8)
    assert accuracy < 0.01


def test_keywords_are_judged_without_the_voices_that_cannot_be_had(monkeypatch):
    def only_test(split):
        if split != "test":
            raise DataUnavailable(f"{split}: no network")
        return data.keywords("calibration")

    monkeypatch.setattr(examples, "keywords", only_test)
    accuracy, also = examples.TASKS["keywords"].judge(models.build("ds_cnn"))
    assert 0 <= accuracy < 0.5
    assert also == {}
