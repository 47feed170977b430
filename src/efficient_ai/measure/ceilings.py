"""This machine's roofline, measured: the rate of a matrix product, the bandwidth of a copy; and where layers stand."""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai.hardware import Bandwidth, ComputeRate, Roofline, gemm_rate, memory_bandwidth
from efficient_ai.records import ModelCost


@dataclass(frozen=True)
class MeasuredCeilings:
    """The two measurements that a roofline is made of; the roof is their best run, the spread is in them."""

    rate: ComputeRate
    bandwidth: Bandwidth

    @property
    def roofline(self) -> Roofline:
        name = f"{self.rate.cpu}, {self.rate.threads} thread{'s' if self.rate.threads > 1 else ''}"
        return Roofline(name, self.rate.best_flop_per_s, self.bandwidth.best_bytes_per_s)

    @property
    def method(self) -> str:
        """How both were measured, in a sentence for a caption."""
        rate, copied = self.rate, self.bandwidth
        threads = f"{rate.threads} thread{'s' if rate.threads > 1 else ''}"
        return (
            f"{rate.dtype} products of {rate.n} × {rate.n} matrices in NumPy, best of {rate.runs} (median "
            f"{rate.median_flop_per_s / rate.best_flop_per_s:.0%} of it); copies of "
            f"{copied.buffer_bytes / 2**20:.0f} MiB, bytes read and written counted, best of {copied.runs} (median "
            f"{copied.median_bytes_per_s / copied.best_bytes_per_s:.0%}); {threads}; {rate.cpu}"
        )


@dataclass(frozen=True)
class LayerOnRoof:
    """One operator under a roof: counted operations for each counted byte, and the modelled rate that the roof allows.

    `bound_by` is "memory" left of the roof's bend and "arithmetic" right of it.
    """

    name: str
    operator: str
    ops: int
    moved_bytes: int
    attainable_ops_per_s: float
    bound_by: str

    @property
    def ops_per_byte(self) -> float:
        return self.ops / self.moved_bytes

    @property
    def least_seconds(self) -> float:
        """What the roof says it takes at least."""
        return self.ops / self.attainable_ops_per_s


def measure_ceilings(*, n: int = 1024, threads: int = 1, seconds: float = 1.0) -> MeasuredCeilings:
    """Measure this machine's arithmetic and its memory, one after the other, each in a process of its own.

    Args:
        n: Side of the square matrices.
        threads: Threads of both, at least 1.
        seconds: For each of the two, up to 3.

    Returns:
        Both measurements.

    Raises:
        ValueError: If an argument is out of range.
        MeasurementFailed: If a measuring process fails.

    Source: williams2009roofline.
    """
    rate = gemm_rate(n=n, threads=threads, seconds=seconds)
    return MeasuredCeilings(rate, memory_bandwidth(threads=threads, seconds=seconds))


def layers_on_roof(cost: ModelCost, roof: Roofline) -> tuple[LayerOnRoof, ...]:
    """Place a model's operators under a roof by what was counted: two operations a MAC; weights, inputs and outputs.

    Args:
        cost: Operator by operator.
        roof: Of a machine.

    Returns:
        Those operators that multiply, in their order.

    Source: williams2009roofline.
    """
    found = []
    for layer in cost.layers:
        moved = layer.weight_bytes + layer.input_bytes + layer.output_bytes
        if not layer.macs or not moved:
            continue
        intensity = 2 * layer.macs / moved
        rate = roof.attainable_ops_per_s(intensity)
        bound = "memory" if intensity < roof.ridge_ops_per_byte else "arithmetic"
        found.append(LayerOnRoof(layer.name, layer.operator, 2 * layer.macs, moved, rate, bound))
    return tuple(found)
