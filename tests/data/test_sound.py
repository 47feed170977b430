import numpy as np
import pytest

from efficient_ai.data import sound


def tone(hertz, seconds=0.3):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * sound.SECOND)) / sound.SECOND).astype(np.float32)


def test_a_second_gives_49_frames_of_10_coefficients():
    assert sound.mfcc(np.zeros((3, sound.SECOND), np.float32)).shape == (3, 49, 10, 1)


def test_coefficients_agree_with_the_definition_written_out():
    wave = np.random.default_rng(0).standard_normal(sound.SECOND).astype(np.float32) * 0.1
    found = sound.mfcc(wave[None])[0, 7, :, 0]
    frame = wave[7 * 320 : 7 * 320 + 640] * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(640) / 640))
    spectrum = np.abs(np.fft.rfft(frame, 1024))
    hertz = np.arange(513) * 16_000 / 1024
    mel = 1127 * np.log(1 + hertz / 700)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 4000 / 700), 42)
    rising = (mel[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - mel[:, None]) / np.diff(edges)[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[0] = 0
    logs = np.log(spectrum @ weights + 1e-6)
    cosines = np.cos(np.pi * np.arange(10)[:, None] * (np.arange(40) + 0.5) / 40)
    assert np.allclose(found, cosines @ logs * 2 / np.sqrt(2 * 40), atol=1e-3)


def test_noise_has_the_loudness_and_the_colour_asked_for():
    random = np.random.default_rng(0)
    made = {kind: sound.noise(kind, sound.SECOND, random, [tone(440)]) for kind in sound.NOISES}
    for kind, samples in made.items():
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(1, rel=1e-3), kind

    def low_share(samples):
        power = np.abs(np.fft.rfft(samples)) ** 2
        return power[: len(power) // 8].sum() / power.sum()

    assert low_share(made["white"]) == pytest.approx(1 / 8, abs=0.02)
    assert low_share(made["pink"]) > 0.6
    with pytest.raises(ValueError, match="white, pink, babble, got 'brown'"):
        sound.noise("brown", 100, random, [])


def test_a_word_stands_above_its_noise_by_the_decibels_asked_for():
    word = tone(1_000, seconds=1.0)
    heard = sound.heard(word, np.random.default_rng(1), [tone(300)], decibels=(60, 60))
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    assert spectrum[990:1011].sum() / spectrum.sum() > 0.999
    assert 0 < np.abs(heard).max() < 1


def test_a_word_is_placed_whole_or_cut_in_the_middle():
    random = np.random.default_rng(0)
    placed = sound.placed(np.ones(100, np.float32), 1_000, random)
    assert placed.sum() == 100
    assert len(placed) == 1_000
    assert np.array_equal(sound.placed(np.arange(10), 4, random), [3, 4, 5, 6])


def test_a_stretched_tone_is_longer_and_lower():
    high = tone(1_000, seconds=1.0)
    low = sound.stretched(high, 1.25)
    assert len(low) == pytest.approx(1.25 * len(high), abs=2)
    assert np.argmax(np.abs(np.fft.rfft(low[: sound.SECOND]))) == 800
    assert np.allclose(sound.stretched(high, 1.0), high[:-1], atol=1e-6)
