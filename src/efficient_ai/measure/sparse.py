"""Where sparse arithmetic pays: SciPy's compressed rows against NumPy's dense product, sparsity by sparsity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from efficient_ai import cache
from efficient_ai.compress import magnitude_mask
from efficient_ai.errors import EngineMissing
from efficient_ai.measure.latency import in_turn, ratio, timer_of
from efficient_ai.records import Interval, LatencyStats


@dataclass(frozen=True)
class SparseProduct:
    """One matrix product at one sparsity, both ways; `gain` is the dense time over the sparse one."""

    sparsity: float
    dense: LatencyStats
    sparse: LatencyStats
    gain: Interval


def sparse_products(
    weights: np.ndarray,
    activations: np.ndarray,
    sparsities: Sequence[float],
    *,
    runs: int = 100,
    rounds: int = 10,
    seed: int = 0,
) -> tuple[SparseProduct, ...]:
    """Multiply pruned weights with dense activations, once as they are and once without their zeros.

    Both sides are timed in turn, on one thread, with what a library's user gets: the dense product is NumPy's (BLAS),
    the sparse one SciPy's, from compressed rows (a value and an index for each weight that is left).

    Args:
        weights: float32, (outputs, inputs); pruned by magnitude.
        activations: float32, (inputs, columns); a fully connected layer at batch 1 has one column.
        sparsities: Fractions of zeros, in [0, 1).
        runs: Timed products of each kind at each sparsity, a multiple of `rounds`.
        rounds: How often everything has its turn.
        seed: Of the order of the turns, and of the bootstrap.

    Returns:
        A record for each sparsity.

    Raises:
        ValueError: If the shapes don't fit together, or the runs are no multiple of the rounds.
        EngineMissing: If SciPy or threadpoolctl isn't installed.
    """
    try:
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise EngineMissing("sparse products need SciPy: pip install scipy threadpoolctl") from error
    if weights.ndim != 2 or activations.ndim != 2 or weights.shape[1] != activations.shape[0]:
        raise ValueError(f"weights (m, k) and activations (k, n) wanted, got {weights.shape} and {activations.shape}")
    if rounds < 1 or runs < rounds or runs % rounds:
        raise ValueError(f"runs must be a multiple of rounds, got {runs} runs and {rounds} rounds")
    products: dict[tuple[int, str], Callable[[], np.ndarray]] = {}
    for number, sparsity in enumerate(sparsities):
        pruned = weights * magnitude_mask(weights, sparsity=sparsity)
        products[number, "dense"] = lambda pruned=pruned: pruned @ activations
        rows = csr_matrix(pruned)
        products[number, "sparse"] = lambda rows=rows: rows @ activations
    timers = {key: timer_of(product) for key, product in products.items()}
    with threadpool_limits(1):
        samples = in_turn(timers, runs=runs, warmup=1, rounds=rounds, seed=seed)

    def stats(number: int, kind: str) -> LatencyStats:
        engine = "NumPy" if kind == "dense" else "SciPy"
        return LatencyStats(kind, engine, "none", 1, cache.machine().cpu, 1, rounds, tuple(samples[number, kind]))

    pairs = [(stats(number, "dense"), stats(number, "sparse")) for number in range(len(sparsities))]
    return tuple(
        SparseProduct(sparsity, dense, sparse, ratio(dense, sparse, seed=seed))
        for sparsity, (dense, sparse) in zip(sparsities, pairs, strict=True)
    )


def break_even(products: Sequence[SparseProduct]) -> Interval:
    """The sparsity from which on the sparse product is the faster one.

    Between two sparsities the logarithm of the gain is taken to be a straight line.

    Args:
        products: By rising sparsity.

    Returns:
        Where the gain passes 1; `low` and `high` are where the upper and the lower ends of the gains' intervals do.

    Raises:
        ValueError: If the gain, or an end of its interval, never passes 1.
    """

    def crossing(gains: Sequence[float]) -> float:
        for (a, b), (one, two) in zip(pairwise(gains), pairwise(products), strict=True):
            if a <= 1 < b:
                share = -math.log(a) / (math.log(b) - math.log(a))
                return one.sparsity + share * (two.sparsity - one.sparsity)
        found = ", ".join(f"{p.sparsity}: {gain:.2f}" for p, gain in zip(products, gains, strict=True))
        raise ValueError(f"the gain doesn't pass 1 at these sparsities: {found}")

    value, low, high = (crossing([getattr(p.gain, end) for p in products]) for end in ("value", "high", "low"))
    return Interval(value, low, high)
