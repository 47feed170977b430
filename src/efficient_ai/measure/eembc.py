"""EEMBC's rules as code: what ULPMark-ML and MLMark would report for latencies that were measured here.

Each rule reads another number out of the same samples; none of what comes out is an EEMBC score, since their runners
and data sets weren't used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from efficient_ai.measure.early_stopping import early_stopping_discards
from efficient_ai.measure.mlperf_tiny import WINDOW_S, WINDOWS, RuleCheck
from efficient_ai.records import LatencyStats

ULPMARK_INPUTS, ULPMARK_S, ULPMARK_ITERATIONS = 5, 10.0, 10
ULPMARK_TIMER_HZ = 1_000.0
ULPMARK_BAUD = {"performance": 115_200, "energy": 9_600}
MLMARK_ITERATIONS, MLMARK_IMAGES, MLMARK_DIGITS = 1_024, 5_000, 3
MLPERF_PERCENTILE = 0.90


@dataclass(frozen=True)
class RuleScore:
    """What one rule makes of measured samples: a latency in its own sense, as a rate too, and the rule's checks."""

    rule: str
    reports: str
    latency_ms: float
    checks: tuple[RuleCheck, ...]

    @property
    def per_s(self) -> float:
        return 1_000 / self.latency_ms

    @property
    def kept(self) -> bool:
        """Whether no check was missed; what couldn't be evaluated doesn't count against it."""
        return all(check.verdict != "missed" for check in self.checks)


def ulpmark_ml(samples_ms: Sequence[float], *, timer_hz: float = ULPMARK_TIMER_HZ) -> RuleScore:
    """ULPMark-ML's performance: five inputs, each inferred for at least 10 s or 10 times, the median rate.

    The samples are cut into five stretches, which stand for the inputs; each is timed as a whole with a clock that
    ticks `timer_hz` times a second, so a fast model needs a long stretch.

    Args:
        samples_ms: Latencies in the order in which they were taken, at least five, all above 0.
        timer_hz: Ticks of the clock a second; the rule asks for 1,000.

    Returns:
        The median stretch's time an inference.

    Raises:
        ValueError: If an argument is out of range.

    Source: eembc2021energyrunner.
    """
    samples = _samples(samples_ms, ULPMARK_INPUTS)
    if not timer_hz > 0:
        raise ValueError(f"timer_hz must be above 0, got {timer_hz}")
    stretches = np.array_split(samples, ULPMARK_INPUTS)
    tick_ms = 1_000 / timer_hz
    rates = [len(one) / (max(1, math.floor(one.sum() / tick_ms)) * tick_ms) for one in stretches]
    fewest, shortest = min(map(len, stretches)), min(float(one.sum()) for one in stretches) / 1_000
    enough = fewest >= ULPMARK_ITERATIONS or shortest >= ULPMARK_S
    tick_share = tick_ms / (1_000 * shortest)
    return RuleScore(
        "ULPMark-ML",
        "median of five inputs' rate",
        1 / median(rates),
        (
            _check(f"{ULPMARK_S:g} s or {ULPMARK_ITERATIONS} iterations", enough, f"{fewest} in {shortest:.3f} s"),
            _check(
                f"timer of at least {ULPMARK_TIMER_HZ:,.0f} Hz",
                timer_hz >= ULPMARK_TIMER_HZ,
                f"{timer_hz:,.0f} Hz: one tick is {100 * tick_share:.2g}% of the shortest stretch",
            ),
        ),
    )


def mlmark(samples_ms: Sequence[float], *, images: int | None = None) -> RuleScore:
    """MLMark's latency: the 95th percentile at batch 1 of more than 1,024 iterations, to three significant figures.

    Args:
        samples_ms: Latencies, all above 0.
        images: How many test images the accuracy was measured on; None where it wasn't.

    Returns:
        The 95th percentile, rounded as the rule does.

    Raises:
        ValueError: If there are no samples, or one isn't above 0.

    Source: eembc2019mlmark.
    """
    samples = _samples(samples_ms, 1)
    rule = f"accuracy on {MLMARK_IMAGES:,} images"
    if images is None:
        judged = RuleCheck(rule, "not evaluated", "no accuracy was given")
    else:
        judged = _check(rule, images >= MLMARK_IMAGES, f"{images:,} images")
    many = _check(f"more than {MLMARK_ITERATIONS:,} iterations", len(samples) > MLMARK_ITERATIONS, f"{len(samples):,}")
    return RuleScore(
        "MLMark", "95th percentile of latency", significant(float(np.percentile(samples, 95))), (many, judged)
    )


