import dataclasses

import numpy as np
import pytest

from efficient_ai import cost
from efficient_ai.data.keywords import SILENCE, UNKNOWN, unknown_words
from efficient_ai.data.sound import mfcc as book_mfcc
from efficient_ai.emerging import data_aware
from efficient_ai.emerging.data_aware import BOOK, HEARINGS, SPOTTERS, Hearing, Spotter, build, examples, memory, mfcc
from efficient_ai.models.ds_cnn import ds_cnn


def test_the_books_hearing_is_the_books():
    sounds = np.random.default_rng(0).standard_normal((2, 16_000)).astype(np.float32)
    assert BOOK.shape == (49, 10, 1)
    np.testing.assert_array_equal(mfcc(sounds, BOOK), book_mfcc(sounds))


@pytest.mark.parametrize("hearing", HEARINGS)
def test_features_have_the_shape_that_a_hearing_says(hearing):
    sounds = np.zeros((1, 16_000), np.float32)
    assert mfcc(sounds, hearing).shape == (1, *hearing.shape)


def test_fewer_coefficients_are_the_first_of_more():
    sounds = np.random.default_rng(1).standard_normal((1, 16_000)).astype(np.float32)
    few, many = (mfcc(sounds, Hearing(40, count)) for count in (5, 20))
    np.testing.assert_array_equal(few, many[:, :, :5])


def test_an_example_depends_on_no_other_but_for_the_synthesizers_own_noise():
    pytest.importorskip("espeakng_loader")
    alone, _ = examples("test", BOOK, [7])
    beside, labels = examples("test", BOOK, [3, 7])
    assert np.corrcoef(alone[7].ravel(), beside[7].ravel())[0, 1] > 0.99
    assert not alone[3].any()
    assert beside[3].any()
    assert len(labels) == data_aware.SIZES["test"] == len(alone)
    assert [p[0][-1] for p in (data_aware._plan("test", [7]), data_aware._plan("test", [3, 7]))] == [
        data_aware._plan("test", [7])[0][0]
    ] * 2


def test_words_are_those_of_the_split():
    pytest.importorskip("espeakng_loader")
    for split in ("train", "test"):
        said, labels = data_aware._plan(split, range(300))
        for utterance, label in zip(said, labels, strict=True):
            assert (utterance is None) == (label == SILENCE)
            if label == UNKNOWN:
                assert utterance.word in unknown_words(split)
    voices = [{u.voice for u in data_aware._plan(split, range(300))[0] if u} for split in ("train", "test")]
    assert not voices[0] & voices[1]


def test_names_are_unique_and_the_largest_net_is_like_ds_cnn():
    assert len({spotter.name for spotter in SPOTTERS}) == len(SPOTTERS)
    assert Spotter(BOOK, 16, 4, 2).name == "49x10 16x4/2"
    ours, theirs = build(Spotter(BOOK, 64, 4, 2), seed=0), ds_cnn(seed=0)
    assert cost.count(ours).macs == cost.count(theirs).macs


def test_the_memory_is_the_window_the_picture_and_the_arena(monkeypatch):
    monkeypatch.setattr(
        data_aware, "plan_memory", lambda content: dataclasses.make_dataclass("P", ["planned_bytes"])(900)
    )
    found = memory(Hearing(40, 5), b"")
    assert (found.window_bytes, found.features_bytes, found.arena_bytes) == (2 * 1_280, 24 * 5, 900)
    assert found.ram_bytes == 2_560 + 120 + 900
