"""How good a variant's answers are: against labels, and against what the source itself answers."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from efficient_ai import metrics
from efficient_ai.errors import BadModel

EXACT_DB = 200.0  # stands for "nothing changed", which JSON can't say


def outputs(content: bytes) -> list[np.ndarray]:
    """A model's answers, as a call left them in an .npz file that may hold anything: floats only, without pickles.

    Raises:
        BadModel: If it can't be read, or there is nothing in it.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            found = [np.asarray(file[f"out{i}"], np.float32) for i in range(len(file.files))]
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise BadModel(f"its answers can't be read: {str(error).splitlines()[0]}") from error
    if not found or any(one.ndim == 0 or not len(one) for one in found):
        raise BadModel("it gave no answers")
    return found


def class_output(outputs: Sequence[np.ndarray], labels: np.ndarray | None = None) -> int | None:
    """Which output names classes: the first of shape (n, classes), with a place for every label."""
    most = 1 if labels is None or not len(labels) else int(labels.max())
    return next((i for i, one in enumerate(outputs) if one.ndim == 2 and one.shape[1] > most), None)


def judge(outputs: Sequence[np.ndarray], reference: Sequence[np.ndarray], labels: np.ndarray | None) -> dict[str, Any]:
    """Judge a variant's answers to some examples.

    Args:
        outputs: Its answers, an array (n, ...) for each output.
        reference: What the source answers to the same examples, or to more.
        labels: Their classes, or None.

    Returns:
        "examples"; "sqnr_db", for each output, None where it isn't finite; and where an output names classes:
        "agreement" (with the source), and with labels "accuracy" and "accuracy_change" (against the source, paired).
        These are fractions with a 95% bootstrap interval.
    """
    count = min(len(outputs[0]), len(reference[0]))
    mine, theirs = [one[:count] for one in outputs], [one[:count] for one in reference]
    found: dict[str, Any] = {
        "examples": count,
        "sqnr_db": [_sqnr(a, b) for a, b in zip(mine, theirs, strict=True)],
        "agreement": None,
        "accuracy": None,
        "accuracy_change": None,
    }
    place = class_output(theirs, labels)
    if place is None:
        return found
    same = np.argmax(mine[place], axis=-1) == np.argmax(theirs[place], axis=-1)
    found["agreement"] = asdict(metrics.bootstrap_mean(same))
    if labels is not None:
        right, was_right = (metrics.correct(one[place], labels[:count]) for one in (mine, theirs))
        found["accuracy"] = asdict(metrics.bootstrap_mean(right))
        found["accuracy_change"] = asdict(metrics.paired_difference(right, was_right))
    return found


def _sqnr(values: np.ndarray, reference: np.ndarray) -> float | None:
    if not (np.isfinite(values).all() and np.isfinite(reference).all()) or values.shape != reference.shape:
        return None
    found = metrics.sqnr_db(values, reference)
    return min(found, EXACT_DB) if not math.isnan(found) and found > -math.inf else None
