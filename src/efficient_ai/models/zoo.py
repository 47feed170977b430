"""The zoo: trained models that ship with the package, each with a card that says how it was made."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from efficient_ai.data.sources import sha256
from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.models import architectures, autoencoder, ds_cnn, language, small_pictures
from efficient_ai.records import ModelCard

if TYPE_CHECKING:
    import keras

WEIGHTS = Path(__file__).parent / "weights"
TASKS = {
    "pictures": architectures.BUILDERS | small_pictures.BUILDERS,
    "keywords": ds_cnn.BUILDERS,
    "text": language.BUILDERS,
}
BUILDERS = {name: builder for builders in TASKS.values() for name, builder in builders.items()}
UNTRAINED = autoencoder.BUILDERS  # known to `build` alone: the book has no data to train them on


def names(task: str | None = None) -> tuple[str, ...]:
    """The names that `build` and `load` know: of one of `TASKS`, or of all."""
    return tuple(TASKS[task] if task else BUILDERS)


def task(name: str) -> str:
    """What a model of the zoo is for: one of `TASKS`.

    Raises:
        EfficientAIError: If there is no such model, or there is no data here to train it on.
    """
    found = [of for of, builders in TASKS.items() if _known(name) in builders]
    if not found:
        raise EfficientAIError(f"{name} is an architecture without a task here: there is no data to train it on")
    return found[0]


def _known(name: str) -> str:
    known = BUILDERS | UNTRAINED
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise EfficientAIError(f"there is no model {name!r}{hint} (known: {', '.join(known)})")
    return name


def build(name: str, *, seed: int = 0) -> keras.Model:
    """An untrained model of the zoo.

    Args:
        name: One of `names()`, or "autoencoder".
        seed: Of the initial weights.

    Returns:
        A Keras model that gives logits: (n, 10) for pictures, (n, 12) for keywords, (n, 256, 256) for text.

    Raises:
        EfficientAIError: If there is no such model.
    """
    return (BUILDERS | UNTRAINED)[_known(name)](seed=seed)


def card(name: str) -> ModelCard:
    """How a shipped model was made.

    Raises:
        EfficientAIError: If there is no such model, or it has not been trained yet.
    """
    path = WEIGHTS / f"{name}.json"
    task(name)
    if not path.exists():
        raise EfficientAIError(f"{name} ships no weights: make them with `efficient-ai train {name}`")
    return ModelCard(**json.loads(path.read_text()))


def load(name: str) -> keras.Model:
    """A trained model of the zoo.

    Args:
        name: One of `names()`.

    Returns:
        A Keras model that gives logits, as from `build`.

    Raises:
        EfficientAIError: If there is no such model.
        BadModel: If the weights are not those that the card names.
    """
    expected = card(name).weights_sha256
    path = WEIGHTS / f"{name}.weights.h5"
    if not path.exists() or sha256(path.read_bytes()) != expected:
        raise BadModel(f"{path} is not what its card names: install the package again, or `efficient-ai train {name}`")
    model = build(name)
    model.load_weights(path)
    return model
