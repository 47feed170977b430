"""Modelled energy of an inference: operations and bytes moved, each at a published price.

It is a model, never a measurement. The prices are of arithmetic and memory alone in a 45 nm process of 2014: no
instruction fetch, no control, no leakage, no idle time. On a real microcontroller these cost hundreds of times more
than the arithmetic, so use the result for ratios between models, not for joules of a product.
"""

from __future__ import annotations

from dataclasses import dataclass

from efficient_ai import published
from efficient_ai.records import ModelCost

PRECISIONS = ("int8", "int32", "float16", "float32")

# Where a byte lives: the published figure, and the bytes that one such access moves.
_MEMORIES = {
    "sram_8kb": ("horowitz.sram_8kb_64bit", 8),
    "sram_32kb": ("horowitz.sram_32kb_64bit", 8),
    "sram_1mb": ("horowitz.sram_1mb_64bit", 8),
    "dram": ("han2015.energy_dram_32bit", 4),
    "dram_low": ("horowitz.dram_64bit_low", 8),
    "dram_high": ("horowitz.dram_64bit_high", 8),
}
MEMORIES = tuple(_MEMORIES)


@dataclass(frozen=True, kw_only=True)
class EnergyModel:
    """The assumptions: what a multiply-accumulate and a byte cost.

    A multiply-accumulate is one multiplication at `precision` and one addition at `accumulate` (the same precision
    where it is None; hardware for int8 mostly adds in int32). Weights are read from `weights_from`; inputs and outputs
    of every operator live in `activations_in`. `MEMORIES` names the levels: caches of three sizes, and DRAM as
    han2015learning reads Horowitz ("dram": 640 pJ for 32 bits) or at the ends of Horowitz's own range, 1.3 to 2.6 nJ
    for 64 bits ("dram_low", "dram_high").

    Source: horowitz2014computing, 45 nm, 0.9 V; han2015learning, figure 1.
    """

    precision: str = "int8"
    accumulate: str | None = None
    weights_from: str = "sram_1mb"
    activations_in: str = "sram_1mb"

    def __post_init__(self) -> None:
        _check("precision", self.precision, PRECISIONS)
        _check("accumulate", self.accumulate or self.precision, PRECISIONS)
        _check("weights_from", self.weights_from, MEMORIES)
        _check("activations_in", self.activations_in, MEMORIES)

    @property
    def pj_per_mac(self) -> float:
        """Modelled energy of one multiply-accumulate, in pJ."""
        multiply = published.figure(f"horowitz.multiply_{self.precision}").value
        return multiply + published.figure(f"horowitz.add_{self.accumulate or self.precision}").value

    @property
    def pj_per_weight_byte(self) -> float:
        """Modelled energy of reading a byte of weights, in pJ."""
        return memory_pj_per_byte(self.weights_from)

    @property
    def pj_per_activation_byte(self) -> float:
        """Modelled energy of reading or writing a byte of activations, in pJ."""
        return memory_pj_per_byte(self.activations_in)


@dataclass(frozen=True)
class ModelledEnergy:
    """Modelled energy of one inference, in microjoules, split into arithmetic and moving bytes."""

    model: str
    compute_uj: float
    memory_uj: float

    @property
    def total_uj(self) -> float:
        return self.compute_uj + self.memory_uj


def memory_pj_per_byte(memory: str) -> float:
    """Give the modelled energy of moving one byte.

    Args:
        memory: One of `MEMORIES`.

    Returns:
        Energy in pJ: the published energy of an access divided by its width.

    Raises:
        ValueError: If the memory is none of these.

    Source: horowitz2014computing; han2015learning, figure 1, for "dram".
    """
    _check("memory", memory, MEMORIES)
    key, access_bytes = _MEMORIES[memory]
    return published.figure(key).value / access_bytes


def modelled_energy(cost: ModelCost, assumptions: EnergyModel | None = None) -> ModelledEnergy:
    """Model the energy of one inference at batch 1.

    Every operator reads its weights and inputs once and writes its outputs once: a perfect cache within an operator
    and none between operators. Operators without multiply-accumulates cost only their bytes. The bytes are those of
    `cost`, so for an int8 model hand in the cost of its int8 form (a float32 model's bytes are four times as many).

    Args:
        cost: The model, operator by operator.
        assumptions: What a multiply-accumulate and a byte cost; `EnergyModel()` where it is None.

    Returns:
        The modelled energy in µJ. Where `cost.unknown_operators` names some, it is a lower bound.

    Source: horowitz2014computing.
    """
    prices = assumptions or EnergyModel()
    moved = sum(layer.input_bytes + layer.output_bytes for layer in cost.layers)
    memory_pj = cost.weight_bytes * prices.pj_per_weight_byte + moved * prices.pj_per_activation_byte
    return ModelledEnergy(cost.model, cost.macs * prices.pj_per_mac * 1e-6, memory_pj * 1e-6)


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
