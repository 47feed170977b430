"""What the zoo's models learn from, task by task, and how they are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.data import as_inputs, fashion_mnist, keywords, python_source, train_validation, windows
from efficient_ai.errors import DataUnavailable
from efficient_ai.metrics import accuracy, bits_per_byte, correct

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Examples:
    """A training split, in the form that a model takes; `augmentation` says what the data bring with them."""

    description: str
    sha256: str
    inputs: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    augmentation: str = "none"


@dataclass(frozen=True)
class Task:
    """`examples` gives a model its training split; `judge` gives its test accuracy, and other figures by name."""

    examples: Callable[[keras.Model], Examples]
    judge: Callable[[keras.Model], tuple[float, dict[str, float]]]
    unit: str


def _pictures(model: keras.Model) -> Examples:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    return Examples(
        "Fashion-MNIST, 55,000 of the training pictures",
        data.sha256,
        as_inputs(data.train_images[chosen], model.input_shape[1:]),
        data.train_labels[chosen],
    )


def _judge_pictures(model: keras.Model) -> tuple[float, dict[str, float]]:
    data = fashion_mnist()
    logits = model.predict(as_inputs(data.test_images, model.input_shape[1:]), batch_size=500, verbose=0)
    return accuracy(logits, data.test_labels), {}


def _keywords(model: keras.Model) -> Examples:
    data = keywords("train")
    return Examples(
        f"synthetic speech: {len(set(data.voices)) - 1} voices of {data.source}",
        data.sha256,
        data.features,
        data.labels,
        augmentation="noise, loudness, colour, place and length of each word",
    )


def _judge_keywords(model: keras.Model) -> tuple[float, dict[str, float]]:
    """On voices that were not heard in training; and on those of others where they can be had."""
    found = {}
    for split in ("test", "flite", "human"):
        try:
            data = keywords(split)
        except DataUnavailable:
            if split == "test":
                raise
            continue
        logits = model.predict(data.features, batch_size=500, verbose=0)
        found[f"accuracy_{split}"] = accuracy(logits, data.labels)
    return found.pop("accuracy_test"), found


def _text(model: keras.Model) -> Examples:
    data = python_source()
    return Examples(
        f"Python {data.python}'s standard library, {data.files['train']} source files",
        data.sha256,
        *windows(data.train, model.input_shape[1]),
    )


def _judge_text(model: keras.Model) -> tuple[float, dict[str, float]]:
    inputs, targets = windows(python_source().test, model.input_shape[1])
    right, bits = [], []
    for first in range(0, len(inputs), 100):  # the logits of a megabyte of text take a gigabyte
        here = slice(first, first + 100)
        logits = model.predict(inputs[here], batch_size=50, verbose=0)
        right.append(correct(logits, targets[here]).mean(axis=1))
        bits.append(bits_per_byte(logits, targets[here]))
    return float(np.mean(np.concatenate(right))), {"bits_per_byte": float(np.mean(np.concatenate(bits)))}


TASKS = {
    "pictures": Task(_pictures, _judge_pictures, "test pictures"),
    "keywords": Task(_keywords, _judge_keywords, "test utterances"),
    "text": Task(_text, _judge_text, "next bytes"),
}
