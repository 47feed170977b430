"""Seeded splits and subsets that keep the classes' shares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

VALIDATION = 5_000
SPLIT_SEED = 2024


def stratified_subset(labels: np.ndarray, size: int, *, seed: int) -> np.ndarray:
    """Choose examples so that each class has the same number of them.

    Args:
        labels: Integer classes, (n,).
        size: How many to choose; a multiple of the number of classes.
        seed: Of the choice.

    Returns:
        Sorted indices, (size,).

    Raises:
        ValueError: If `size` is no multiple of the classes' number, or a class has too few examples.
    """
    classes = np.unique(labels)
    if size % len(classes):
        raise ValueError(f"size must be a multiple of {len(classes)} classes, got {size}")
    random = np.random.default_rng(seed)
    share = size // len(classes)
    chosen = []
    for value in classes:
        members = np.flatnonzero(labels == value)
        if len(members) < share:
            raise ValueError(f"class {value} has {len(members)} examples, {share} were asked for")
        chosen.append(random.choice(members, share, replace=False))
    return np.sort(np.concatenate(chosen))


def train_validation(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The book's one split of a training set: indices to train on, and 5,000 to choose with.

    Args:
        labels: Integer classes of the whole training set, (n,).

    Returns:
        (train, validation) indices, disjoint and together all of it.
    """
    validation = stratified_subset(labels, VALIDATION, seed=SPLIT_SEED)
    return np.setdiff1d(np.arange(len(labels)), validation), validation


def split_by_name(name: str, shares: Mapping[str, float]) -> str:
    """The split that something with a name belongs to, by the name's hash: no other name moves it.

    Args:
        name: Of a file, of a speaker.
        shares: The share of each split; together 1.

    Returns:
        One of the shares' keys.
    """
    position = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
    for split, share in shares.items():
        position -= share
        if position < 0:
            return split
    return next(reversed(shares))
