"""A Keras model as plain steps with NumPy arrays: what crosses to an environment that has no TensorFlow.

The layout changes on the way: Keras has channels last and kernels (height, width, in, out), PyTorch has channels
first and kernels (out, in, height, width). Padding is written out in pixels, since TensorFlow's "same" puts the odd
pixel after, and PyTorch's before and after alike.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

NOTHING = ("Dropout", "SpatialDropout2D", "GaussianNoise", "InputLayer")


@dataclass(frozen=True, eq=False)
class Step:
    """One operation: it reads tensors by number and writes one. `arrays` are float32, in PyTorch's layout."""

    kind: str
    inputs: tuple[int, ...]
    output: int
    options: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Steps:
    """A model for one sample: tensor 0 is the input, in Keras's layout (1, height, width, channels)."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    output: int
    steps: tuple[Step, ...]

    def to_bytes(self) -> bytes:
        """As the content of an .npz file."""
        head = {
            "name": self.name,
            "input_shape": self.input_shape,
            "output_shape": self.output_shape,
            "output": self.output,
            "steps": [[s.kind, s.inputs, s.output, s.options] for s in self.steps],
        }
        arrays = {f"{i}.{name}": value for i, s in enumerate(self.steps) for name, value in s.arrays.items()}
        buffer = io.BytesIO()
        np.savez(buffer, head=np.array(json.dumps(head)), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Steps:
        """What `to_bytes` wrote.

        Raises:
            BadModel: If the content is something else.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                head = json.loads(str(stored["head"]))
                arrays: dict[int, dict[str, np.ndarray]] = {}
                for key in stored.files:
                    number, _, name = key.partition(".")
                    if name:
                        arrays.setdefault(int(number), {})[name] = stored[key]
            steps = tuple(
                Step(kind, tuple(reads), output, options, arrays.get(i, {}))
                for i, (kind, reads, output, options) in enumerate(head.pop("steps"))
            )
            shapes = {key: tuple(head.pop(key)) for key in ("input_shape", "output_shape")}
            return cls(**head, **shapes, steps=steps)
        except Exception as error:
            raise BadModel(f"expected the content of a carried model (.npz), got something else: {error}") from error


def carry(model: keras.Model) -> Steps:
    """Write a Keras model as steps.

    Args:
        model: Functional or sequential, one input and one output; stays as it is.

    Returns:
        The same computation, inference only: dropout is gone.

    Raises:
        BadModel: If a layer isn't known here; the message names it.
    """
    from efficient_ai.cost.keras_graph import read

    graph = read(model, None)
    if (len(graph.inputs), len(graph.outputs)) != (1, 1):
        raise BadModel(f"expected one input and one output, got {len(graph.inputs)} and {len(graph.outputs)}")
    steps: list[Step] = []
    same: dict[int, int] = {graph.inputs[0]: 0}  # Keras's number of a tensor: ours
    count = 1
    for call in graph.calls:
        kind = type(call.layer).__name__
        reads = tuple(same[number] for number in call.inputs)
        if kind in NOTHING or (kind == "Activation" and _activation(call.layer) == "linear"):
            same[call.outputs[0]] = reads[0]
            continue
        if kind not in LAYERS:
            raise BadModel(f"layer {call.name} is a {kind}, which isn't carried over: known are {', '.join(LAYERS)}")
        shape = tuple(graph.tensors[call.inputs[0]].shape)
        for made in LAYERS[kind](call.layer, shape):
            what, options, arrays = made
            steps.append(Step(what, reads, count, options, {k: _float32(v) for k, v in arrays.items()}))
            reads, count = (count,), count + 1
        same[call.outputs[0]] = reads[0]
    ends = graph.outputs[0]
    shapes = (tuple(graph.tensors[graph.inputs[0]].shape), tuple(graph.tensors[ends].shape))
    return Steps(model.name, *shapes, same[ends], tuple(_pads_joined(steps, same[ends])))


def _pads_joined(steps: Sequence[Step], end: int) -> list[Step]:
    """Give a border of zeros to the convolution behind it, where nothing else reads it: the same sums, a step fewer."""
    read = Counter(number for step in steps for number in step.inputs)
    borders = {s.output: s for s in steps if s.kind == "pad" and read[s.output] == 1 and s.output != end}
    joined: list[Step] = []
    for step in steps:
        border = borders.get(step.inputs[0])
        if border and step.kind == "convolve":
            joined.remove(border)
            pads = [a + b for a, b in zip(step.options["pads"], border.options["pads"], strict=True)]
            step = replace(step, inputs=border.inputs, options={**step.options, "pads": pads})
        joined.append(step)
    return joined


Made = list[tuple[str, dict[str, Any], dict[str, Any]]]


