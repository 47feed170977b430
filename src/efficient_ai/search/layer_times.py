"""How long single layers take on this machine: each in a file of its own, all files in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from efficient_ai.errors import EfficientAIError
from efficient_ai.measure.latency import compare
from efficient_ai.records import LatencyStats, Variant
from efficient_ai.search.candidate_shapes import sample_layers
from efficient_ai.search.layer_shapes import PRECISIONS, LayerShape
from efficient_ai.search.one_layer import layer_file

COUNT = 120
RUNS, ROUNDS = 200, 20
# Files that differ only in how many tiny additions stand in a row: where their line meets zero is what a call costs.
CHAIN = (1, 2, 4, 8, 16)
LINK = LayerShape("add", 2, 2, 8, 8)


@dataclass(frozen=True)
class LayerTime:
    """One layer at one precision: microseconds of an inference of a file that holds this layer alone.

    The tenth percentile is what is learned: what the layer takes where nothing gets in its way. Beside other work the
    median moves by a third, and it by a few hundredths.
    """

    shape: LayerShape
    precision: str
    p10_us: float
    p50_us: float
    p90_us: float


@dataclass(frozen=True)
class LayerTimes:
    """Layers that were timed in turn. `call_us` is, by precision, what an inference takes besides its layers."""

    rows: tuple[LayerTime, ...]
    call_us: Mapping[str, float]
    engine: str
    threads: int
    runs: int
    cpu: str

    def layer_us(self) -> np.ndarray:
        """Microseconds of each row's layer, the call taken off, (rows,); what the clock can't tell from nothing is
        a tenth of a call."""
        calls = np.array([self.call_us[row.precision] for row in self.rows])
        return np.maximum(np.array([row.p10_us for row in self.rows]) - calls, 0.1 * calls)


def measured_layers(
    shapes: Sequence[LayerShape] | None = None,
    *,
    precisions: Sequence[str] = PRECISIONS,
    runs: int = RUNS,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> LayerTimes:
    """Time layers one by one on LiteRT with one thread.

    No converter is asked: a layer's file is written directly (`layer_file`), with random weights. The engine's
    process holds all files, and each has a short turn in every round, so that a slow moment falls on many.

    Args:
        shapes: Layers; by default a sample of those of the table's nets.
        precisions: Of `PRECISIONS`.
        runs: Timed inferences of each file, at least 50 and a multiple of `rounds`.
        rounds: How often each has its turn.
        seed: Of the sample, the weights and the order of the turns.

    Returns:
        A row for each shape at each precision, shapes first.

    Raises:
        EngineMissing: If LiteRT isn't installed.
        EfficientAIError: If it refuses a layer.
        ValueError: If there is no shape or precision, or a number or a precision doesn't suit.
    """
    shapes = sample_layers(COUNT, seed=seed) if shapes is None else tuple(shapes)
    if not shapes or not precisions:
        raise ValueError(f"expected at least one layer and one precision, got {len(shapes)} and {len(precisions)}")
    wanted = [(shape, precision, 1) for precision in precisions for shape in shapes]
    wanted += [(LINK, precision, copies) for precision in precisions for copies in CHAIN]
    files = [
        Variant("layer", precision, layer_file(shape, precision=precision, copies=copies, seed=seed), str(number))
        for number, (shape, precision, copies) in enumerate(wanted)
    ]
    found = compare(files, runs=runs, rounds=rounds, warmup=5, seed=seed)
    for row, (shape, precision, _) in zip(found, wanted, strict=True):
        if not isinstance(row, LatencyStats):
            raise EfficientAIError(f"LiteRT can't time {shape} in {precision}: {row}")
    stats = dict(zip(wanted, found, strict=True))
    return LayerTimes(
        rows=tuple(
            LayerTime(shape, precision, *(1e3 * stats[shape, precision, 1].percentile_ms(p) for p in (10, 50, 90)))
            for shape in shapes
            for precision in precisions
        ),
        call_us={
            precision: _intercept(CHAIN, [1e3 * stats[LINK, precision, copies].percentile_ms(10) for copies in CHAIN])
            for precision in precisions
        },
        engine="litert",
        threads=1,
        runs=runs,
        cpu=found[0].cpu,
    )


def _intercept(counts: Sequence[int], times: Sequence[float]) -> float:
    """Where the line through the times meets a count of zero; the median over all pairs, which an odd one can't move.

    Never below half of the shortest time: a call isn't free.
    """
    pairs = [(i, j) for j in range(len(counts)) for i in range(j)]
    meets = [(times[i] * counts[j] - times[j] * counts[i]) / (counts[j] - counts[i]) for i, j in pairs]
    return float(max(np.median(meets), 0.1 * min(times)))
