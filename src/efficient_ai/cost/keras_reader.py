"""Reads what a Keras model costs from its graph, layer by layer, for one sample."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from efficient_ai.cost import formulas
from efficient_ai.cost.keras_graph import Graph, Shape, read
from efficient_ai.cost.liveness import Liveness, Step, lifetimes
from efficient_ai.records import LayerCost, ModelCost

if TYPE_CHECKING:
    import keras

# Operators that multiply no activation with a weight: they add, compare, scale, move, or vanish at inference.
_FREE = """
Activation ReLU LeakyReLU PReLU ELU Softmax Relu Relu6 Sigmoid Tanh Silu HardSwish HardSilu Gelu LogSoftmax
MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalAveragePooling1D GlobalAveragePooling2D
GlobalMaxPooling1D GlobalMaxPooling2D Add Subtract Multiply Divide TrueDivide Average Maximum Minimum Mean Sum
Concatenate ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D Pad Flatten Reshape Permute
RepeatVector Squeeze ExpandDims Transpose GetItem Split Stack Cast Absolute Negative Sqrt Square Dropout
SpatialDropout1D SpatialDropout2D GaussianNoise GaussianDropout ActivityRegularization Masking Identity Rescaling
Resizing BatchNormalization LayerNormalization GroupNormalization UnitNormalization Embedding
"""
FREE = frozenset(_FREE.split())
# Operators that a deployed model folds into the one before, or computes in its place.
IN_PLACE = frozenset(("BatchNormalization", "Activation", "ReLU", "Relu", "Relu6", "Dropout", "SpatialDropout2D"))
STATISTICS = ("moving_mean", "moving_variance")


def _spatial(layer: Any, shape: Shape) -> tuple[Shape, int]:
    """Split a batched shape into its spatial sizes and its channels."""
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return shape[2:], shape[1]
    return shape[1:-1], shape[-1]


def _window(layer: Any, output: Shape) -> dict[str, int]:
    """Output and kernel sizes of a one- or two-dimensional convolution, under the formulas' names."""
    size, _ = _spatial(layer, output)
    kernel = tuple(layer.kernel_size)
    if len(size) == 1:
        size, kernel = (1, *size), (1, *kernel)
    return {
        "output_height": size[0],
        "output_width": size[1],
        "kernel_height": kernel[0],
        "kernel_width": kernel[1],
    }


def _conv(layer: Any, source: Shape, output: Shape) -> int:
    return formulas.conv2d_macs(
        **_window(layer, output),
        input_channels=_spatial(layer, source)[1],
        output_channels=layer.filters,
        groups=layer.groups,
    )


def _depthwise(layer: Any, source: Shape, output: Shape) -> int:
    return formulas.depthwise_macs(**_window(layer, output), channels=_spatial(layer, output)[1])


def _separable(layer: Any, source: Shape, output: Shape) -> int:
    return formulas.separable_macs(
        **_window(layer, output),
        input_channels=_spatial(layer, source)[1],
        output_channels=layer.filters,
        depth_multiplier=layer.depth_multiplier,
    )


def _conv_transpose(layer: Any, source: Shape, output: Shape) -> int:
    size, channels = _spatial(layer, source)
    return formulas.conv2d_transpose_macs(
        input_height=size[0],
        input_width=size[1],
        kernel_height=layer.kernel_size[0],
        kernel_width=layer.kernel_size[1],
        input_channels=channels,
        output_channels=layer.filters,
    )


def _dense(layer: Any, source: Shape, output: Shape) -> int:
    return formulas.dense_macs(inputs=source[-1], outputs=layer.units, rows=math.prod(source[:-1]))


def _recurrent(gates: int) -> Callable[[Any, Shape, Shape], int]:
    return lambda layer, source, output: formulas.recurrent_macs(
        steps=source[1], inputs=source[2], units=layer.units, gates=gates
    )


MACS: dict[str, Callable[[Any, Shape, Shape], int]] = {
    "Conv1D": _conv,
    "Conv2D": _conv,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _conv_transpose,
    "Dense": _dense,
    "SimpleRNN": _recurrent(1),
    "GRU": _recurrent(3),
    "LSTM": _recurrent(4),
}


def _operator(layer: Any) -> str:
    return type(layer).__name__


