"""How good a model is, how alike two are, and how sure one can be of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from efficient_ai.records import Interval


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of examples whose largest logit is that of their label.

    Args:
        logits: (n, classes).
        labels: Integer classes, (n,).
    """
    return float(np.mean(correct(logits, labels)))


def correct(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which examples are named rightly: bool (n,)."""
    if len(logits) != len(labels):
        raise ValueError(f"logits and labels must be equally many, got {len(logits)} and {len(labels)}")
    return np.argmax(logits, axis=-1) == labels


def per_class_accuracy(rightly: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The accuracy on the examples of each class.

    Args:
        rightly: bool (n,): see `correct`.
        labels: Integer classes from 0, (n,); each up to the largest occurs.

    Returns:
        Fractions, (classes,).

    Raises:
        ValueError: If they are not equally many, or a class has no example.
    """
    if np.shape(rightly) != np.shape(labels):
        raise ValueError(f"expected one label for each answer, got {np.shape(labels)} for {np.shape(rightly)}")
    counts = np.bincount(labels)
    if not len(counts) or not counts.all():
        raise ValueError(f"class {int(np.argmin(counts)) if len(counts) else 0} has no example: leave no class out")
    return np.bincount(labels, weights=np.asarray(rightly, np.float64)) / counts


def expected_calibration_error(logits: np.ndarray, labels: np.ndarray, *, bins: int = 15) -> float:
    """How far a net's confidence is from its accuracy: the mean distance over bins of equal width.

    Args:
        logits: (n, classes); confidence is the largest probability of their softmax.
        labels: Integer classes, (n,).
        bins: Of confidence, over (0, 1].

    Returns:
        A fraction: the distances weighted by how many examples each bin has.

    Raises:
        ValueError: If they are not equally many, there are none, or `bins` is below 1.

    Source: guo2017calibration, equation 3.
    """
    if bins < 1 or not len(logits):
        raise ValueError(f"expected at least one bin and one example, got {bins} and {len(logits)}")
    rightly = correct(logits, labels)
    shifted = np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True)
    confidence = 1 / np.exp(shifted).sum(axis=-1)
    at = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    distance = np.bincount(at, weights=rightly - confidence, minlength=bins)
    return float(np.abs(distance).sum() / len(rightly))


def agreement(logits: np.ndarray, reference: np.ndarray) -> float:
    """The fraction of examples on which two models name the same class, rightly or wrongly."""
    return accuracy(logits, np.argmax(reference, axis=-1))


def sqnr_db(values: np.ndarray, reference: np.ndarray) -> float:
    """Signal to quantization noise: the reference's power over that of the error, in decibels.

    Args:
        values: What came out after quantization.
        reference: What came out before; same shape.

    Returns:
        Decibels; infinite where nothing changed. Each bit of precision is worth about six.
    """
    noise = np.mean((np.asarray(values, np.float64) - reference) ** 2)
    signal = np.mean(np.asarray(reference, np.float64) ** 2)
    return float("inf") if noise == 0 else float(10 * np.log10(signal / noise))


