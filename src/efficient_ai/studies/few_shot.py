"""Initial weights found by first-order MAML, by Reptile and by plain pretraining, judged on the same few-shot tasks.

All spend the same number of pictures whose gradient is taken. Each is asked after gradient steps on the examples, and
by the nearest centroid of its features, and so are weights that have learned nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from efficient_ai.data.glyphs import SHA256, glyphs
from efficient_ai.emerging.few_shot import Episodes, episodes, initial_weights, with_new_head
from efficient_ai.emerging.meta import Maml, Pretrain, Reptile, Weights, adapted_right, centroid_right, learn
from efficient_ai.studies import Study

WAYS, QUERIES, TASKS = 5, 5, 500
SHOTS = (1, 5)
STEPS = (1, 3, 5, 10)
SEEDS = (0, 1)
BUDGET = 80_000
LONG = 4 * BUDGET
FIRST_STEPS = 5
SCRATCH, PRETRAINED, MAML, REPTILE = "scratch", "pretrained", "maml", "reptile"
# Chosen on the validation letters, with a seed of their own, among 0.01, 0.03, 0.1 and 0.3.
RATES = {SCRATCH: 0.1, PRETRAINED: 0.01, MAML: 0.1, REPTILE: 0.3}


def how(method: str, shots: int) -> Maml | Reptile | Pretrain:
    """The config of a method; only MAML's knows the number of shots."""
    if method == MAML:
        return Maml(shots=shots, ways=WAYS, rate=RATES[MAML], outer_rate=3e-3)
    return Reptile(ways=WAYS, rate=RATES[REPTILE]) if method == REPTILE else Pretrain()


def held_out(shots: int, tasks: int = TASKS) -> Episodes:
    """The tasks that every method and seed is judged on, of letters that none has seen."""
    random = np.random.default_rng([2024, shots])
    return episodes(glyphs("test").pictures, tasks=tasks, ways=WAYS, shots=shots, queries=QUERIES, random=random)


def first_losses(method: str, shots: int, budget: int, seed: int) -> list[float]:
    """The losses of the first outer steps of a shard's training: what a page repeats."""
    losses: list[float] = []
    learn(
        glyphs("train").pictures,
        how(method, shots),
        budget=budget,
        seed=seed,
        max_steps=FIRST_STEPS,
        after_step=lambda _, loss: losses.append(loss),
    )
    return losses


def _judged(weights: Weights, method: str, shots: int) -> dict[str, Any]:
    tasks = held_out(shots)
    right = adapted_right(weights, tasks, rate=RATES[method], steps=STEPS)
    counts = {f"after_{step}": right[:, i] for i, step in enumerate(STEPS)} | {
        "centroid": centroid_right(weights, tasks)
    }
    return {f"{shots}_shot": {name: bytes(count.astype(np.uint8)).hex() for name, count in counts.items()}}


def run(*, method: str, shots: int, budget: int, seed: int) -> dict[str, Any]:
    """One shard: weights to begin with, and how many questions of each task they lead to answer rightly.

    `shots` is 0 where one training serves all.
    """
    found: dict[str, Any] = {}
    if method == SCRATCH:
        weights = initial_weights(ways=WAYS, seed=seed)
    else:
        losses: list[float] = []
        config = how(method, shots)
        weights = learn(
            glyphs("train").pictures,
            config,
            budget=budget,
            seed=seed,
            after_step=lambda _, loss: losses.append(loss),
        )
        found = {
            "first_losses": losses[:FIRST_STEPS],
            "losses": [float(np.mean(part)) for part in np.array_split(losses, 50)],
            "pictures": config.pictures * len(losses),
        }
    if method == PRETRAINED:
        weights = with_new_head(weights, ways=WAYS)
    for asked in (shots,) if shots else SHOTS:
        found |= _judged(weights, method, asked)
    return found


TRAININGS = ((PRETRAINED, 0), (REPTILE, 0), (MAML, 1), (MAML, 5), (SCRATCH, 0))
RUNS = (
    *((seed, BUDGET, *one) for seed in SEEDS for one in TRAININGS),
    *((SEEDS[0], LONG, *one) for one in TRAININGS[:3]),
)
STUDY = Study(
    name="few_shot",
    shards=tuple({"seed": seed, "budget": budget, "method": method, "shots": k} for seed, budget, method, k in RUNS),
    run=run,
    depends_on=("studies.few_shot", "emerging.few_shot", "emerging.meta", "data.glyphs", "data.splits"),
    inputs=lambda: {"dejavu": SHA256},
)
