"""Minutes of sound in which nobody says a digit: what a keyword spotter hears most of its life."""

from __future__ import annotations

import functools
import hashlib
import io
import json
from dataclasses import dataclass, field

import numpy as np

from efficient_ai import cache
from efficient_ai.data import speech
from efficient_ai.data.keywords import unknown_words
from efficient_ai.data.sound import FRAMES, HOP, SECOND, heard, mfcc
from efficient_ai.data.speech import ACCENTS, Utterance

PIECE_SECONDS = 30
STEP_FRAMES = 25  # half a second
PAUSE_SECONDS = (0.1, 1.2)


@dataclass(frozen=True)
class Stream:
    """Overlapping seconds of a stream as features, float32 (pieces, seconds, 49, 10, 1).

    A piece is 30 s with a background of its own; within it a second begins every `step_seconds`.
    """

    features: np.ndarray = field(repr=False)
    step_seconds: float
    words: int

    @property
    def hours(self) -> float:
        return len(self.features) * PIECE_SECONDS / 3600


def _pieces(count: int, seed: int) -> tuple[np.ndarray, int]:
    """Sound of `count` pieces, and how many words are said in them."""
    random = np.random.default_rng(seed)
    voices, others = speech.voices("test"), unknown_words("test")
    wanted = [
        Utterance(
            others[random.integers(len(others))],
            voices[random.integers(len(voices))],
            ACCENTS[random.integers(len(ACCENTS))],
            int(random.integers(110, 230)),
            int(random.integers(15, 85)),
        )
        for _ in range(count * PIECE_SECONDS)
    ]
    sounds, _ = speech.speak(wanted)
    pieces = np.empty((count, PIECE_SECONDS * SECOND), np.float32)
    said = 0
    for piece in pieces:
        line = np.zeros(len(piece), np.float32)
        at = 0
        while True:
            at += int(SECOND * random.uniform(*PAUSE_SECONDS))
            sound = sounds[said % len(sounds)]
            if at + len(sound) > len(line):
                break
            line[at : at + len(sound)] = sound
            at += len(sound)
            said += 1
        piece[:] = heard(line, random, sounds, length=len(line))
    return pieces, said


@functools.cache
def stream_without_keywords(*, minutes: int = 20, seed: int = 7) -> Stream:
    """Words that are no digits, in voices and with words of the test split, before noise and babble.

    Args:
        minutes: How long.
        seed: Of everything in it.

    Returns:
        The stream, cut into overlapping seconds; from the cache, or made in some seconds.

    Raises:
        DataUnavailable: If the synthesizer isn't installed.
    """
    modules = ("stream", "keywords", "speech", "espeak", "sound", "splits")
    key = json.dumps([minutes, seed, cache.code_hash(*(f"data.{m}" for m in modules)), speech.version()])
    kept = cache.root() / "data" / f"stream-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        sound, words = _pieces(minutes * 60 // PIECE_SECONDS, seed)
        buffer = io.BytesIO()
        np.savez(buffer, frames=np.stack([mfcc(piece[None])[0] for piece in sound]), words=words)
        cache.write_whole(kept, buffer.getvalue())
    with np.load(kept) as file:
        frames, words = file["frames"], int(file["words"])
    starts = range(0, frames.shape[1] - FRAMES + 1, STEP_FRAMES)
    features = np.stack([frames[:, first : first + FRAMES] for first in starts], axis=1)
    return Stream(features, STEP_FRAMES * HOP / SECOND, words)
