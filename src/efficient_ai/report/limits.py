"""What a call in a sandbox may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one call may use.

    `memory_bytes` is memory of its own, without what it shares with the fork server; `file_bytes` is one file's size.
    """

    seconds: float = 120.0
    cpu_seconds: int = 240
    memory_bytes: int = 6 * 2**30
    file_bytes: int = 2 * 2**30

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
