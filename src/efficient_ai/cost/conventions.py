"""What else one may count: the conventions that lie between two published numbers of one net."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from efficient_ai.cost.keras_graph import Call, Graph, read
from efficient_ai.cost.keras_reader import FREE, MACS
from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

_MULTIPLY = ("Conv2D", "DepthwiseConv2D", "Dense")
_RELU = ("ReLU", "Relu", "Relu6", "Activation")


@dataclass(frozen=True)
class Conventions:
    """One net at batch 1: its MACs, and the operations and MACs that some counters add to them or leave out.

    `*_ops` are single operations, of which a MAC is two; `*_macs` are MACs. `padding_macs`, `depthwise_macs` and
    `dense_macs` are part of `macs`: taps that fall on zeros of the padding, and two kinds of layers.
    `depthwise_as_full_macs` is what the depthwise layers would take if each filter saw all channels.
    """

    model: str
    macs: int
    bias_ops: int
    normalization_ops: int
    activation_ops: int
    addition_ops: int
    pooling_ops: int
    padding_macs: int
    depthwise_macs: int
    depthwise_as_full_macs: int
    dense_macs: int

    @property
    def ops(self) -> int:
        """Two for each MAC: what is called FLOPs where MACs aren't."""
        return 2 * self.macs


def conventions(model: keras.Model) -> Conventions:
    """Count what conventions differ in.

    Args:
        model: A built Keras model whose multiplications are in Conv2D, DepthwiseConv2D and Dense layers, with the
            channels last.

    Returns:
        The counts. A bias is one addition for each output of a layer that multiplies, since each has one when
        normalization is folded in; a normalization that isn't folded is a multiplication and an addition for each
        value; an activation function one operation for each value; a pooling one for each value that it reads.

    Raises:
        BadModel: If it has another kind of layer that multiplies, one that the counter doesn't know, or the channels
            first.
    """
    graph = read(model, None)
    found = dict.fromkeys(("macs", "bias", "norm", "act", "add", "pool", "padding", "depth", "full", "dense"), 0)
    made_by = {number: call for call in graph.calls for number in call.outputs}
    for call in graph.calls:
        kind = type(call.layer).__name__
        _check(call, kind)
        source, output = (_shape(graph, numbers[0]) for numbers in (call.inputs, call.outputs))
        values = math.prod(output)
        if kind in _MULTIPLY:
            macs = MACS[kind](call.layer, (1, *source), (1, *output))
            found["macs"] += macs
            found["bias"] += values
            if call.layer.activation.__name__ not in ("linear", "softmax"):
                found["act"] += values
            if kind == "Dense":
                found["dense"] += macs
            else:
                found["padding"] += macs - _inside(graph, call, made_by.get(call.inputs[0]), macs)
            if kind == "DepthwiseConv2D":
                found["depth"] += macs
                found["full"] += macs * source[-1]
        elif kind == "BatchNormalization":
            found["norm"] += 2 * values
        elif kind in _RELU:
            found["act"] += values
        elif kind == "Add":
            found["add"] += values * (len(call.inputs) - 1)
        elif "Pooling" in kind:
            window = getattr(call.layer, "pool_size", None)
            found["pool"] += values * math.prod(window) if window else math.prod(source)
    return Conventions(
        model.name,
        macs=found["macs"],
        bias_ops=found["bias"],
        normalization_ops=found["norm"],
        activation_ops=found["act"],
        addition_ops=found["add"],
        pooling_ops=found["pool"],
        padding_macs=found["padding"],
        depthwise_macs=found["depth"],
        depthwise_as_full_macs=found["full"],
        dense_macs=found["dense"],
    )


def _shape(graph: Graph, number: int) -> tuple[int, ...]:
    """Of one sample, without the batch."""
    return tuple(graph.tensors[number].shape[1:])


def _check(call: Call, kind: str) -> None:
    if kind in MACS and kind not in _MULTIPLY:
        raise BadModel(f"{call.name} is a {kind}: conventions are known for {', '.join(_MULTIPLY)}")
    if kind not in MACS and kind not in FREE:
        raise BadModel(f"{call.name} is a {kind}, which the counter doesn't know")
    if getattr(call.layer, "data_format", "channels_last") == "channels_first":
        raise BadModel(f"{call.name} has its channels first: conventions need them last")


def _inside(graph: Graph, call: Call, before: Call | None, macs: int) -> int:
    """The MACs of a convolution whose taps fall on the picture, not on zeros around it."""
    layer, source, output = call.layer, _shape(graph, call.inputs[0]), _shape(graph, call.outputs[0])
    sizes, pads = list(source[:2]), [0, 0]
    if layer.padding == "same":
        for axis in (0, 1):
            reach = layer.dilation_rate[axis] * (layer.kernel_size[axis] - 1) + 1
            pads[axis] = max((output[axis] - 1) * layer.strides[axis] + reach - sizes[axis], 0) // 2
    elif before is not None and type(before.layer).__name__ == "ZeroPadding2D":
        sizes = list(_shape(graph, before.inputs[0])[:2])
        pads = [before.layer.padding[axis][0] for axis in (0, 1)]
    inside = [
        taps_inside(
            sizes[axis],
            output[axis],
            kernel=layer.kernel_size[axis],
            stride=layer.strides[axis],
            dilation=layer.dilation_rate[axis],
            before=pads[axis],
        )
        for axis in (0, 1)
    ]
    return macs * inside[0] * inside[1] // math.prod((*output[:2], *layer.kernel_size))


def taps_inside(size: int, positions: int, *, kernel: int, stride: int = 1, dilation: int = 1, before: int = 0) -> int:
    """How many taps of a window, over all its positions along an axis, fall on the axis itself.

    Args:
        size: Length of the axis, without padding.
        positions: That the window takes.
        kernel: Taps of the window.
        stride: From one position to the next.
        dilation: From one tap to the next.
        before: Zeros that were added before the axis.
    """
    places = (p * stride + tap * dilation - before for p in range(positions) for tap in range(kernel))
    return sum(0 <= place < size for place in places)
