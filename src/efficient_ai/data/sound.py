"""A second of sound as a microphone would hear it: a word somewhere in it, noise, and another loudness each time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SECOND = 16_000
FRAMES, COEFFICIENTS = 49, 10
WINDOW, HOP, MEL_BANDS = 640, 320, 40  # 40 ms every 20 ms
MEL_RANGE_HZ = (20.0, 4_000.0)
NOISES = ("white", "pink", "babble")


def _loudness(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2))) + 1e-9


def placed(sound: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """A sound somewhere in `length` samples of silence; the middle of it where it is longer."""
    if len(sound) >= length:
        first = (len(sound) - length) // 2
        return sound[first : first + length]
    result = np.zeros(length, np.float32)
    first = int(random.integers(0, length - len(sound) + 1))
    result[first : first + len(sound)] = sound
    return result


def stretched(sound: np.ndarray, factor: float) -> np.ndarray:
    """A sound played `factor` times slower: longer, deeper, and as if out of a longer throat."""
    places = np.arange(0, len(sound) - 1, 1 / factor)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def noise(kind: str, length: int, random: np.random.Generator, speakers: Sequence[np.ndarray]) -> np.ndarray:
    """Noise of loudness 1.

    Args:
        kind: One of `NOISES`: all frequencies alike, less of the high ones, or several speakers at once.
        length: In samples.
        random: Where it comes from.
        speakers: Sounds to make babble of.

    Returns:
        float32 (length,).

    Raises:
        ValueError: If the kind is unknown.
    """
    if kind == "white":
        made = random.standard_normal(length)
    elif kind == "pink":
        spectrum = np.fft.rfft(random.standard_normal(length))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        spectrum[0] = 0
        made = np.fft.irfft(spectrum, length)
    elif kind == "babble":
        made = np.zeros(length)
        for _ in range(8 * max(length // SECOND, 1)):
            sound = speakers[random.integers(len(speakers))][:length]
            first = int(random.integers(0, length - len(sound) + 1))
            made[first : first + len(sound)] += sound / _loudness(sound)
    else:
        raise ValueError(f"noise must be one of {', '.join(NOISES)}, got {kind!r}")
    return (made / _loudness(made)).astype(np.float32)


def heard(
    sound: np.ndarray | None,
    random: np.random.Generator,
    speakers: Sequence[np.ndarray],
    *,
    length: int = SECOND,
    decibels: tuple[float, float] = (15.0, 35.0),
) -> np.ndarray:
    """A word as it is heard: coloured by a room or a microphone, in noise, quiet or loud.

    Args:
        sound: The word, float32 (samples,); None for noise alone.
        random: Decides place, colour, noise and loudness.
        speakers: Sounds to make babble of.
        length: In samples.
        decibels: The word stands above the noise by between so and so many.

    Returns:
        float32 (length,), in [-1, 1].
    """
    background = noise(NOISES[random.integers(len(NOISES))], length, random, speakers)
    peak = 10 ** random.uniform(-1.5, -0.05)
    if sound is None:
        result = background * random.uniform(0.1, 1)
    else:
        tilt = random.uniform(-0.4, 0.8)
        coloured = np.append(sound[:1], sound[1:] - tilt * sound[:-1]).astype(np.float32)
        word = placed(coloured, length, random)
        result = word + background * _loudness(coloured) * 10 ** (-random.uniform(*decibels) / 20)
    return (result * (peak / np.abs(result).max())).astype(np.float32)


def mfcc(sounds: np.ndarray) -> np.ndarray:
    """The first ten mel-frequency cepstral coefficients of each 40 ms, every 20 ms, as MLPerf Tiny takes them.

    Args:
        sounds: float32 (n, samples), 16 kHz.

    Returns:
        float32 (n, frames, 10, 1); 49 frames for a second.

    Source: banbury2021mlperf.
    """
    import tensorflow as tf

    bins = tf.signal.linear_to_mel_weight_matrix(MEL_BANDS, WINDOW_BINS, SECOND, *MEL_RANGE_HZ)
    found = []
    for first in range(0, len(sounds), 256):
        spectrum = tf.abs(tf.signal.stft(sounds[first : first + 256], WINDOW, HOP, fft_length=FFT))
        mel = tf.math.log(tf.tensordot(spectrum, bins, 1) + 1e-6)
        found.append(tf.signal.mfccs_from_log_mel_spectrograms(mel)[..., :COEFFICIENTS, None].numpy())
    return np.concatenate(found)


FFT = 1 << (WINDOW - 1).bit_length()
WINDOW_BINS = FFT // 2 + 1
