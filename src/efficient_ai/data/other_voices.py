"""Voices that no training split has: another synthesizer, flite, and a woman who read telephone prompts.

Both come out of Debian packages; what was heard once is kept in the cache as samples.
"""

from __future__ import annotations

import ctypes.util
import io
import os
import platform
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from efficient_ai import cache
from efficient_ai.data.sources import debian_files, sha256
from efficient_ai.data.speech import SAMPLE_RATE, resampled, trimmed
from efficient_ai.errors import DataUnavailable

FLITE_VOICES = ("awb", "kal16", "rms", "slt")
STRETCHES = (0.95, 1.3)
FLITE_LIBRARIES = (
    "flite",
    "flite_usenglish",
    "flite_cmulex",
    "flite_cmu_grapheme_lang",
    "flite_cmu_grapheme_lex",
    "flite_cmu_indic_lang",
    "flite_cmu_indic_lex",
    "flite_cmu_time_awb",
    *(f"flite_cmu_us_{voice}" for voice in ("awb", "kal", "kal16", "rms", "slt")),
)
PROMPTS = "asterisk-core-sounds-en-g722"
PROMPTS_FOLDER = "/usr/share/asterisk/sounds/en_US_f_Allison/"
DAYS = tuple(f"digits/day-{i}" for i in range(7))
MONTHS = tuple(f"digits/mon-{i}" for i in range(12))
SPELLING = tuple(f"phonetic/{letter}_p" for letter in "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Said:
    """Words as float32 sounds at 16 kHz, and who said each; `copies`: in how many ways each is to be heard."""

    sounds: tuple[np.ndarray, ...] = field(repr=False)
    words: tuple[str, ...]
    voices: tuple[str, ...]
    copies: int
    source: str
    sha256: str


def _said(name: str, copies: int, source: str, make: Callable[[], list[tuple[np.ndarray, str, str]]]) -> Said:
    """What `make` gives as (int16 samples at 16 kHz, word, voice), kept in the cache."""
    kept = cache.root() / "data" / f"voices-{name}-{cache.code_hash('data.other_voices')}.npz"
    if not kept.exists():
        rows = make()
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            samples=np.concatenate([samples for samples, _, _ in rows]),
            lengths=np.array([len(samples) for samples, _, _ in rows]),
            words=np.array([word for _, word, _ in rows]),
            voices=np.array([voice for _, _, voice in rows]),
        )
        cache.write_whole(kept, buffer.getvalue())
    with np.load(kept) as file:
        samples, lengths = file["samples"], file["lengths"]
        words, voices = (tuple(map(str, file[name])) for name in ("words", "voices"))
    parts = np.split(samples.astype(np.float32) / 32_768, np.cumsum(lengths)[:-1])
    return Said(tuple(trimmed(part) for part in parts), words, voices, copies, source, sha256(samples.tobytes()))


def flite(words: Sequence[str], others: Sequence[str]) -> Said:
    """Words by the four voices of flite, which has nothing in common with eSpeak NG but the language.

    Args:
        words: Each is said twice by each voice, at two speeds.
        others: Each is said once, by one voice.

    Raises:
        DataUnavailable: If Debian's packages can't be had or its program doesn't run here.
    """

    def make() -> list[tuple[np.ndarray, str, str]]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            program = _flite_in(folder)
            wanted = [(word, voice, stretch) for voice in FLITE_VOICES for word in words for stretch in STRETCHES]
            wanted += [(word, FLITE_VOICES[i % len(FLITE_VOICES)], 1.1) for i, word in enumerate(others)]
            return [(_flite(program, folder, *row), row[0], f"flite {row[1]}") for row in wanted]

    return _said("flite", 3, "flite, from Debian", make)


def _flite_in(folder: Path) -> Path:
    """Put the program and its libraries into a folder."""
    libraries = f"/usr/lib/{platform.machine()}-linux-gnu/"
    members = tuple(f"{libraries}lib{name}.so.1" for name in FLITE_LIBRARIES)
    found = debian_files("flite", ("/usr/bin/flite",)) | debian_files("libflite1", members)
    if not ctypes.util.find_library("asound"):  # flite can play what it says, and is linked to a library for that
        found |= _sound_library(f"{libraries}libasound.so.2")
    for path, content in found.items():
        (folder / Path(path).name).write_bytes(content)
    (folder / "flite").chmod(0o755)
    return folder / "flite"


def _sound_library(path: str) -> dict[str, bytes]:
    try:
        return debian_files("libasound2", (path,))
    except DataUnavailable:
        return debian_files("libasound2t64", (path,))


def _flite(program: Path, folder: Path, word: str, voice: str, stretch: float) -> np.ndarray:
    out = folder / "out.wav"
    done = subprocess.run(
        [program, "-voice", voice, "-t", word, "--setf", f"duration_stretch={stretch}", "-o", out],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
    )
    if done.returncode or not out.exists():
        complaint = done.stderr.strip().splitlines()
        raise DataUnavailable(f"flite does not run here: {complaint[-1] if complaint else f'code {done.returncode}'}")
    with wave.open(str(out)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        if file.getframerate() != SAMPLE_RATE:
            samples = np.round(resampled(samples.astype(np.float32), file.getframerate())).astype(np.int16)
    out.unlink()
    return samples


def human(words: Sequence[str]) -> Said:
    """The digits, the days, the months and the spelling alphabet, as Allison Smith recorded them for Asterisk.

    Args:
        words: The ten digits in their order.

    Raises:
        DataUnavailable: If Debian's package can't be had, or the decoder for G.722 isn't installed.
    """

    def make() -> list[tuple[np.ndarray, str, str]]:
        try:
            from G722 import G722
        except ImportError as error:
            raise DataUnavailable(
                "the human voice needs a G.722 decoder: pip install 'efficient-ai[speech]'"
            ) from error
        named = {f"digits/{i}": word for i, word in enumerate(words)}
        named |= {name: name.rsplit("/", 1)[1] for name in (*DAYS, *MONTHS, *SPELLING)}
        files = debian_files(PROMPTS, tuple(f"{PROMPTS_FOLDER}{name}.g722" for name in named))
        return [
            (np.array(G722(SAMPLE_RATE, 64_000).decode(content), np.int16), word, "Allison Smith")
            for content, word in zip(files.values(), named.values(), strict=True)
        ]

    return _said("human", 8, "Allison Smith, from Debian's Asterisk prompts", make)
