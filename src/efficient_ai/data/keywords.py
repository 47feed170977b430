"""Keyword spotting: ten digits, "unknown" and "silence" in a second of sound, spoken by synthetic voices.

The utterances are eSpeak NG's, said in voices that no other split has; "unknown" words of one split are in no other.
Nothing here was recorded from a person but the clips of `keywords("human")`.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from efficient_ai import cache
from efficient_ai.data import other_voices, speech
from efficient_ai.data.sound import SECOND, heard, mfcc, stretched
from efficient_ai.data.speech import ACCENTS, Utterance
from efficient_ai.data.splits import split_by_name
from efficient_ai.errors import EfficientAIError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLASSES = (*DIGITS, "unknown", "silence")
UNKNOWN, SILENCE = CLASSES.index("unknown"), CLASSES.index("silence")
_WORDS = """
about above across after again almost along animal answer apple around asleep autumn away baby balance banana basket
battle beacon bed bird black blanket blue boat book bottle branch bread bridge bring brother bucket butter cabin candle
carpet castle cat chair cheese chicken circle clean climb clock cloud coffee cold colour copper corner cotton cousin
curtain dance daughter december different dinner doctor dog dollar door down dragon dream early earth east elephant
enough evening every family father feather finger fire fish flower follow forest forward friday friend garden gentle
ginger glass go gold good grass green hammer happy harbour heart heavy hello hospital hour house hundred ice island
january journey jump kettle kitchen ladder language laugh learn left lemon letter light listen little love lunch machine
market marvin matter meadow melon middle million minute mirror monday money monkey morning mother mountain music
needle never night no north ocean off office often on open orange orchard other over painter paper parrot pencil people
pepper picture planet please pocket potato purple quarter question quiet rabbit rain ready red remember ribbon right
river rocket sailor salt saturday school season second secret shadow sheila ship silver simple sister sleep smile
soldier south spring square station stop stone story street summer sunday table tea teacher telephone thunder thursday
ticket time together tomorrow towel train travel tree turtle umbrella under up valley village violet visit walk
warm water weather wednesday west whisper white window winter wonder wood world wow yellow yes yesterday young
"""
WORDS = tuple(sorted(set(_WORDS.split())))
WORD_SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


@dataclass(frozen=True)
class Plan:
    """How many utterances a voice gives: of each digit, of unknown words, of silence; each heard in `copies` ways.

    `voices` is the split whose voices and words are used, the first `most` of them. Each copy is played up to
    `stretch` slower or faster, which makes throats that no voice has.
    """

    voices: str
    digits: int
    unknown: int
    silence: int
    copies: int
    seed: int
    most: int | None = None
    stretch: float = 0.0


SPLITS = {
    "train": Plan("train", digits=8, unknown=60, silence=12, copies=3, seed=1, stretch=0.18),
    "validation": Plan("validation", digits=4, unknown=16, silence=4, copies=1, seed=2),
    "test": Plan("test", digits=4, unknown=16, silence=4, copies=1, seed=3),
    "calibration": Plan("train", digits=1, unknown=3, silence=1, copies=1, seed=4, most=20),
}
OTHERS = {"flite": 5, "human": 6}  # with the seeds of what they are heard in


@dataclass(frozen=True)
class Keywords:
    """Features float32 (n, 49, 10, 1), labels (n,) into `classes`, and the voice of each.

    `sha256` is that of the voices' samples, before noise.
    """

    features: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    voices: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    source: str
    sha256: str


def unknown_words(split: str) -> tuple[str, ...]:
    """The words that stand for "unknown" in a split, and in no other."""
    return tuple(word for word in WORDS if split_by_name(word, WORD_SHARES) == split)


def _utterances(plan: Plan, random: np.random.Generator) -> list[Utterance]:
    """What each voice says: accent, speed and pitch differ from word to word."""
    others = unknown_words(plan.voices)
    said = []
    for voice in speech.voices(plan.voices)[: plan.most]:
        chosen = random.choice(len(others), plan.unknown, replace=plan.unknown > len(others))
        for word in (*DIGITS * plan.digits, *(others[i] for i in chosen)):
            accent = ACCENTS[random.integers(len(ACCENTS))]
            speed, pitch = int(random.integers(110, 230)), int(random.integers(15, 85))
            said.append(Utterance(word, voice, accent, speed, pitch))
    return said


def label(word: str) -> int:
    """The class of a word: its digit's, or that of "unknown"."""
    return CLASSES.index(word) if word in DIGITS else UNKNOWN


