"""A candidate's layers from its eight numbers and words: what `layers_of(build(candidate))` reads, without a model."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from efficient_ai.search.layer_shapes import KINDS, LayerShape
from efficient_ai.search.nets import CLASSES, SIDE
from efficient_ai.search.space import Candidate
from efficient_ai.search.table import MOST_MACS, places


def candidate_layers(candidate: Candidate) -> tuple[LayerShape, ...]:
    """The layers that an interpreter runs for a candidate, in order."""
    return tuple(_layers(candidate))


def _layers(candidate: Candidate) -> Iterator[LayerShape]:
    side, kernel = candidate.side, candidate.kernel
    if side < SIDE:
        yield LayerShape("pool", SIDE, SIDE, 3, 3, SIDE // side, SIDE // side)
    channels = candidate.width
    yield LayerShape("conv", side, side, 3, channels, 3)
    for stage in range(candidate.stages):
        filters = candidate.width * candidate.growth**stage
        for block in range(candidate.blocks):
            stride = 2 if stage and not block else 1
            yield from _BLOCKS[candidate.block](side, channels, filters, kernel, stride, candidate.expansion)
            side, channels = -(-side // stride), filters
    yield LayerShape("pool", side, side, channels, channels, side, side)
    yield LayerShape("dense", 1, 1, channels, CLASSES)


def _plain(side: int, inputs: int, outputs: int, kernel: int, stride: int, _: int) -> Iterator[LayerShape]:
    yield LayerShape("conv", side, side, inputs, outputs, kernel, stride)


def _separable(side: int, inputs: int, outputs: int, kernel: int, stride: int, _: int) -> Iterator[LayerShape]:
    yield LayerShape("depthwise", side, side, inputs, inputs, kernel, stride)
    yield LayerShape("conv", -(-side // stride), -(-side // stride), inputs, outputs)


def _residual(side: int, inputs: int, outputs: int, kernel: int, stride: int, _: int) -> Iterator[LayerShape]:
    after = -(-side // stride)
    yield LayerShape("conv", side, side, inputs, outputs, kernel, stride)
    yield LayerShape("conv", after, after, outputs, outputs, kernel)
    if (side, inputs) != (after, outputs):
        yield LayerShape("conv", side, side, inputs, outputs, 1, stride)
    yield LayerShape("add", after, after, outputs, outputs)


def _inverted(side: int, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> Iterator[LayerShape]:
    after, wide = -(-side // stride), inputs * expansion
    yield LayerShape("conv", side, side, inputs, wide)
    yield LayerShape("depthwise", side, side, wide, wide, kernel, stride)
    yield LayerShape("conv", after, after, wide, outputs)
    if (side, inputs) == (after, outputs):
        yield LayerShape("add", after, after, outputs, outputs)


_BLOCKS = {"plain": _plain, "separable": _separable, "residual": _residual, "inverted": _inverted}


def table_layers() -> tuple[LayerShape, ...]:
    """Every different layer of the table's nets that were trained, small kinds first, then by size."""
    nets = (candidate_layers(candidate) for candidate in places().values())
    found = {layer for layers in nets if sum(layer.macs for layer in layers) <= MOST_MACS for layer in layers}
    return tuple(sorted(found, key=dataclasses.astuple))


def sample_layers(count: int, *, seed: int = 0) -> tuple[LayerShape, ...]:
    """Draw layers of the table: of each kind the same share, so that a rare kind is there too.

    Args:
        count: How many, at least one of each kind.
        seed: Of the draw.

    Raises:
        ValueError: If there are fewer kinds or layers than asked for.
    """
    every = table_layers()
    if not len(KINDS) <= count <= len(every):
        raise ValueError(f"count must be in {len(KINDS)} to {len(every)}, the table's different layers; got {count}")
    order = random.Random(seed)
    found: list[LayerShape] = []
    for place, kind in enumerate(sorted(KINDS, key=lambda kind: -sum(layer.kind == kind for layer in every))):
        ours = [layer for layer in every if layer.kind == kind]
        wanted = max(1, round(count * len(ours) / len(every)))
        left = len(KINDS) - place - 1
        wanted = count - len(found) if not left else min(wanted, count - len(found) - left, len(ours))
        found += order.sample(ours, min(wanted, len(ours)))
    return tuple(found)