def _float32(value: Any) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(value, np.float32))


def _activation(layer: Any) -> str:
    return getattr(layer.activation, "__name__", str(layer.activation))


def _activated(layer: Any, made: Made) -> Made:
    """The steps of a layer with those of its `activation=` argument."""
    kinds = {"linear": [], "relu": [("relu", {"most": None}, {})], "relu6": [("relu", {"most": 6.0}, {})]}
    kinds["softmax"] = [("softmax", {}, {})]
    name = _activation(layer)
    if name not in kinds:
        raise BadModel(f"layer {layer.name} has the activation {name}, which isn't carried over: {', '.join(kinds)}")
    return made + kinds[name]


def _pads(layer: Any, shape: tuple[int, ...], window: tuple[int, int], dilation: tuple[int, int]) -> list[int]:
    """Pixels before and after, height first, as TensorFlow pads."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    pads = []
    for size, side, stride, spread in zip(shape[1:3], window, layer.strides, dilation, strict=True):
        total = max((-(-size // stride) - 1) * stride + (side - 1) * spread + 1 - size, 0)
        pads += [total // 2, total - total // 2]
    return pads


def _convolution(layer: Any, shape: tuple[int, ...]) -> Made:
    kernel = np.asarray(layer.kernel)
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    if depthwise:  # (height, width, channels, multiplier), a group for each channel
        groups, kernel = kernel.shape[2], np.transpose(kernel, (2, 3, 0, 1)).reshape(-1, 1, *kernel.shape[:2])
    else:
        groups, kernel = layer.groups, np.transpose(kernel, (3, 2, 0, 1))
    options = {
        "strides": list(layer.strides),
        "dilation": list(layer.dilation_rate),
        "pads": _pads(layer, shape, kernel.shape[2:], layer.dilation_rate),
        "groups": groups,
    }
    arrays = {"kernel": kernel} | ({"bias": layer.bias} if layer.use_bias else {})
    return _activated(layer, [("convolve", options, arrays)])


def _dense(layer: Any, shape: tuple[int, ...]) -> Made:
    arrays = {"kernel": np.asarray(layer.kernel).T} | ({"bias": layer.bias} if layer.use_bias else {})
    return _activated(layer, [("dense", {}, arrays)])


def _normalization(layer: Any, shape: tuple[int, ...]) -> Made:
    ones = np.ones(shape[-1], np.float32)
    arrays = {
        "mean": layer.moving_mean,
        "variance": layer.moving_variance,
        "gamma": layer.gamma if layer.scale else ones,
        "beta": layer.beta if layer.center else 0 * ones,
    }
    return [("normalize", {"epsilon": float(layer.epsilon)}, arrays)]


def _relu(layer: Any, shape: tuple[int, ...]) -> Made:
    if layer.negative_slope or layer.threshold:
        raise BadModel(f"layer {layer.name} is a leaky or shifted ReLU, which isn't carried over")
    return [("relu", {"most": None if layer.max_value is None else float(layer.max_value)}, {})]


def _pool(layer: Any, shape: tuple[int, ...]) -> Made:
    kind = "max_pool" if type(layer).__name__.startswith("Max") else "mean_pool"
    pads = _pads(layer, shape, layer.pool_size, (1, 1))
    if kind == "mean_pool" and any(pads):
        raise BadModel(f"layer {layer.name} averages over padded borders, which isn't carried over")
    return [(kind, {"window": list(layer.pool_size), "strides": list(layer.strides), "pads": pads}, {})]


def _pad(layer: Any, shape: tuple[int, ...]) -> Made:
    return [("pad", {"pads": [int(size) for side in layer.padding for size in side]}, {})]


def _global_mean(layer: Any, shape: tuple[int, ...]) -> Made:
    return [("global_mean", {"keep": bool(layer.keepdims)}, {})]


def _concatenate(layer: Any, shape: tuple[int, ...]) -> Made:
    if layer.axis not in (-1, len(shape) - 1):
        raise BadModel(f"layer {layer.name} concatenates along axis {layer.axis}; only channels are carried over")
    return [("concatenate", {}, {})]


LAYERS: dict[str, Callable[[Any, tuple[int, ...]], Made]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "Dense": _dense,
    "BatchNormalization": _normalization,
    "ReLU": _relu,
    "Activation": lambda layer, shape: _activated(layer, []),
    "Softmax": lambda layer, shape: [("softmax", {}, {})],
    "Add": lambda layer, shape: [("add", {}, {})],
    "Concatenate": _concatenate,
    "MaxPooling2D": _pool,
    "AveragePooling2D": _pool,
    "GlobalAveragePooling2D": _global_mean,
    "ZeroPadding2D": _pad,
    "Flatten": lambda layer, shape: [("flatten", {}, {})],
}