def _heard(
    sounds: Sequence[np.ndarray],
    words: Sequence[str],
    voices: Sequence[str],
    *,
    copies: int,
    silences: int,
    seed: int,
    stretch: float = 0.0,
) -> dict[str, np.ndarray]:
    """Each sound in `copies` ways, and `silences` seconds without one, as features with labels."""
    random = np.random.default_rng(seed)
    speakers = [sound for sound, word in zip(sounds, words, strict=True) if word not in DIGITS] or list(sounds)
    rows = [*range(len(sounds))] * copies
    seconds = np.empty((len(rows) + silences, SECOND), np.float32)
    for i, row in enumerate(rows):
        sound = stretched(sounds[row], np.exp(random.uniform(-stretch, stretch))) if stretch else sounds[row]
        seconds[i] = heard(sound, random, speakers)
    for i in range(len(rows), len(seconds)):
        seconds[i] = heard(None, random, speakers)
    return {
        "features": mfcc(seconds),
        "labels": np.array([*(label(words[row]) for row in rows), *[SILENCE] * silences], np.uint8),
        "voices": np.array([*(voices[row] for row in rows), *["noise"] * silences]),
    }


def _synthesize(split: str) -> dict[str, np.ndarray]:
    plan = SPLITS[split]
    utterances = _utterances(plan, np.random.default_rng([plan.seed, 0]))
    sounds, sha256 = speech.speak(utterances)
    silences = plan.silence * plan.copies * len({u.voice for u in utterances})
    words, voices = [u.word for u in utterances], [u.voice for u in utterances]
    arrays = _heard(sounds, words, voices, copies=plan.copies, silences=silences, seed=plan.seed, stretch=plan.stretch)
    return {**arrays, "source": np.array(f"eSpeak NG (espeakng-loader {speech.version()})"), "sha256": np.array(sha256)}


def _others(split: str) -> dict[str, np.ndarray]:
    said = other_voices.flite(DIGITS, unknown_words("test")) if split == "flite" else other_voices.human(DIGITS)
    arrays = _heard(said.sounds, said.words, said.voices, copies=said.copies, silences=0, seed=OTHERS[split])
    return {**arrays, "source": np.array(said.source), "sha256": np.array(said.sha256)}


@functools.cache
def keywords(split: str) -> Keywords:
    """The examples of a split, from the cache or made anew: some seconds, for "train" a minute.

    Args:
        split: "train", "validation" or "test"; "calibration", a few hundred examples in training voices; "flite",
            which is another synthesizer, or "human", which is one woman.

    Returns:
        Features with labels and voices.

    Raises:
        DataUnavailable: If the synthesizer isn't installed, or the other voices can't be fetched.
        EfficientAIError: If there is no such split.
    """
    if split not in SPLITS and split not in OTHERS:
        raise EfficientAIError(f"there is no split {split!r} (known: {', '.join((*SPLITS, *OTHERS))})")
    code = cache.code_hash(*(f"data.{m}" for m in ("keywords", "speech", "espeak", "sound", "other_voices", "splits")))
    key = json.dumps([split, code, speech.version() if split in SPLITS else ""])
    kept = cache.root() / "data" / f"keywords-{split}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        buffer = io.BytesIO()
        np.savez(buffer, **(_synthesize(split) if split in SPLITS else _others(split)))
        cache.write_whole(kept, buffer.getvalue())
    with np.load(kept) as file:
        arrays = {name: file[name] for name in file.files}
    return Keywords(
        arrays["features"],
        arrays["labels"],
        arrays["voices"],
        CLASSES,
        source=str(arrays["source"]),
        sha256=str(arrays["sha256"]),
    )
