"""Which word, and how hurried: one small net with two heads against two nets, wide and at equal parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.emerging.multitask import TASKS, UNASKED, answers, build, examples, joint_loss
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    import keras

FILTERS, HALF = 24, 14
SEEDS = (0, 1, 2)
# What is multiplied with the second task's loss.
WEIGHTS = (0.1, 0.3, 1.0, 3.0)
BOTH = "word+pace"
FIRST_STEPS = 2
CALIBRATION = 100
SIZE = 10_000  # training examples, of which the first steps' alone can be spoken


def recipe(seed: int) -> Recipe:
    """The same for every net."""
    return Recipe(
        epochs=6, learning_rate=5e-3, batch_size=64, weight_decay=1e-3, augment=False, seed=seed, optimizer="adam"
    )


def first_losses(tasks: str, filters: int, weight: float, seed: int = 0) -> list[float]:
    """The losses of a shard's first steps, of which only the examples are spoken: what a page repeats."""
    training = recipe(seed)
    seen = np.random.default_rng([seed, 0]).permutation(SIZE)[: FIRST_STEPS * training.batch_size]
    return _trained(tasks, filters, weight, seed, examples("train", seen), max_steps=FIRST_STEPS)[1]


def _trained(
    tasks: str,
    filters: int,
    weight: float,
    seed: int,
    seen: tuple[np.ndarray, dict[str, np.ndarray]],
    max_steps: int | None = None,
) -> tuple[keras.Model, list[float]]:
    names = tuple(tasks.split("+"))
    features, labels = seen
    losses: list[float] = []
    model = build(names, filters=filters, seed=seed)
    fit(
        model,
        features,
        tuple(labels[name] for name in names),
        recipe(seed),
        loss=joint_loss(names, {"pace": weight}),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, losses


def run(*, tasks: str, filters: int, weight: float, seed: int) -> dict[str, Any]:
    """One shard: a net trained, and judged on voices that it hasn't heard; its int8 file too."""
    import keras

    from efficient_ai import engines
    from efficient_ai.compress.convert import Int8, convert

    keras.backend.clear_session()
    seen = examples("train")
    model, losses = _trained(tasks, filters, weight, seed, seen)
    names = tuple(tasks.split("+"))
    int8 = convert(model, Int8(calibration_set=seen[0][:CALIBRATION])).content
    features, labels = examples("test")
    found: dict[str, Any] = {"first_losses": losses, "params": model.count_params(), "int8_bytes": len(int8)}
    for form, logits in (
        ("float32", model.predict(features, batch_size=500, verbose=0)),
        ("int8", engines.predict(int8, features)),
    ):
        for task, said in answers(logits, names).items():
            asked = labels[task] != UNASKED if task == "pace" else np.ones(len(features), bool)
            rightly = correct(said[asked], labels[task][asked])
            found[f"{task}_{form}_accuracy"] = float(rightly.mean())
            found[f"{task}_{form}_correct_hex"] = np.packbits(rightly).tobytes().hex()
            found[f"{task}_asked"] = int(asked.sum())
    return found


STUDY = Study(
    name="multitask",
    shards=tuple(
        {"seed": seed, "tasks": tasks, "filters": filters, "weight": weight}
        for seed in SEEDS
        for tasks, filters, weight in (
            *((task, width, 1.0) for width in (FILTERS, HALF) for task in TASKS),
            *((BOTH, FILTERS, weight) for weight in WEIGHTS),
        )
    ),
    run=run,
    depends_on=(
        "studies.multitask",
        "emerging.multitask",
        "emerging.data_aware",
        "models.narrow_ds_cnn",
        "data.keywords",
        "data.speech",
        "data.espeak",
        "data.sound",
        "data.splits",
        "train.loop",
        "train.schedules",
    ),
    inputs=dict,
)
