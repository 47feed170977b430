"""How many queries a percentile needs: MLPerf's early stopping, computed from the binomial tail."""

from __future__ import annotations

import math

CONFIDENCE = 0.99


def early_stopping_queries(percentile: float, *, confidence: float = CONFIDENCE, over: int = 1) -> int:
    """The smallest number of queries from which a percentile can be claimed, when `over` of them were slower.

    Suppose that a latency were not the percentile that we say: that more than 1 − percentile of all queries take
    longer. Then among n queries the number that took longer would follow a binomial distribution with at least this
    chance, and only `over` or fewer slow ones would be a stroke of luck. The rule asks that such luck has a
    probability of at most 1 − confidence, and LoadGen reports a latency that at least one query exceeded or reached.
    That gives 64 queries for the 90th percentile, and 662 for the 99th.

    Args:
        percentile: As a fraction in (0, 1), such as 0.9.
        confidence: In (0, 1).
        over: Queries that took longer than the latency that is claimed, at least 0.

    Returns:
        The number of queries.

    Raises:
        ValueError: If an argument is out of range.

    Source: mlcommons2025inferencerules, early stopping.
    """
    _check(percentile, confidence)
    if over < 0:
        raise ValueError(f"over must be at least 0, got {over}")
    low, high = over, over + 1
    while luck(high, over, percentile) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if luck(middle, over, percentile) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def early_stopping_discards(queries: int, percentile: float, *, confidence: float = CONFIDENCE) -> int | None:
    """How many of the slowest queries may be left out before the slowest that remains is the percentile's estimate.

    Args:
        queries: Processed in all.
        percentile: As a fraction in (0, 1).
        confidence: In (0, 1).

    Returns:
        The number, 0 or more; None where the queries are too few for any estimate.

    Raises:
        ValueError: If an argument is out of range.

    Source: mlcommons2025inferencerules, early stopping.
    """
    _check(percentile, confidence)
    if queries < 0:
        raise ValueError(f"queries must be at least 0, got {queries}")
    over = 0
    while over < queries and luck(queries, over + 1, percentile) <= 1 - confidence:
        over += 1
    return over - 1 if over else None


def luck(queries: int, over: int, percentile: float) -> float:
    """The probability of at most `over` slow queries among `queries`, each slow with chance 1 − percentile."""
    if over >= queries:
        return 1.0
    slow, fast = math.log1p(-percentile), math.log(percentile)
    return math.fsum(
        math.exp(
            math.lgamma(queries + 1)
            - math.lgamma(k + 1)
            - math.lgamma(queries - k + 1)
            + k * slow
            + (queries - k) * fast
        )
        for k in range(over + 1)
    )


def _check(percentile: float, confidence: float) -> None:
    for name, value in (("percentile", percentile), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be a fraction in (0, 1), got {value}")
