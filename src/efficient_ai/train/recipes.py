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
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.sources import sha256
from efficient_ai.metrics import accuracy
from efficient_ai.models import zoo
from efficient_ai.records import ModelCard
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

RECIPES = {
    "softmax_regression": Recipe(epochs=10, learning_rate=0.05, augment=False),
    "lenet_300_100": Recipe(epochs=12, learning_rate=0.02, warmup_epochs=1, augment=False),
    "lenet5": Recipe(epochs=10, learning_rate=0.02, warmup_epochs=1),
    "resnet8": Recipe(epochs=18, learning_rate=0.1, warmup_epochs=1),
    "resnet20": Recipe(epochs=9, learning_rate=0.1, warmup_epochs=1),
}


def train(name: str, *, seed: int = 0, folder: Path = zoo.WEIGHTS) -> ModelCard:
    """Make the weights of a model of the zoo, with its card.

    All but 5,000 of the 60,000 training pictures are used; those are kept to choose with. The test set is looked
    at once, for the card. An interrupted run goes on where the last epoch ended.

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
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    images = as_inputs(data.train_images[chosen], model.input_shape[1:])
    code = cache.code_hash("models.architectures", "train")
    checkpoint = cache.root() / "checkpoints" / f"{name}-{seed}-{code}.npz"
    logs = fit(model, images, data.train_labels[chosen], recipe, checkpoint=checkpoint, progress=name)
    weights = _weights(model)
    logits = model.predict(as_inputs(data.test_images, model.input_shape[1:]), batch_size=500, verbose=0)
    machine = cache.machine()
    card = ModelCard(
        name=name,
        data="Fashion-MNIST, 55,000 of the training pictures",
        data_sha256=data.sha256,
        weights_sha256=sha256(weights),
        seed=seed,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        optimizer=f"SGD, momentum {recipe.momentum}, weight decay {recipe.weight_decay}, cosine schedule",
        augmentation="mirrored, shifted by up to 2 pixels" if recipe.augment else "none",
        test_accuracy=round(accuracy(logits, data.test_labels), 6),
        train_seconds=round(sum(log.seconds for log in logs), 1),
        machine=f"{machine.cpu}, {machine.cores} cores",
        versions=", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("tensorflow", "keras", "numpy")),
        date=datetime.date.today().isoformat(),
        command=f"efficient-ai train {name}" + (f" --seed {seed}" if seed else ""),
    )
    cache.write_whole(Path(folder) / f"{name}.weights.h5", weights)
    cache.write_whole(Path(folder) / f"{name}.json", json.dumps(dataclasses.asdict(card), indent=1).encode())
    checkpoint.unlink(missing_ok=True)
    return card


def _weights(model: keras.Model) -> bytes:
    """The model's weights as Keras writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        return path.read_bytes()
