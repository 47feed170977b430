"""Calibration by hand: look at a float model's activations, choose their ranges, write them into the int8 file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from efficient_ai.compress.flat_ranges import QuantizedFile, Weighted
from efficient_ai.errors import BadModel
from efficient_ai.numerics.ranges import affine_over, choose_range
from efficient_ai.records import Variant

SAMPLED = 4096


@dataclass(frozen=True)
class Calibrated:
    """A model's int8 file, its float32 file, and what each activation of the latter held on a calibration set.

    By tensor number of the float32 file: `samples` (k, channels), up to about 4,096 values of each example; `lows`,
    `highs` and `means` by channel, over everything. `twins` gives for a tensor of the int8 file that of the other.
    """

    small: Variant
    large: Variant
    twins: dict[int, int] = field(repr=False)
    samples: dict[int, np.ndarray] = field(repr=False)
    lows: dict[int, np.ndarray] = field(repr=False)
    highs: dict[int, np.ndarray] = field(repr=False)
    means: dict[int, np.ndarray] = field(repr=False)


def observe(small: Variant, large: Variant, calibration_set: np.ndarray, *, seed: int = 0) -> Calibrated:
    """Run a float32 file and keep of each activation what choosing a range needs.

    Args:
        small: The int8 variant of a model.
        large: Its float32 variant.
        calibration_set: (n, ...), float32, from the training data.
        seed: Of the sample.

    Returns:
        Both files with what was seen.

    Raises:
        ValueError: If the calibration set is empty.
        BadModel: If the two are not an int8 and a float32 variant of one model.
    """
    if len(calibration_set) == 0:
        raise ValueError(f"the calibration set is empty, shape {calibration_set.shape}: give a few training examples")
    if (small.precision, large.precision) != ("int8", "float32"):
        raise BadModel(f"expected an int8 and a float32 variant, got {small.precision} and {large.precision}")
    graph = QuantizedFile.read(large.content).graph
    twins = _twins(QuantizedFile.read(small.content), QuantizedFile.read(large.content))
    written = {*graph.inputs, *(n for op in graph.operators for n in op.outputs)}
    seen = sorted(n for n in written if graph.tensors[n].dtype == "FLOAT32" and not graph.tensors[n].constant)
    interpreter = open_file(large.content)
    random = np.random.default_rng(seed)
    samples: dict[int, list[np.ndarray]] = {n: [] for n in seen}
    lows, highs, means = {}, {}, {}
    for example in calibration_set:
        interpreter.set_tensor(graph.inputs[0], np.asarray(example, np.float32)[None])
        interpreter.invoke()
        for n in seen:
            values = interpreter.get_tensor(n)
            values = values.reshape(-1, values.shape[-1])
            step = max(1, values.size // SAMPLED)
            samples[n].append(values[random.integers(min(step, len(values))) :: step].copy())
            low, high, mean = values.min(axis=0), values.max(axis=0), values.mean(axis=0)
            lows[n] = np.minimum(lows[n], low) if n in lows else low
            highs[n] = np.maximum(highs[n], high) if n in highs else high
            means[n] = means.get(n, 0) + mean / len(calibration_set)
    joined = {n: np.concatenate(parts) for n, parts in samples.items()}
    return Calibrated(small, large, twins, joined, lows, highs, means)


def open_file(content: bytes, *, reference: bool = False) -> Any:
    """An interpreter that keeps every tensor, without delegates; with the reference kernels if asked."""
    import warnings

    import tensorflow as tf

    kinds = tf.lite.experimental.OpResolverType
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(
            model_content=bytes(content),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=kinds.BUILTIN_REF if reference else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    interpreter.allocate_tensors()
    return interpreter


def _twins(small: QuantizedFile, large: QuantizedFile) -> dict[int, int]:
    """For each tensor of the int8 file that of the float32 file; both files must have the same operators."""
    kinds = [[op.operator for op in f.graph.operators] for f in (small, large)]
    if kinds[0] != kinds[1]:
        raise BadModel(
            f"the int8 file has {len(kinds[0])} operators and the float32 file {len(kinds[1])}, or they differ in "
            "kind: convert both from the same model"
        )
    twins = dict(zip(small.graph.inputs, large.graph.inputs, strict=True))
    for one, other in zip(small.graph.operators, large.graph.operators, strict=True):
        pairs = zip((*one.inputs, *one.outputs), (*other.inputs, *other.outputs), strict=True)
        twins.update((a, b) for a, b in pairs if a is not None and b is not None)
    return twins


def fit_ranges(seen: Calibrated, how: str) -> Calibrated:
    """Write other activation ranges into the int8 file.

    Args:
        seen: From `observe`.
        how: See `numerics.choose_range`.

    Returns:
        The same with a new int8 file, as many bytes long. Tensors whose scale a kernel prescribes keep theirs.

    Raises:
        ValueError: If `how` is unknown.

    Source: krishnamoorthi2018quantizing, section 3.1.
    """
    small, grids = QuantizedFile.read(seen.small.content), {}
    for group in small.groups():
        members = [seen.twins[n] for n in group if seen.twins.get(n) in seen.samples]
        if members:
            values = np.concatenate([seen.samples[n].ravel() for n in members])
            extremes = min(seen.lows[n].min() for n in members), max(seen.highs[n].max() for n in members)
            low, high = choose_range(values, how, extremes=(float(extremes[0]), float(extremes[1])))
            grids.update(dict.fromkeys(group, affine_over(low, high)))
    content = bytes(small.with_grids(grids).content)
    return dataclasses.replace(seen, small=dataclasses.replace(seen.small, content=content))


def correct_bias(seen: Calibrated) -> Calibrated:
    """Take out of each layer's bias the mean error that its rounded weights make.

    A weight that was rounded up adds a little wherever its input is mostly of one sign; over a filter these errors
    needn't cancel. Their mean follows from the mean input, and can be subtracted.

    Args:
        seen: From `observe`.

    Returns:
        The same with a new int8 file, as many bytes long.

    Source: nagel2019datafree, section 4.2.
    """
    small, large = QuantizedFile.read(seen.small.content), QuantizedFile.read(seen.large.content)
    for layer in small.weighted():
        if layer.bias is not None:
            wrong = small.real(layer.weights) - large.real(seen.twins[layer.weights])
            shift = mean_error(layer, wrong, seen.means[seen.twins[layer.source]])
            small.set_bias(layer, large.real(seen.twins[layer.bias]) - shift)
    return dataclasses.replace(seen, small=dataclasses.replace(seen.small, content=bytes(small.content)))


def mean_error(layer: Weighted, wrong: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What an error in the weights adds to each output channel where the input is everywhere at its mean."""
    if layer.kind == "DEPTHWISE_CONV_2D":
        return wrong.sum(axis=(0, 1, 2)) * np.repeat(mean, wrong.shape[3] // len(mean))
    return wrong.reshape(len(wrong), -1, wrong.shape[-1]).sum(axis=1) @ np.resize(mean, wrong.shape[-1])
