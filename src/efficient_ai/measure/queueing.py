"""A stream's queue in simulated time: work arrives every hop, one server does it, and some of it is late.

The service times are somebody's measurements; what the queue makes of them is modelled, on no clock at all.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from efficient_ai import published

ARRIVALS = ("periodic", "poisson")


@dataclass(frozen=True)
class QueueRun:
    """A simulated stream. `responses_ms` are the times from arrival to answer, of what wasn't dropped, in order."""

    name: str
    hop_ms: float
    deadline_ms: float
    arrived: int
    dropped: int
    longest_queue: int
    busy_ms: float
    span_ms: float
    responses_ms: tuple[float, ...] = field(repr=False)

    @property
    def late(self) -> int:
        """Answers that came after their deadline."""
        return sum(response > self.deadline_ms for response in self.responses_ms)

    @property
    def misses(self) -> int:
        """What was late or never answered."""
        return self.late + self.dropped

    @property
    def miss_share(self) -> float:
        return self.misses / self.arrived

    @property
    def utilisation(self) -> float:
        """The share of time in which the server worked."""
        return self.busy_ms / self.span_ms

    def percentile_ms(self, percent: float) -> float:
        """The response time below which `percent` (0 to 100) of the answers came; infinite where there are none."""
        return float(np.percentile(self.responses_ms, percent)) if self.responses_ms else math.inf


def simulate_queue(
    service_ms: float | Sequence[float],
    *,
    hop_ms: float,
    arrivals: int = 1_000,
    deadline_ms: float | None = None,
    places: int | None = None,
    pattern: str = "periodic",
    seed: int = 0,
    name: str = "",
) -> QueueRun:
    """Let work arrive and be served in order, by one server.

    Args:
        service_ms: What one piece takes: a number, or measured samples that are drawn from anew for each piece.
        hop_ms: Between two arrivals, on average where they are random; above 0.
        arrivals: How many, at least 1.
        deadline_ms: From arrival to answer; one hop where it is None.
        places: Pieces that may be there at once, the one in service included; who comes to a full house is dropped.
            None for as many as come.
        pattern: "periodic", as a microphone's frames are, or "poisson".
        seed: Of what is drawn.
        name: What is served.

    Returns:
        The modelled response times, the misses and the longest queue.

    Raises:
        ValueError: If an argument is out of range.
    """
    samples = np.atleast_1d(np.asarray(service_ms, np.float64))
    if not len(samples) or not (np.isfinite(samples) & (samples > 0)).all():
        raise ValueError(f"service_ms must be above 0, got {len(samples)} numbers")
    deadline = hop_ms if deadline_ms is None else deadline_ms
    if not hop_ms > 0 or not deadline > 0:
        raise ValueError(f"hop_ms and deadline_ms must be above 0, got {hop_ms} and {deadline}")
    if arrivals < 1 or (places is not None and places < 1):
        raise ValueError(f"arrivals and places must be at least 1, got {arrivals} and {places}")
    if pattern not in ARRIVALS:
        raise ValueError(f"pattern must be one of {', '.join(ARRIVALS)}, got {pattern!r}")
    rng = np.random.default_rng(seed)
    gaps = np.full(arrivals, hop_ms) if pattern == "periodic" else rng.exponential(hop_ms, arrivals)
    times = np.cumsum(gaps) - gaps[0]
    takes = rng.choice(samples, arrivals) if len(samples) > 1 else np.full(arrivals, samples[0])
    responses: list[float] = []
    ends: deque[float] = deque()  # of what is there, the one in service first
    dropped = longest = 0
    free_at = busy = 0.0
    for at, takes_ms in zip(times.tolist(), takes.tolist(), strict=True):
        while ends and ends[0] <= at:
            ends.popleft()
        if places is not None and len(ends) >= places:
            dropped += 1
            continue
        wait = max(0.0, free_at - at)
        free_at = at + wait + takes_ms
        busy += takes_ms
        responses.append(wait + takes_ms)
        ends.append(free_at)
        longest = max(longest, len(ends))
    span = max(free_at, float(times[-1]) + hop_ms)
    return QueueRun(name, hop_ms, deadline, arrivals, dropped, longest, busy, span, tuple(responses))


def steady_response_ms(service_ms: float, *, hop_ms: float, pattern: str = "periodic") -> float:
    """The mean response of a queue of constant service that has settled, in closed form.

    Periodic arrivals (D/D/1) wait for nobody as long as a piece takes no longer than a hop. Random ones (M/D/1) wait
    ρ·s / 2(1 − ρ) on average, with ρ = s / hop. From ρ = 1 on, no queue of random arrivals settles.

    Args:
        service_ms: What a piece takes, above 0.
        hop_ms: Mean time between arrivals, above 0.
        pattern: "periodic" or "poisson".

    Returns:
        Milliseconds; infinite where the queue grows for ever.

    Raises:
        ValueError: If an argument is out of range.
    """
    if not service_ms > 0 or not hop_ms > 0:
        raise ValueError(f"service_ms and hop_ms must be above 0, got {service_ms} and {hop_ms}")
    if pattern not in ARRIVALS:
        raise ValueError(f"pattern must be one of {', '.join(ARRIVALS)}, got {pattern!r}")
    load = service_ms / hop_ms
    if pattern == "periodic":
        return service_ms if load <= 1 else math.inf
    return service_ms * (1 + load / (2 * (1 - load))) if load < 1 else math.inf


def published_service_ms(board: str, task: str = "kws") -> float:
    """What an inference takes on a published board: one over its published throughput.

    Args:
        board: A prefix of `published`, such as "mlperf_tiny_v1_3.stm32l4r5".
        task: "kws", "ic", "vww" or "ad".

    Raises:
        UnknownFigure: If there is no such board or task.
    """
    return 1_000 / published.figure(f"{board}.{task}.throughput").value
