"""Equalization: channels are scaled against one another, so that one range fits all of them.

Between two layers nobody fixes how large a channel is: what the first multiplies by s, the second can divide by s.
Training leaves channels of very different sizes, and an int8 activation has one scale for all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from efficient_ai.compress.calibrate import Calibrated
from efficient_ai.compress.flat_ranges import WEIGHTED, QuantizedFile, Weighted

PASSING = frozenset(("PAD", "ADD", "MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE", "RELU", "RELU6"))
CAPS = {"NONE": None, "RELU": None, "RELU6": 6.0}


@dataclass
class Stream:
    """Tensors whose channels must have the same sizes: what layers write, up to where others read it."""

    tensors: set[int]
    writers: list[Weighted] = field(default_factory=list)
    readers: list[Weighted] = field(default_factory=list)
    cap: float | None = None


def equalize(seen: Calibrated, *, strength: float = 0.5, limit: float = 64.0) -> Calibrated:
    """Scale channels against one another, in the float32 and in the int8 file.

    A channel that is smaller than the largest of its tensor is scaled up, and the weights that read it are divided by
    the same factor. Where these belong to a depthwise layer, whose channels have a scale each, that costs nothing and
    the channel is made as large as the largest; elsewhere weights of a row share a scale, and `strength` divides the
    unevenness between activations and weights. A ReLU6 cuts at 6 whatever the channel's size, so a channel is scaled
    until the largest value that was seen just touches 6, and never further.

    Args:
        seen: From `observe`.
        strength: In [0, 1]: the power to which factors are raised where weights share a scale.
        limit: The largest factor.

    Returns:
        Both files with other weights: the float32 one gives the same as before on the calibration set. The int8 one
        has its old ranges: `fit_ranges` comes next.

    Raises:
        ValueError: If `strength` is outside [0, 1].

    Source: nagel2019datafree, section 4.1, for weights; meller2019same, section 4, for activations.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in [0, 1], got {strength}")
    large = QuantizedFile.read(seen.large.content)
    factors: dict[int, np.ndarray] = {}
    for stream in streams(large):
        peaks = np.max([np.maximum(-seen.lows[n], seen.highs[n]) for n in stream.tensors], axis=0)
        top = peaks.max()
        if stream.cap is None and top > 0:
            up = np.clip(top / np.maximum(peaks, top / limit), 1, limit) ** strength
            factors.update(dict.fromkeys(stream.tensors, up))
    return _rescaled(seen, factors)


def _rescaled(seen: Calibrated, factors: dict[int, np.ndarray]) -> Calibrated:
    """Both files and what was seen, with the channels of some tensors larger by their factors."""
    one = np.ones(1)
    large, small = QuantizedFile.read(seen.large.content), QuantizedFile.read(seen.small.content)
    for layer, twin in zip(large.weighted(), small.weighted(), strict=True):
        before, after = factors.get(layer.source, one), factors.get(layer.output, one)
        weights = large.real(layer.weights)
        bias = None if layer.bias is None else large.real(layer.bias) * after
        if layer.kind == "DEPTHWISE_CONV_2D":
            weights = weights * (after / before)
        else:
            weights = weights * np.reshape(after, (-1, *[1] * (weights.ndim - 1))) / before
        for file, at in ((large, layer), (small, twin)):
            file.set_weights(at, weights)
            if bias is not None:
                file.set_bias(at, bias)

    def scaled(by_tensor: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        return {n: values * factors.get(n, one) for n, values in by_tensor.items()}

    return dataclasses.replace(
        seen,
        small=dataclasses.replace(seen.small, content=bytes(small.content)),
        large=dataclasses.replace(seen.large, content=bytes(large.content)),
        samples=scaled(seen.samples),
        lows=scaled(seen.lows),
        highs=scaled(seen.highs),
        means=scaled(seen.means),
    )


def streams(file: QuantizedFile) -> tuple[Stream, ...]:
    """The groups of tensors of a float32 file whose channels may be scaled.

    Tensors that an operator passes on channel by channel belong together. A group that holds the model's input or
    output, or meets an operator that would notice, is left out.
    """
    graph = file.graph
    parent, pinned = list(range(len(graph.tensors))), {*graph.inputs, *graph.outputs}
    caps: dict[int, float] = {}

    def find(at: int) -> int:
        while parent[at] != at:
            at = parent[at]
        return at

    for number, op in enumerate(graph.operators):
        reads = [n for n in op.inputs if n is not None and not graph.tensors[n].constant]
        channels = {graph.tensors[n].shape[-1:] for n in (*reads, *op.outputs)}
        activation = file.activation(number)
        known = activation in CAPS and (op.operator in WEIGHTED or (op.operator in PASSING and len(channels) == 1))
        if op.operator == "ADD" and len(reads) < 2:
            known = False  # a constant is added, which would have to grow as well
        if op.operator == "DEPTHWISE_CONV_2D" and len(channels) > 1:
            known = False
        if not known:
            pinned |= {*reads, *op.outputs}
        elif op.operator in PASSING:
            for n in (*reads, *op.outputs):
                parent[find(n)] = find(op.outputs[0])
        cap = 6.0 if op.operator == "RELU6" else CAPS.get(activation)
        if cap is not None:
            caps[op.outputs[0]] = cap
    groups: dict[int, Stream] = {}
    for n in {*graph.inputs, *(t for op in graph.operators for t in op.outputs)}:
        groups.setdefault(find(n), Stream(set())).tensors.add(n)
    for layer in file.weighted():
        groups[find(layer.output)].writers.append(layer)
        groups[find(layer.source)].readers.append(layer)
    for stream in groups.values():
        stream.cap = min((caps[n] for n in stream.tensors if n in caps), default=None)
    return tuple(s for s in groups.values() if not s.tensors & pinned and s.writers and s.readers)
