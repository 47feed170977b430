"""How the zoo's models are trained: `efficient-ai train NAME` makes the weights that ship with the package."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from efficient_ai import cache
from efficient_ai.data.sources import sha256
from efficient_ai.models import zoo
from efficient_ai.records import ModelCard
from efficient_ai.train.examples import TASKS
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras


def _text(epochs: int, learning_rate: float) -> Recipe:
    return Recipe(
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=32,
        weight_decay=1e-3,
        warmup_epochs=0.1,
        augment=False,
        optimizer="adam",
    )


RECIPES = {
    "softmax_regression": Recipe(epochs=10, learning_rate=0.05, augment=False),
    "lenet_300_100": Recipe(epochs=12, learning_rate=0.02, warmup_epochs=1, augment=False),
    "lenet5": Recipe(epochs=10, learning_rate=0.02, warmup_epochs=1),
    "resnet8": Recipe(epochs=18, learning_rate=0.1, warmup_epochs=1),
    "resnet20": Recipe(epochs=9, learning_rate=0.1, warmup_epochs=1),
    "ds_cnn": Recipe(
        epochs=18, learning_rate=3e-3, weight_decay=1e-2, warmup_epochs=1, augment=False, optimizer="adam"
    ),
    "mobilenet_v1_025": Recipe(epochs=8, learning_rate=0.1, warmup_epochs=1, weight_decay=1e-4),
    "mobilenet_v2_035": Recipe(epochs=5, learning_rate=0.1, warmup_epochs=1, weight_decay=1e-4),
    "squeezenet_small": Recipe(epochs=3, learning_rate=0.1, warmup_epochs=1, weight_decay=1e-4),
    "byte_lm": _text(epochs=3, learning_rate=4e-3),
    "byte_lm_small": _text(epochs=3, learning_rate=6e-3),
    "byte_lm_large": _text(epochs=2, learning_rate=3e-3),
}


def train(name: str, *, seed: int = 0, folder: Path = zoo.WEIGHTS) -> ModelCard:
    """Make the weights of a model of the zoo, with its card.

    Its task's training split is used; the validation split is kept to choose with, and the test set is looked at
    once, for the card. An interrupted run goes on where the last epoch ended.

    Args:
        name: One of `models.names()`.
        seed: Of the initial weights and of the order.
        folder: Where `NAME.weights.h5` and `NAME.json` are written, whole or not at all.

    Returns:
        The card.

    Raises:
        EfficientAIError: If there is no such model.
    """
    model = zoo.build(name, seed=seed)
    recipe = dataclasses.replace(RECIPES[name], seed=seed)
    task = TASKS[zoo.task(name)]
    examples = task.examples(model)
    code = cache.code_hash("models", "train")
    checkpoint = cache.root() / "checkpoints" / f"{name}-{seed}-{code}.npz"
    logs = fit(model, examples.inputs, examples.labels, recipe, checkpoint=checkpoint, progress=name)
    weights = _weights(model)
    test_accuracy, also = task.judge(model)
    machine = cache.machine()
    card = ModelCard(
        name=name,
        data=examples.description,
        data_sha256=examples.sha256,
        weights_sha256=sha256(weights),
        seed=seed,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        optimizer=_optimizer(recipe),
        augmentation="mirrored, shifted by up to 2 pixels" if recipe.augment else examples.augmentation,
        test_accuracy=round(test_accuracy, 6),
        train_seconds=round(sum(log.seconds for log in logs), 1),
        machine=f"{machine.cpu}, {machine.cores} cores",
        versions=", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("tensorflow", "keras", "numpy")),
        date=datetime.date.today().isoformat(),
        command=f"efficient-ai train {name}" + (f" --seed {seed}" if seed else ""),
        also={key: round(value, 6) for key, value in also.items()},
    )
    cache.write_whole(Path(folder) / f"{name}.weights.h5", weights)
    cache.write_whole(Path(folder) / f"{name}.json", json.dumps(dataclasses.asdict(card), indent=1).encode())
    checkpoint.unlink(missing_ok=True)
    return card


def _optimizer(recipe: Recipe) -> str:
    kind = f"SGD, momentum {recipe.momentum}" if recipe.optimizer == "sgd" else "AdamW"
    return f"{kind}, weight decay {recipe.weight_decay}, cosine schedule"


def _weights(model: keras.Model) -> bytes:
    """The model's weights as Keras writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        return path.read_bytes()