def _known(layer: Any) -> bool:
    """Whether this is Keras's own operator: a user's layer of the same name may do anything."""
    own = type(layer).__module__.split(".")[0] == "keras"
    return own and (_operator(layer) in MACS or _operator(layer) in FREE)


def _itemsize(dtype: str) -> int:
    digits = re.search(r"\d+", str(dtype))
    return max(int(digits.group()) // 8, 1) if digits else 1


def _size_bytes(tensor: Any) -> int:
    return math.prod(tensor.shape) * _itemsize(tensor.dtype)


def _parameters(layer: Any) -> list[Any]:
    """A layer's parameters: all of its weights but the moving statistics, which are measured, not learnt."""
    weights = getattr(layer, "weights", [])
    if _operator(layer) == "BatchNormalization":
        return [weight for weight in weights if weight.name not in STATISTICS]
    return list(weights)


def _liveness(graph: Graph) -> Liveness:
    """Lives of the activations, when layers that fold into the one before share its memory."""
    readers = Counter(number for call in graph.calls for number in set(call.inputs))
    kept = {*graph.inputs, *graph.outputs}
    home = list(range(len(graph.tensors)))
    for call in graph.calls:
        if _operator(call.layer) in IN_PLACE and len(call.inputs) == len(call.outputs) == 1:
            source, result = call.inputs[0], call.outputs[0]
            if readers[source] == 1 and source not in kept:
                home[result] = home[source]
    steps = [
        Step(call.name, tuple(home[i] for i in call.inputs), tuple(home[o] for o in call.outputs))
        for call in graph.calls
    ]
    names = {number: f"input {number}" for number in graph.inputs}
    for call in graph.calls:
        for number in call.outputs:
            names.setdefault(home[number], call.name)
    return lifetimes(
        steps,
        {number: _size_bytes(tensor) for number, tensor in enumerate(graph.tensors)},
        names=names,
        inputs=graph.inputs,
        outputs=[home[number] for number in graph.outputs],
    )


def live_tensors(model: keras.Model, *, input_shape: Sequence[int] | None = None) -> Liveness:
    """Find from when to when each activation of a Keras model lives; arguments and errors as in `count`."""
    return _liveness(read(model, input_shape))


def count(model: keras.Model, *, input_shape: Sequence[int] | None = None) -> ModelCost:
    """Count parameters, MACs and activation bytes of a Keras model, layer by layer, for one sample.

    Batch normalization is counted with its learnt gamma and beta, as torchvision's tables do, without its moving
    statistics, and with no MACs: at inference it folds into the convolution before. `peak_activation_bytes` lets
    it, an activation function and dropout write over their input where nothing else reads that. A padding layer has
    a tensor of its own here, which a converter may fold away: count the .tflite file for what is deployed.

    Args:
        model: A built functional or sequential Keras 3 model; nested ones are flattened, shared layers count their
            parameters once and their MACs at each call.
        input_shape: Shape of one sample, without the batch, for a model that leaves it open.

    Returns:
        One row a layer call, in Keras's own order. A layer that the counter doesn't know (a user's own included)
        has its parameters and no MACs, and is named in `unknown_operators`.

    Raises:
        BadModel: If the model has no graph to read, or its input shape is open or doesn't fit.
    """
    graph = read(model, input_shape)
    seen: set[int] = set()
    rows, unknown = [], []
    for call in graph.calls:
        sources = [graph.tensors[number] for number in call.inputs]
        results = [graph.tensors[number] for number in call.outputs]
        own = [weight for weight in _parameters(call.layer) if id(weight) not in seen]
        seen.update(id(weight) for weight in own)
        operator = _operator(call.layer)
        macs = 0
        if not _known(call.layer):
            unknown.append(operator)
        elif operator in MACS:
            macs = MACS[operator](call.layer, tuple(sources[0].shape), tuple(results[0].shape))
        rows.append(
            LayerCost(
                name=call.name,
                operator=operator,
                output_shape=tuple(results[0].shape),
                params=sum(math.prod(weight.shape) for weight in own),
                macs=macs,
                weight_bytes=sum(_size_bytes(weight) for weight in own),
                input_bytes=sum(_size_bytes(tensor) for tensor in sources),
                output_bytes=sum(_size_bytes(tensor) for tensor in results),
            )
        )
    return ModelCost(model.name, tuple(rows), _liveness(graph).peak_bytes, tuple(dict.fromkeys(unknown)))
