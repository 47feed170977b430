import numpy as np
import pytest

from efficient_ai import cost, data, models, published


@pytest.fixture(scope="module")
def lite0():
    return models.imagenet_efficientnet_lite0()


def test_parameters_and_macs_are_as_published():
    counted = cost.count(models.efficientnet_lite0())
    assert counted.params == 4_652_008  # tan2020efficientnetlite gives 4.7 million
    assert round(counted.params / 1e6, 1) * 1e6 == published.figure("efficientnet_lite.lite0.params").value
    # Published are 0.407 GMACs; without the normalizations, which fold away, there are 0.385.
    assert counted.macs == 385_187_552
    assert counted.macs / 1e9 == pytest.approx(published.figure("efficientnet_lite.lite0.macs").value, rel=0.06)


def test_most_held_out_photographs_are_named_rightly(lite0):
    held_out = data.held_out()
    logits = lite0.predict(models.normalized_lite(held_out.images), verbose=0)
    assert (logits.argmax(axis=1) == held_out.labels).mean() >= 0.8


def test_an_espresso_is_an_espresso(lite0):
    logits = lite0.predict(models.normalized_lite(data.sample("coffee")[None]), verbose=0)[0]
    assert data.imagenet_labels()[int(np.argmax(logits))] == "espresso"


def test_black_and_white_are_shown_as_the_original_was_trained():
    shown = models.normalized_lite(np.array([[[[0, 127, 255]]]], np.uint8))
    assert shown.ravel().tolist() == [-127 / 128, 0.0, 1.0]
