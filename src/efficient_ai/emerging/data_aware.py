"""What a keyword spotter hears, as a part of what is searched: frames and coefficients beside filters and blocks.

Both are paid for with the same memory: a finer spectrogram takes room that a wider net could have had.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import cache
from efficient_ai.cost import plan_memory
from efficient_ai.data import speech
from efficient_ai.data.keywords import CLASSES, SILENCE, UNKNOWN, unknown_words
from efficient_ai.data.sound import MEL_BANDS, MEL_RANGE_HZ, SECOND, heard
from efficient_ai.data.speech import ACCENTS, Utterance

if TYPE_CHECKING:
    import keras

SIZES = {"train": 10_000, "validation": 2_000, "test": 2_000}
SEEDS = {"train": 11, "validation": 12, "test": 13}
HOPS_MS = (20, 40)
MOST_COEFFICIENTS = 20
FILTERS = (8, 16, 24)
BLOCKS = (2, 4)
TIME_STRIDES = (2, 4)
SAMPLE_BYTES = 2  # of the microphone


@dataclass(frozen=True, order=True)
class Hearing:
    """How a second becomes a picture: a frame every `hop_ms`, each of twice that length, of so many coefficients.

    The book's own is 20 ms and ten coefficients: 49 x 10.
    """

    hop_ms: int = 20
    coefficients: int = 10

    @property
    def hop(self) -> int:
        """In samples."""
        return self.hop_ms * SECOND // 1_000

    @property
    def window(self) -> int:
        """In samples."""
        return 2 * self.hop

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, coefficients, one channel."""
        return (1 + (SECOND - self.window) // self.hop, self.coefficients, 1)


@dataclass(frozen=True, order=True)
class Spotter:
    """What is searched: how it hears, and the net behind."""

    hearing: Hearing
    filters: int
    blocks: int
    time_stride: int

    @property
    def name(self) -> str:
        """As in "49x10 16x4/2": frames and coefficients, filters and blocks, and the first convolution's stride."""
        frames, coefficients, _ = self.hearing.shape
        return f"{frames}x{coefficients} {self.filters}x{self.blocks}/{self.time_stride}"


BOOK = Hearing()
# The book's; half of its coefficients; half of its frames; and those halved frames with twice the coefficients.
HEARINGS = (BOOK, Hearing(20, 5), Hearing(40, 10), Hearing(40, 20))
SPOTTERS = tuple(
    Spotter(hearing, *net) for hearing in HEARINGS for net in itertools.product(FILTERS, BLOCKS, TIME_STRIDES)
)


def mfcc(sounds: np.ndarray, hearing: Hearing) -> np.ndarray:
    """Mel-frequency cepstral coefficients, as `data.sound.mfcc` has them for the book's own hearing.

    Args:
        sounds: float32 (n, samples), 16 kHz.
        hearing: Frames and coefficients.

    Returns:
        float32 (n, frames, coefficients, 1).
    """
    import tensorflow as tf

    fft = 1 << (hearing.window - 1).bit_length()
    bins = tf.signal.linear_to_mel_weight_matrix(MEL_BANDS, fft // 2 + 1, SECOND, *MEL_RANGE_HZ)
    spectrum = tf.abs(tf.signal.stft(sounds, hearing.window, hearing.hop, fft_length=fft))
    mel = tf.math.log(tf.tensordot(spectrum, bins, 1) + 1e-6)
    return tf.signal.mfccs_from_log_mel_spectrograms(mel)[..., : hearing.coefficients, None].numpy()


def _plan(split: str, at: Sequence[int]) -> tuple[list[Utterance | None], np.ndarray]:
    """What is said in some of a split's seconds, None for silence, and their labels: none depends on the others."""
    voices, others = speech.voices(split), unknown_words(split)
    said: list[Utterance | None] = []
    labels = np.empty(len(at), np.uint8)
    for row, i in enumerate(at):
        random = np.random.default_rng([SEEDS[split], int(i)])
        labels[row] = random.integers(len(CLASSES))
        word = others[random.integers(len(others))] if labels[row] == UNKNOWN else CLASSES[labels[row]]
        voice, accent = voices[random.integers(len(voices))], ACCENTS[random.integers(len(ACCENTS))]
        speed, pitch = int(random.integers(110, 230)), int(random.integers(15, 85))
        said.append(None if labels[row] == SILENCE else Utterance(word, voice, accent, speed, pitch))
    return said, labels


def seconds(split: str, at: Sequence[int]) -> Iterator[np.ndarray]:
    """Some of a split's seconds of sound: words in voices that no other split has, in noise.

    The hiss of its consonants the synthesizer draws from a source that runs on from word to word, so a second sounds
    very slightly different when other words are spoken before it.

    Args:
        split: "train", "validation" or "test".
        at: Which.

    Yields:
        float32 (16000,) each.

    Raises:
        DataUnavailable: If the synthesizer isn't installed.
    """
    said, _ = _plan(split, at)
    babble = [Utterance(word, speech.voices(split)[0], ACCENTS[0], 170, 50) for word in unknown_words(split)[:12]]
    sounds, _ = speech.speak([*babble, *(u for u in said if u)])
    speakers, words = sounds[: len(babble)], iter(sounds[len(babble) :])
    for i, utterance in zip(at, said, strict=True):
        random = np.random.default_rng([SEEDS[split], int(i), 1])
        yield heard(next(words) if utterance else None, random, speakers)


def examples(split: str, hearing: Hearing, at: Sequence[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of a split; all of it comes from the cache, or is spoken once for all hearings: two minutes.

    Args:
        split: "train", "validation" or "test".
        hearing: How a second becomes a picture.
        at: Only these examples, spoken now: features elsewhere are zero.

    Returns:
        float32 (n, frames, coefficients, 1), and integer classes (n,) into `data.keywords.CLASSES`.

    Raises:
        DataUnavailable: If the synthesizer isn't installed.
    """
    every = range(SIZES[split])
    labels = _plan(split, every)[1]
    if at is not None:
        features = np.zeros((len(every), *hearing.shape), np.float32)
        features[at] = mfcc(np.stack(list(seconds(split, at))), hearing)
        return features, labels
    modules = ("emerging.data_aware", "data.keywords", "data.speech", "data.espeak", "data.sound", "data.splits")
    key = json.dumps([split, cache.code_hash(*modules), speech.version()])
    kept = cache.root() / "data" / f"hearings-{split}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        finest = {f"hop{hop}": Hearing(hop, MOST_COEFFICIENTS) for hop in HOPS_MS}
        parts: dict[str, list[np.ndarray]] = {name: [] for name in finest}
        for first in range(0, len(every), 500):
            sound = np.stack(list(seconds(split, every[first : first + 500])))
            for name, fine in finest.items():
                parts[name].append(mfcc(sound, fine))
        buffer = io.BytesIO()
        np.savez(buffer, **{name: np.concatenate(found) for name, found in parts.items()})
        cache.write_whole(kept, buffer.getvalue())
    with np.load(kept) as file:
        return file[f"hop{hearing.hop_ms}"][:, :, : hearing.coefficients], labels


def build(spotter: Spotter, *, seed: int) -> keras.Model:
    """The net of a spotter: DS-CNN's form, for pictures of any size.

    Args:
        spotter: Hearing, filters, blocks and stride.
        seed: Of the initial weights.

    Returns:
        A Keras model from (n, frames, coefficients, 1) to logits (n, 12).

    Source: zhang2017hello, section 3.5.
    """
    import keras

    draws = (keras.initializers.GlorotUniform(seed=seed * 1_000 + i) for i in itertools.count())

    def normalized(x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))

    inputs = keras.Input(spotter.hearing.shape)
    stem = keras.layers.Conv2D(
        spotter.filters, (10, 4), (spotter.time_stride, 2), "same", kernel_initializer=next(draws)
    )
    x = normalized(stem(inputs))
    for _ in range(spotter.blocks):
        x = normalized(keras.layers.DepthwiseConv2D(3, padding="same", depthwise_initializer=next(draws))(x))
        x = normalized(keras.layers.Conv2D(spotter.filters, 1, kernel_initializer=next(draws))(x))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(x.shape[1:3])(x))
    outputs = keras.layers.Dense(len(CLASSES), kernel_initializer=next(draws))(x)
    return keras.Model(inputs, outputs, name="spotter")


@dataclass(frozen=True)
class Memory:
    """What a spotter keeps in RAM while it listens: the samples of a window, its picture of the last second, and the
    arena of its net. Weights, code and the Fourier transform's own scratch are not in it."""

    window_bytes: int
    features_bytes: int
    arena_bytes: int

    @property
    def ram_bytes(self) -> int:
        """All three."""
        return self.window_bytes + self.features_bytes + self.arena_bytes


def memory(hearing: Hearing, int8: bytes) -> Memory:
    """Count a spotter's RAM.

    The net's input lies in the arena too, where later tensors overwrite it; the picture that moves on by a frame at a
    time must outlive that, so it has bytes of its own.

    Args:
        hearing: Window and picture.
        int8: The net's .tflite file.
    """
    frames, coefficients, _ = hearing.shape
    arena = plan_memory(int8).planned_bytes
    return Memory(SAMPLE_BYTES * hearing.window, frames * coefficients, arena)
