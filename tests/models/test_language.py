import numpy as np
import pytest

from efficient_ai import cost, data, metrics, models
from efficient_ai.models.language import CONTEXT, DILATIONS, WINDOW


@pytest.mark.parametrize(("name", "width"), [("byte_lm", 64), ("byte_lm_small", 24), ("byte_lm_large", 144)])
def test_parameters_and_macs_follow_from_the_width(name, width):
    model = models.build(name)
    block = 4 * width * width
    assert model.count_params() == 256 * width + len(DILATIONS) * (block + 2 * width) + width * 256 + 256
    assert cost.count(model).macs == WINDOW * (len(DILATIONS) * block + 256 * width)


def test_a_prediction_sees_its_context_and_nothing_after_it():
    model = models.build("byte_lm_small")
    text = np.random.default_rng(0).integers(0, 256, (1, WINDOW))
    before = model.predict(text, verbose=0)[0]
    place = 100
    text[0, place] ^= 1
    changed = np.flatnonzero(np.abs(model.predict(text, verbose=0)[0] - before).max(axis=1) > 0)
    assert changed.min() == place
    assert changed.max() == place + CONTEXT - 1


@pytest.fixture(scope="module")
def windows():
    return data.windows(data.python_source().test, WINDOW, count=40, seed=0)


@pytest.mark.parametrize("name", ["byte_lm", "byte_lm_small", "byte_lm_large"])
def test_a_trained_language_model_needs_as_many_bits_as_its_card_says(name, windows):
    inputs, targets = windows
    found = metrics.bootstrap_mean(metrics.bits_per_byte(models.load(name).predict(inputs, verbose=0), targets))
    assert found.value == pytest.approx(models.card(name).also["bits_per_byte"], abs=2 * (found.high - found.low))


def test_more_parameters_say_more():
    small, middle, large = (models.card(f"byte_lm{s}").also["bits_per_byte"] for s in ("_small", "", "_large"))
    assert large < middle - 0.05 < small - 0.1
    assert middle < 2.9
