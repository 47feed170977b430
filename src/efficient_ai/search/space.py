"""A space of small picture classifiers, how to draw from it, and twelve of its nets that differ in kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# What each field of a candidate may be; a search chooses from these. `expansion` means something to "inverted" only.
CHOICES: dict[str, tuple[str, ...] | tuple[int, ...]] = {
    "block": ("plain", "residual", "separable", "inverted"),
    "width": (8, 12, 16, 24, 32, 48, 64, 96),
    "growth": (1, 2),
    "stages": (2, 3, 4),
    "blocks": (1, 2, 3, 4),
    "kernel": (3, 5),
    "expansion": (2, 4, 6),
    "side": (16, 32),
}


@dataclass(frozen=True)
class Candidate:
    """A net of the space, in eight numbers and words; `CHOICES` says what each may be.

    `block` is "plain" (one convolution), "residual" (two, with a shortcut around them), "separable" (depthwise, then
    1×1) or "inverted" (1×1 to `expansion` times the channels, depthwise, 1×1 back). The first stage has `width`
    channels, each further one `growth` times as many on half of the sides; a stage has `blocks` blocks with filters of
    `kernel` pixels. `side` is the resolution that the first layer sees: smaller than the picture, it is averaged.

    Raises:
        ValueError: If a field is not one of its choices.
    """

    block: str
    width: int
    growth: int = 2
    stages: int = 3
    blocks: int = 1
    kernel: int = 3
    expansion: int = 4
    side: int = 32

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(map(str, choices))}, got {getattr(self, name)!r}")


def sample(*, seed: int) -> Candidate:
    """Draw a candidate: each field uniformly from its choices.

    Args:
        seed: Of the draw; the same gives the same candidate.
    """
    random = np.random.default_rng(seed)
    return Candidate(**{name: choices[random.integers(len(choices))] for name, choices in CHOICES.items()})


# Few wide layers and many narrow ones, dense and depthwise, work at the first layers and at the last, many weights and
# few: from under a million multiply-accumulates to nearly thirty million, four of them between ten and fourteen.
CANDIDATES: dict[str, Candidate] = {
    "plain-8": Candidate("plain", 8),
    "plain-16-flat": Candidate("plain", 16, growth=1, stages=2, blocks=4),
    "plain-32": Candidate("plain", 32),
    "plain-48-half": Candidate("plain", 48, side=16),
    "residual-8": Candidate("residual", 8),
    "residual-16": Candidate("residual", 16),
    "residual-24": Candidate("residual", 24),
    "separable-12": Candidate("separable", 12),
    "separable-32": Candidate("separable", 32),
    "separable-96-half": Candidate("separable", 96, blocks=2, side=16),
    "inverted-8-deep": Candidate("inverted", 8, blocks=3, expansion=2),
    "inverted-16": Candidate("inverted", 16),
}
