"""Quantization-aware training: a model that computes with rounded numbers while it learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.errors import BadModel
from efficient_ai.numerics.low_bits import SHARES
from efficient_ai.numerics.ranges import choose_range

if TYPE_CHECKING:
    import keras

RANGES = ("tracked", "learned")
# What a normalization can be folded into, and what a ReLU can be fused with.
LINEAR = ("Conv1D", "Conv2D", "DepthwiseConv2D", "Dense")
SUMMED = (*LINEAR, "BatchNormalization", "Add")
PASSING = ("Flatten", "Reshape", "Dropout", "MaxPooling2D", "ZeroPadding2D")
POOLED = ("AveragePooling2D",)
STORED = (*SUMMED, "Embedding", "ReLU", "Activation", "GlobalAveragePooling2D")
CHUNK = 50


@dataclass(frozen=True)
class QAT:
    """How a model is rounded while it trains: every weight, and everything that is stored between two operators.

    `weight_bits` from 1 to 8, on a grid symmetric about zero with a scale for each output channel; `activation_bits`
    from 2 to 8, on an affine grid for each tensor, input and output included. `ranges` says where the grids' scales
    come from: "tracked" lets them follow the numbers as they change, "learned" trains them along with the weights.
    `zero` says whether the weights' grid has a zero (2^bits − 1 points) or lies on both sides of it (2^bits points);
    None takes one with zero for 3 bits and more. `batch_norm_momentum` is lower than in training from scratch, as the
    statistics must follow weights that jump from point to point.

    Source: jacob2018quantization, section 3; esser2020learned for "learned".
    """

    weight_bits: int = 8
    activation_bits: int = 8
    ranges: str = "tracked"
    zero: bool | None = None
    batch_norm_momentum: float = 0.9

    def __post_init__(self) -> None:
        if not 1 <= self.weight_bits <= 8:
            raise ValueError(f"weight_bits must be in 1..8, got {self.weight_bits}")
        if not 2 <= self.activation_bits <= 8:
            raise ValueError(f"activation_bits must be in 2..8, got {self.activation_bits}")
        if self.ranges not in RANGES:
            raise ValueError(f"ranges must be one of {', '.join(RANGES)}, got {self.ranges!r}")
        if self.weight_bits == 1 and self.zero:
            raise ValueError("a grid of 1 bit has two points and no room for a zero: zero must be False or None")

    @property
    def has_zero(self) -> bool:
        """Whether zero is a point of the weights' grid."""
        return self.weight_bits > 2 if self.zero is None else self.zero


def fake_quantized(model: keras.Model, how: QAT = QAT(), *, calibration_set: np.ndarray) -> keras.Model:
    """A model that computes as its quantized form would, with float32 weights behind it that can be trained.

    It is an ordinary Keras model: `train.fit`, `compress.distill` and checkpoints take it like any other. Untrained
    it is the model quantized after training. Batch normalizations are kept: folding one into the weights before it
    changes the scale of each channel's grid and leaves the integers what they are, but for the sign where a gamma is
    negative.

    Args:
        model: Stays as it is. Convolutions, dense layers and embeddings; normalizations that follow one; ReLU, Add,
            pooling, and what only moves numbers.
        how: Bits and ranges.
        calibration_set: (n, ...), from the training data: where the activations' ranges start.

    Returns:
        A new model with the same inputs and outputs; its grids are variables of it.

    Raises:
        ValueError: If the calibration set is empty or not of the model's input shape.
        BadModel: If a layer is of a kind that can't be quantized here; it is named.

    Source: jacob2018quantization, section 3; bengio2013estimating for the gradient.
    """
    import keras

    from efficient_ai.compress import fake_layers

    shape = tuple(model.input_shape[1:])
    if len(calibration_set) == 0 or calibration_set.shape[1:] != shape:
        raise ValueError(f"calibration_set must be (n, {', '.join(map(str, shape))}), got {calibration_set.shape}")
    fused = fused_layers(model)
    learned = how.ranges == "learned"
    kept: dict[int, tuple[Any, Any]] = {}  # tensors with the grid that they lie on, by id; None where they lie on none

    def grid(name: str) -> Any:
        return fake_layers.FakeActivation(bits=how.activation_bits, learned=learned, name=f"{name}_grid")

    def replaced(layer: Any) -> Any:
        kind, config = type(layer).__name__, layer.get_config()
        if kind in fake_layers.LAYERS:
            return fake_layers.LAYERS[kind](**config, bits=how.weight_bits, zero=how.has_zero, learned=learned)
        if kind == "BatchNormalization":
            config["momentum"] = how.batch_norm_momentum
        return type(layer).from_config(config)

    def entered(tensor: Any) -> Any:
        """An input of the model, rounded; every other tensor as it is."""
        if not isinstance(tensor, keras.KerasTensor) or id(tensor) in kept or "int" in tensor.dtype:
            return tensor
        layer = grid("input")
        kept[id(tensor)] = (tensor, layer)
        rounded = layer(tensor)
        kept[id(rounded)] = (rounded, layer)
        return rounded

    def called(layer: Any, *args: Any, **rest: Any) -> Any:
        args = keras.tree.map_structure(entered, args)
        outputs = layer(*args, **rest)
        kind = type(layer).__name__.removeprefix("Fake")
        _, before = kept.get(id(keras.tree.flatten(args)[0]), (None, None))
        if kind in PASSING:
            after = before
        elif kind in POOLED:
            outputs, after = before(outputs, follow=False), before
        elif layer.name in fused:
            after = None
        else:
            after = grid(layer.name)
            outputs = after(outputs)
        kept[id(outputs)] = (outputs, after)
        return outputs

    twin = keras.models.clone_model(model, clone_function=replaced, call_function=called)
    for layer in filter(lambda layer: layer.variables, model.layers):
        to = {v.name: v for v in twin.get_layer(layer.name).variables}
        for variable in layer.variables:
            to[variable.name].assign(variable)
    for layer in twin.layers:
        if isinstance(layer, fake_layers.Fake):
            layer.scale.assign(_first_scale(layer))
    _calibrate(model, twin, calibration_set)
    return twin