def bits_per_byte(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How many bits a language model spends on a byte: minus the binary logarithm of the probability it gave to it.

    Args:
        logits: (n, steps, 256), for n windows of a text.
        targets: The bytes that came, integers, (n, steps).

    Returns:
        The mean of each window, (n,): neighbouring bytes are not independent, so `bootstrap_mean` wants windows.

    Raises:
        ValueError: If the shapes don't fit together.
    """
    if logits.shape[:2] != targets.shape:
        raise ValueError(f"logits must be {(*targets.shape, 256)}, got {logits.shape}")
    found = np.empty(len(targets))
    for i, (window, wanted) in enumerate(zip(logits, targets, strict=True)):
        shifted = window.astype(np.float64) - window.max(axis=-1, keepdims=True)
        chosen = np.take_along_axis(shifted, wanted[:, None].astype(np.int64), axis=-1)[:, 0]
        found[i] = np.mean(np.log2(np.exp(shifted).sum(axis=-1)) - chosen / np.log(2))
    return found


def accepts(scores: np.ndarray, *, threshold: float) -> np.ndarray:
    """How often a keyword spotter speaks up in pieces of a stream.

    Args:
        scores: The highest score of any keyword in each window of each piece, (pieces, windows).
        threshold: It speaks up where a score reaches this; windows in a row count once.

    Returns:
        Counts, integers (pieces,). In a stream without keywords they are false.
    """
    above = np.asarray(scores) >= threshold
    begins = above & ~np.pad(above, ((0, 0), (1, 0)))[:, :-1]
    return begins.sum(axis=1)


def bootstrap_mean(values: np.ndarray, *, seed: int = 0, samples: int = 2_000, confidence: float = 0.95) -> Interval:
    """The mean of independent values with its percentile bootstrap interval.

    Args:
        values: (n,), bools included.
        seed: Of the resampling.
        samples: How many resamples.
        confidence: In (0, 1).

    Source: efron1993introduction, chapter 13.
    """
    values = np.asarray(values, np.float64)
    random = np.random.default_rng(seed)
    means = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(samples)])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(values.mean()), float(low), float(high), confidence)


def paired_difference(first: np.ndarray, second: np.ndarray, *, seed: int = 0, confidence: float = 0.95) -> Interval:
    """How much more often `first` is right than `second` on the same examples, with a paired bootstrap interval.

    Both models meet the same hard examples, so the difference is known better than either accuracy.

    Args:
        first: bool (n,): see `correct`.
        second: The same for the model that it is compared with.
        seed: Of the resampling.
        confidence: In (0, 1).

    Returns:
        The difference of the two accuracies, a fraction.
    """
    if np.shape(first) != np.shape(second):
        raise ValueError(f"pairs must be equally many, got {np.shape(first)} and {np.shape(second)}")
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return bootstrap_mean(difference, seed=seed, confidence=confidence)


def examples_for(
    first: np.ndarray, second: np.ndarray, *, half_width: float, paired: bool = True, confidence: float = 0.95
) -> int:
    """How many test examples bring the interval of a difference of accuracies down to ± `half_width`.

    Args:
        first: bool (n,): see `correct`; a sample from which the scatter is estimated.
        second: The same for the other model, on the same examples.
        half_width: A fraction above 0: 0.005 is half a point.
        paired: Whether both models will see the same examples; otherwise each gets as many of its own.
        confidence: In (0, 1).

    Returns:
        z² · variance / half_width², rounded up: of the difference where paired, else the sum of both variances. By the
        normal approximation, so small results mean little.

    Raises:
        ValueError: If the samples differ in length, or a number is out of range.
    """
    if np.shape(first) != np.shape(second):
        raise ValueError(f"pairs must be equally many, got {np.shape(first)} and {np.shape(second)}")
    if not half_width > 0 or not 0 < confidence < 1:
        raise ValueError(f"half_width must be above 0 and confidence in (0, 1), got {half_width} and {confidence}")
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    variance = np.var(one - two) if paired else np.var(one) + np.var(two)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return int(np.ceil(z * z * variance / (half_width * half_width)))


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> tuple[int, ...]:
    """The points that no other point beats: none costs as little or less and gains as much or more.

    Args:
        costs: Lower is better.
        gains: Higher is better; as many.

    Returns:
        Indices, by rising cost. Of equal points the first stands.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i], i))
    front: list[int] = []
    for i in order:
        if not front or gains[i] > gains[front[-1]]:
            front.append(i)
    return tuple(front)


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's rank correlation, tau-b: how many more pairs two rankings order alike than oppositely.

    Args:
        first: Values, at least two different ones.
        second: As many values of the same things.

    Returns:
        1 where all pairs are ordered alike, -1 where all are ordered oppositely; ties count for neither.

    Raises:
        ValueError: If they are not equally many, or one of them orders nothing.

    Source: kendall1945treatment.
    """
    if len(first) != len(second):
        raise ValueError(f"rankings must be equally long, got {len(first)} and {len(second)}")
    one, two = (np.sign(np.subtract.outer(values, values)) for values in map(np.asarray, (first, second)))
    ordered = float(np.sqrt(np.abs(one).sum() * np.abs(two).sum()))
    if not ordered:
        raise ValueError("a ranking needs at least two different values")
    return float((one * two).sum() / ordered)


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation: the correlation of two rankings' places, where equal values share their mean place.

    Args:
        first: Values, at least two different ones.
        second: As many values of the same things.

    Returns:
        1 where both rank alike, -1 where they rank oppositely.

    Raises:
        ValueError: If they are not equally many, or one of them orders nothing.

    Source: spearman1904proof.
    """
    if len(first) != len(second):
        raise ValueError(f"rankings must be equally long, got {len(first)} and {len(second)}")
    places = []
    for values in map(np.asarray, (first, second)):
        _, same, counts = np.unique(values, return_inverse=True, return_counts=True)
        if len(counts) < 2:
            raise ValueError("a ranking needs at least two different values")
        places.append((np.cumsum(counts) - (counts + 1) / 2)[same])
    return float(np.corrcoef(*places)[0, 1])
