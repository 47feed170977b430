"""About 300 small nets of the search space, each trained once, briefly and alike: the table that searches replay."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.search.nets import build
from efficient_ai.search.table import AXES, MOST_MACS, places
from efficient_ai.studies import Study
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

EXAMPLES = 6_000
FIRST_STEPS = 10
# A second seed for every tenth place says how much of a rank is luck.
AGAIN = 10


def recipe(seed: int) -> Recipe:
    """Three epochs without augmentation, the same for every net: enough to rank them, too little for their best."""
    return Recipe(
        epochs=3, learning_rate=0.1, batch_size=64, weight_decay=5e-4, warmup_epochs=0.5, augment=False, seed=seed
    )


def first_losses(name: str, seed: int = 0) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _trained(build(places()[name], seed=seed), seed, max_steps=FIRST_STEPS)


def _trained(model: keras.Model, seed: int, max_steps: int | None = None) -> list[float]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    few = chosen[stratified_subset(data.train_labels[chosen], EXAMPLES, seed=0)]
    losses: list[float] = []
    fit(
        model,
        as_inputs(data.train_images[few], model.input_shape[1:]),
        data.train_labels[few],
        recipe(seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return losses


def run(*, name: str, seed: int) -> dict[str, Any]:
    """One shard: count a net, and, where it isn't too large for the table, train and judge it."""
    import keras

    from efficient_ai import cost

    keras.backend.clear_session()
    model = build(places()[name], seed=seed)
    counted = cost.count(model)
    found = {"macs": counted.macs, "params": counted.params, "trained": counted.macs <= MOST_MACS}
    if not found["trained"]:
        return found
    losses = _trained(model, seed)
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)

    images = as_inputs(data.train_images[validation], model.input_shape[1:])
    logits = model.predict(images, batch_size=500, verbose=0)
    return found | {
        "first_losses": [round(loss, 5) for loss in losses],
        "validation_accuracy": float(correct(logits, data.train_labels[validation]).mean()),
    }


def _fields() -> str:
    """A hash of what the table spans."""
    return hashlib.sha256(json.dumps([AXES, MOST_MACS], sort_keys=True).encode()).hexdigest()


_NAMES = tuple(places())
STUDY = Study(
    name="net_table",
    shards=tuple({"seed": 0, "name": name} for name in _NAMES)
    + tuple({"seed": 1, "name": name} for name in _NAMES[::AGAIN]),
    run=run,
    depends_on=(
        "studies.net_table",
        "search.nets",
        "search.table",
        "models.mobilenet",
        "models.convolved",
        "models.initial",
        "train.loop",
        "train.schedules",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, "table": _fields()},
)
