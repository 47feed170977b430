import pytest

from efficient_ai import cost, data, metrics, models
from efficient_ai.errors import EfficientAIError


def test_ds_cnn_is_mlperf_tinys():
    model = models.build("ds_cnn")
    assert model.input_shape == (None, 49, 10, 1)
    assert model.output_shape == (None, 12)
    assert model.count_params() == 24_908  # moving statistics included, as MLPerf Tiny's own Keras code counts
    stem, block = 25 * 5 * 64 * 40, 25 * 5 * (64 * 9 + 64 * 64)
    assert cost.count(model).macs == stem + 4 * block + 64 * 12


def test_the_trained_ds_cnn_knows_voices_that_it_never_heard():
    assert models.card("ds_cnn").test_accuracy >= 0.95
    heard = data.keywords("test")
    found = metrics.accuracy(models.load("ds_cnn").predict(heard.features, batch_size=500, verbose=0), heard.labels)
    assert found == pytest.approx(models.card("ds_cnn").test_accuracy, abs=0.01)


def test_the_autoencoder_is_mlperf_tinys_and_has_no_weights():
    model = models.build("autoencoder")
    assert model.input_shape == model.output_shape == (None, 640)
    assert model.count_params() == 269_992
    assert cost.count(model).macs == 2 * (640 * 128 + 3 * 128 * 128 + 128 * 8)
    assert "autoencoder" not in models.names()
    with pytest.raises(EfficientAIError, match="no data to train it on"):
        models.load("autoencoder")