def mlperf_single_stream(samples_ms: Sequence[float]) -> RuleScore:
    """MLPerf's SingleStream: the 90th percentile that early stopping allows, or the plain one where there are too few.

    Raises:
        ValueError: If there are no samples, or one isn't above 0.

    Source: mlcommons2025inferencerules.
    """
    samples = np.sort(_samples(samples_ms, 1))
    dropped = early_stopping_discards(len(samples), MLPERF_PERCENTILE)
    latency = np.percentile(samples, 100 * MLPERF_PERCENTILE) if dropped is None else samples[-1 - dropped]
    check = _check("enough queries for early stopping", dropped is not None, f"{len(samples):,} queries")
    return RuleScore("MLPerf SingleStream", "90th percentile, early stopping", float(latency), (check,))


def mlperf_tiny_rate(samples_ms: Sequence[float]) -> RuleScore:
    """MLPerf Tiny's rate: the median of five windows, here five stretches of the samples.

    Raises:
        ValueError: If there are fewer than five samples, or one isn't above 0.

    Source: mlcommons2025tinyrules.
    """
    windows = np.array_split(_samples(samples_ms, WINDOWS), WINDOWS)
    shortest = min(float(one.sum()) for one in windows) / 1_000
    check = _check(f"windows of at least {WINDOW_S:g} s", shortest >= WINDOW_S, f"shortest {shortest:.3f} s")
    return RuleScore("MLPerf Tiny", "median of five windows' rate", median(float(w.mean()) for w in windows), (check,))


def rule_scores(stats: LatencyStats | Sequence[float], *, images: int | None = None) -> tuple[RuleScore, ...]:
    """What four rules report for the same measured samples.

    Args:
        stats: A row of `measure.compare`, or its samples in ms.
        images: As for `mlmark`.

    Returns:
        ULPMark-ML, MLPerf Tiny, MLPerf SingleStream, MLMark.

    Raises:
        ValueError: If there are fewer than five samples, or one isn't above 0.
    """
    samples = stats.samples_ms if isinstance(stats, LatencyStats) else stats
    return (
        ulpmark_ml(samples),
        mlperf_tiny_rate(samples),
        mlperf_single_stream(samples),
        mlmark(samples, images=images),
    )


def serial_seconds(payload_bytes: int, *, mode: str = "energy", bits_a_byte: int = 10) -> float:
    """How long the serial line needs for an input: why it is loaded before the clock starts.

    Args:
        payload_bytes: Of the input, at least 0.
        mode: "performance", at 115,200 baud, or "energy", at 9,600.
        bits_a_byte: On the line: eight, a start and a stop.

    Raises:
        ValueError: If an argument is out of range.

    Source: eembc2021energyrunner.
    """
    if mode not in ULPMARK_BAUD:
        raise ValueError(f"mode must be one of {', '.join(ULPMARK_BAUD)}, got {mode!r}")
    if payload_bytes < 0:
        raise ValueError(f"payload_bytes must be at least 0, got {payload_bytes}")
    return payload_bytes * bits_a_byte / ULPMARK_BAUD[mode]


def significant(value: float, digits: int = MLMARK_DIGITS) -> float:
    """A number rounded to so many significant figures."""
    return float(f"{value:.{digits}g}")


def _check(rule: str, kept: bool, detail: str) -> RuleCheck:
    return RuleCheck(rule, "met" if kept else "missed", detail)


def _samples(samples_ms: Sequence[float], least: int) -> np.ndarray:
    samples = np.asarray(samples_ms, np.float64)
    if len(samples) < least or not (samples > 0).all():
        raise ValueError(f"samples_ms must be at least {least} numbers above 0, got {len(samples)} numbers")
    return samples
