"""What a report is made of: the command's options, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from efficient_ai.errors import EfficientAIError


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a report is made of: options of the command.

    `shapes` has the shape with batch 1 of inputs that are open, by name ("" for the only one). `sparsity` in [0, 1)
    and `bits` are those of the pruned and the clustered variant. `latency_s` bounds the timed inferences.
    """

    data: Path | None = None
    budget: str | None = None
    shapes: Mapping[str, list[int]] = field(default_factory=dict)
    sparsity: float = 0.5
    bits: int = 4
    threads: int = 1
    latency_s: float = 30.0
    step_s: float = 120.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.sparsity < 1:
            raise EfficientAIError(f"sparsity must be in [0, 1), got {self.sparsity}")
        if not 1 <= self.bits <= 16:
            raise EfficientAIError(f"bits must be in 1 to 16, got {self.bits}")
        if self.threads < 1:
            raise EfficientAIError(f"threads must be at least 1, got {self.threads}")
