"""Searches replayed on a table of results: what a search would have found, without training anything again.

A search pays for every net that it trains, and for nothing else: a net that it has met before, or one that the limit
forbids, costs it nothing.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from efficient_ai.search.table import AXES, places

Place = tuple[int, ...]
ASKS = 50  # a search that has met nothing new in so many times its budget goes on at random


def on_table(scores: Mapping[str, float]) -> tuple[dict[Place, float], tuple[int, ...]]:
    """Scores by a net's name as scores by its place: an index into each of the table's axes.

    Args:
        scores: Of the nets that a search may choose.

    Returns:
        The scores by place, and the number of values of each axis.

    Raises:
        KeyError: If a net isn't of the table.
    """
    sizes = tuple(len(values) for values in AXES.values())
    at = dict(zip(places(), itertools.product(*map(range, sizes)), strict=True))
    return {at[name]: score for name, score in scores.items()}, sizes


def random_search(scores: Mapping[Place, Any], sizes: Sequence[int], *, budget: int, seed: int) -> list[Place]:
    """Try places of the table at random, none twice.

    Args:
        scores: What each allowed place is worth; higher is better. Where a place is missing, it is forbidden.
        sizes: How many values each axis has.
        budget: How many places may be tried.
        seed: Of the draws.

    Returns:
        The places in the order in which they were tried.
    """
    return random.Random(seed).sample(sorted(scores), min(budget, len(scores)))


def evolution(
    scores: Mapping[Place, Any],
    sizes: Sequence[int],
    *,
    budget: int,
    seed: int,
    population: int = 10,
    sample: int = 3,
) -> list[Place]:
    """Regularized evolution: change one axis of the best of a few, and let the oldest die, however good.

    Args:
        scores: As for `random_search`; anything that can be compared.
        sizes: How many values each axis has.
        budget: How many places may be tried.
        seed: Of all choices.
        population: How many live at a time.
        sample: How many of them compete to be a parent.

    Returns:
        The places in the order in which they were first tried.

    Source: real2019regularized, algorithm 1.
    """
    draw = random.Random(seed)
    tried = dict.fromkeys(random_search(scores, sizes, budget=min(population, budget), seed=seed))
    living = deque(tried)
    for _ in range(ASKS * budget):
        if len(tried) >= min(budget, len(scores)):
            break
        child = list(max(draw.sample(living, min(sample, len(living))), key=scores.__getitem__))
        axis = draw.randrange(len(sizes))
        child[axis] = (child[axis] + draw.randrange(1, sizes[axis])) % sizes[axis]
        if tuple(child) in scores:
            tried.setdefault(tuple(child))
            living.append(tuple(child))
            living.popleft()
    return _filled(list(tried), scores, sizes, budget, seed)


def bayesian(scores: Mapping[Place, float], sizes: Sequence[int], *, budget: int, seed: int) -> list[Place]:
    """Optuna's tree-structured Parzen estimator, asked for a place and told its score.

    Forbidden places cost nothing; the search is told that they are worse than everything.

    Args:
        scores: As for `random_search`, numbers.
        sizes: How many values each axis has.
        budget: How many places may be tried.
        seed: Of the sampler.

    Returns:
        The places in the order in which they were first tried.

    Source: bergstra2011algorithms; akiba2019optuna.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    worst = min(scores.values()) - 1
    tried: dict[Place, None] = {}
    for _ in range(4 * budget):
        if len(tried) >= min(budget, len(scores)):
            break
        trial = study.ask()
        place = tuple(trial.suggest_categorical(f"axis{i}", range(size)) for i, size in enumerate(sizes))
        if place in scores:
            tried.setdefault(place)
        study.tell(trial, scores.get(place, worst))
    return _filled(list(tried), scores, sizes, budget, seed)


METHODS: dict[str, Callable[..., list[Place]]] = {
    "random": random_search,
    "evolution": evolution,
    "bayesian": bayesian,
}


def best_so_far(tried: Sequence[Place], scores: Mapping[Place, float]) -> np.ndarray:
    """The best score after each trial, as many as were tried."""
    return np.maximum.accumulate([scores[place] for place in tried])


def _filled(
    tried: list[Place], scores: Mapping[Place, Any], sizes: Sequence[int], budget: int, seed: int
) -> list[Place]:
    """What was tried, and at random what is missing to the budget."""
    rest = [p for p in random_search(scores, sizes, budget=len(scores), seed=seed) if p not in set(tried)]
    return tried + rest[: budget - len(tried)]