def fused_layers(model: keras.Model) -> frozenset[str]:
    """The layers whose result isn't stored, because the next one is computed along with them.

    Raises:
        BadModel: If a layer is of an unknown kind, or a normalization follows none that it could be folded into.
    """
    import keras

    if not isinstance(model, keras.models.Model) or not getattr(model, "_functional", True):
        raise BadModel(f"a functional Keras model is needed, got {type(model).__name__}")
    fused = set()
    for layer in model.layers:
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if kind == "InputLayer":
            continue
        if kind not in (*STORED, *PASSING, *POOLED) or activation not in ("linear", "relu", "relu6"):
            raise BadModel(f"layer {layer.name!r} ({kind}, {activation}) can't be quantized here")
        users = [node.operation for node in layer._outbound_nodes]
        if len(layer._inbound_nodes) > 1:
            raise BadModel(f"layer {layer.name!r} ({kind}) is used {len(layer._inbound_nodes)} times, expected once")
        follower = type(users[0]).__name__ if len(users) == 1 else ""
        normal = follower == "BatchNormalization" and kind in LINEAR and activation == "linear"
        if normal or (follower in ("ReLU", "Activation") and kind in SUMMED and activation == "linear"):
            fused.add(layer.name)
        if "BatchNormalization" in [type(u).__name__ for u in users] and not normal:
            raise BadModel(f"the normalization after layer {layer.name!r} ({kind}) can't be folded into it")
    return frozenset(fused)


def _first_scale(layer: Any) -> np.ndarray:
    """The scale of each channel that makes the least squared error; at 8 bits the one that covers all of it."""
    from efficient_ai.compress.fake_layers import SMALLEST, nearest

    kernel, axes, shape = np.asarray(layer.weights_to_round()), layer.spread(), layer.scale_shape()
    largest = np.abs(kernel).max(axis=axes).reshape(shape)
    best, least = np.ones(shape, np.float32), np.full(shape, np.inf)
    for share in SHARES if layer.bits < 8 else (1.0,):
        scale = np.maximum(share * largest / layer.top, SMALLEST).astype(np.float32)
        error = ((np.asarray(nearest(kernel / scale, layer.top, layer.zero)) * scale - kernel) ** 2).sum(axis=axes)
        error = error.reshape(shape)
        best, least = np.where(error < least, scale, best), np.minimum(error, least)
    return best


def _calibrate(model: keras.Model, twin: keras.Model, examples: np.ndarray) -> None:
    """Set each grid's ends to the range of the float32 model's activations, without the outermost values."""
    import keras

    grids = {layer.name.removesuffix("_grid"): layer for layer in twin.layers if layer.name.endswith("_grid")}
    names = [name for name in grids if name != "input"]
    tensors = {"input": model.inputs[0], **{name: model.get_layer(name).output for name in names}}
    looked = keras.Model(model.input, [tensors[name] for name in grids])
    samples: dict[str, list[np.ndarray]] = {name: [] for name in grids}
    for first in range(0, len(examples), CHUNK):
        for name, values in zip(grids, looked(examples[first : first + CHUNK], training=False), strict=True):
            flat = np.asarray(values).ravel()
            samples[name].append(flat[:: max(1, flat.size // 100_000)])
    for name, layer in grids.items():
        low, high = choose_range(np.concatenate(samples[name]), "percentile")
        layer.low.assign(low)
        layer.high.assign(high)
