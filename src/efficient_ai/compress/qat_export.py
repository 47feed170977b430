"""From a model that was trained with rounded numbers to an int8 .tflite file with exactly these numbers in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress.convert import Int8, convert
from efficient_ai.compress.flat_ranges import KEEPING, WEIGHTED, QuantizedFile, Weighted
from efficient_ai.errors import BadModel
from efficient_ai.numerics.affine import Affine
from efficient_ai.numerics.ranges import affine_over
from efficient_ai.records import Variant

if TYPE_CHECKING:
    import keras

# What an operator of the file is called, by the layer that it comes from.
OPERATORS = {
    "FakeConv2D": "CONV_2D",
    "FakeDepthwiseConv2D": "DEPTHWISE_CONV_2D",
    "FakeDense": "FULLY_CONNECTED",
    "Add": "ADD",
    "ReLU": "RELU",
    "AveragePooling2D": "AVERAGE_POOL_2D",
    "GlobalAveragePooling2D": "MEAN",
}
TINY = 1e-12


@dataclass(frozen=True)
class Trained:
    """The weights of a layer as a file stores them: real = integers × scales, a scale for each output channel.

    `integers` int8, in the file's order: (out, height, width, in), (1, height, width, out) if depthwise, (out, in) if
    dense; `scales` and `bias` (out,), float32.
    """

    integers: np.ndarray = field(repr=False)
    scales: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)

    @property
    def real(self) -> np.ndarray:
        """The weights as real numbers, float32."""
        last = self.integers.ndim == 4 and self.integers.shape[0] == 1 and self.integers.shape[3] == len(self.scales)
        return self.integers * (self.scales if last else self.scales.reshape(-1, *[1] * (self.integers.ndim - 1)))


@dataclass
class _Stage:
    """What becomes one operator of the file, from the grids that it reads to the one that it writes."""

    operator: str
    layer: Any
    reads: tuple[Any, ...]
    writes: Any = None


class _File(QuantizedFile):
    def set_trained(self, layer: Weighted, weights: Trained) -> None:
        """Store integers, their scales and the bias; the input's grid must be in its place already."""
        (start, size), (at, count) = self._data(layer.weights), self._place(layer.weights, 8)
        if count != len(weights.scales) or size != weights.integers.size:
            raise BadModel(f"operator {layer.operator} ({layer.kind}) has {count} scales, not {weights.scales.size}")
        self.content[start : start + size] = np.ascontiguousarray(weights.integers, "<i1").tobytes()
        self.content[at : at + 4 * count] = weights.scales.astype("<f4").tobytes()
        if layer.bias is not None or weights.bias.any():
            self.set_bias(layer, weights.bias)


def trained_weights(model: keras.Model) -> dict[str, Trained]:
    """The weights of each layer of a fake-quantized model as integers, with normalizations folded into the scales.

    A grid that is symmetric about zero may be stretched, channel by channel, and even mirrored: the factor of a
    normalization goes into the scale, its sign into the integers. Where the grid lies on both sides of zero, the
    integers are odd and the scale is half as large.

    Args:
        model: From `fake_quantized`, trained or not.

    Returns:
        By the layer's name.

    Raises:
        BadModel: If the model has no such layers.

    Source: jacob2018quantization, section 3.2, where the weights are folded before they are rounded.
    """
    from efficient_ai.compress.fake_layers import Fake

    found = {}
    for layer in (layer for layer in model.layers if isinstance(layer, Fake)):
        points, scale = layer.points(), np.asarray(layer.scale)
        depthwise = type(layer).__name__ == "FakeDepthwiseConv2D"
        if depthwise:
            points, scale = points.reshape(1, *points.shape[:2], -1), scale.ravel()
        elif type(layer).__name__ != "FakeEmbedding":
            points = np.moveaxis(points, -1, 0)
        bias = np.asarray(layer.bias) if getattr(layer, "bias", None) is not None else np.zeros(len(scale), np.float32)
        factor = np.ones(len(scale), np.float32)
        if normal := _normalization(layer):
            factor = np.asarray(normal.gamma) if normal.scale else factor
            factor = factor / np.sqrt(np.asarray(normal.moving_variance) + normal.epsilon)
            bias = (bias - np.asarray(normal.moving_mean)) * factor + (np.asarray(normal.beta) if normal.center else 0)
        signs = np.where(factor < 0, -1, 1) if depthwise else np.where(factor < 0, -1, 1).reshape(_column(points))
        steps = 1 if layer.zero else 2
        integers = np.rint(points * signs * steps).astype(np.int8)
        scales = np.maximum(np.abs(scale.ravel() * factor) / steps, TINY).astype(np.float32)
        found[layer.name] = Trained(integers, scales, bias.astype(np.float32))
    if not found:
        raise BadModel(f"{model.name} has no fake-quantized layers: make it with `fake_quantized`")
    return found


def _column(points: np.ndarray) -> tuple[int, ...]:
    return (-1, *[1] * (points.ndim - 1))


def _normalization(layer: Any) -> Any:
    followers = [node.operation for node in layer._outbound_nodes]
    return next((f for f in followers if type(f).__name__ == "BatchNormalization"), None)


def folded(model: keras.Model) -> keras.Model:
    """The float32 model that a fake-quantized one stands for: rounded weights, no normalizations, nothing else rounded.

    Args:
        model: From `fake_quantized`; stays as it is.

    Returns:
        A plain Keras model.

    Raises:
        BadModel: See `trained_weights`.
    """
    return _plain(model)[0]


def _plain(model: keras.Model) -> tuple[keras.Model, list[_Stage]]:
    """The folded model, and what its operators read and write."""
    import keras

    from efficient_ai.compress.fake_layers import Fake, FakeActivation

    weights, stages = trained_weights(model), []
    lying: dict[int, tuple[Any, Any]] = {}  # by tensor: the grid that it lies on, and the stage that waits for one
    alive = []

    def replaced(layer: Any) -> Any:
        if not isinstance(layer, Fake):
            return layer if isinstance(layer, FakeActivation) else type(layer).from_config(layer.get_config())
        base = next(c for c in type(layer).__mro__ if c.__module__.startswith("keras.") and c is not Fake)
        config = {k: v for k, v in layer.get_config().items() if k not in ("bits", "zero", "learned")}
        return base.from_config(config | ({} if base.__name__ == "Embedding" else {"use_bias": True}))

    def called(layer: Any, *args: Any, **rest: Any) -> Any:
        tensors = keras.tree.flatten(args)
        grid, stage = lying.get(id(tensors[0]), (None, None))
        if isinstance(layer, FakeActivation):
            if stage is not None:
                stage.writes = layer
            outputs, now = tensors[0], (layer, None)
        elif type(layer).__name__ == "BatchNormalization":
            return tensors[0]
        else:
            outputs, original = layer(*args, **rest), model.get_layer(layer.name)
            kind = type(original).__name__
            if kind in OPERATORS and stage is None:
                stage = _Stage(OPERATORS[kind], original, tuple(lying.get(id(t), (None,))[0] for t in tensors))
                stages.append(stage)
            now = (None, stage) if stage is not None else (grid, None)
        alive.append(outputs)
        lying[id(outputs)] = now
        return outputs

    plain = keras.models.clone_model(model, clone_function=replaced, call_function=called)
    for name, one in weights.items():
        layer = plain.get_layer(name)
        kernel = one.real
        if type(layer).__name__ == "DepthwiseConv2D":
            kernel = kernel.reshape(layer.kernel.shape)
        elif type(layer).__name__ != "Embedding":
            kernel = np.moveaxis(kernel, 0, -1)
        layer.set_weights([kernel] if type(layer).__name__ == "Embedding" else [kernel, one.bias])
    return plain, stages


def convert_trained(model: keras.Model) -> Variant:
    """Write a fake-quantized model as an int8 .tflite file.

    The converter lays the file out; its integers and ranges are then replaced by those that were trained. Weights of
    fewer bits are stored in eight all the same: the file says nothing of the empty bits, and no kernel uses them.

    Args:
        model: From `fake_quantized`, with 8-bit activations.

    Returns:
        An int8 variant, whose stored integers are those of `trained_weights`.

    Raises:
        BadModel: If an operator of the file has no counterpart in the model, or the activations have other bits.

    Source: jacob2018quantization, section 2.
    """
    plain, stages = _plain(model)
    (first, *others) = [layer for layer in model.layers if type(layer).__name__ == "FakeActivation"]
    if {layer.bits for layer in (first, *others)} != {8}:
        raise BadModel(f"an int8 file has activations of 8 bits, got {sorted({g.bits for g in (first, *others)})}")
    unknown = [
        n for n in trained_weights(model) if type(model.get_layer(n)).__name__ in ("FakeEmbedding", "FakeConv1D")
    ]
    if unknown:
        raise BadModel(f"layer {unknown[0]!r} ({type(model.get_layer(unknown[0])).__name__}) can't be exported here")
    random = np.random.default_rng(0)
    shown = random.uniform(float(first.low), float(first.high), (2, *model.input_shape[1:])).astype(np.float32)
    made = convert(plain, Int8(shown))
    file = _File.read(made.content)
    grids, weights = _matched(file, stages, first, trained_weights(model))
    for tensor, layer in grids.items():
        file.set_grid(tensor, _affine(layer))
    for layer, one in weights:
        file.set_trained(layer, one)
    bits = sorted({layer.bits for layer in model.layers if hasattr(layer, "points")})
    return Variant(model.name, "int8", bytes(file.content), f"QAT {bits[0]} bit")


def _affine(layer: Any) -> Affine:
    """The grid of an activation, as the model computes with it."""
    return affine_over(float(layer.low), float(layer.high))


def _matched(
    file: _File, stages: list[_Stage], first: Any, trained: dict[str, Trained]
) -> tuple[dict[int, Any], list[tuple[Weighted, Trained]]]:
    """For each activation of the file its grid, and for each layer with weights those that were trained."""
    lying, weights, left = {file.graph.inputs[0]: first}, [], list(stages)
    weighted = {layer.operator: layer for layer in file.weighted()}
    for number, op in enumerate(file.graph.operators):
        read = [lying[n] for n in op.inputs if n in lying]
        if op.operator in KEEPING and op.operator not in OPERATORS.values():
            lying[op.outputs[0]] = read[0]
            continue
        fits = [s for s in left if s.operator == op.operator and {id(g) for g in s.reads} == {id(g) for g in read}]
        if op.operator in WEIGHTED:
            fits = [s for s in fits if _same(file, weighted[number], trained[s.layer.name])]
        if not fits or fits[0].writes is None:
            raise BadModel(f"operator {number} ({op.operator}) of the file has no counterpart in the model")
        stage = fits[0]
        left.remove(stage)
        lying[op.outputs[0]] = stage.writes
        if op.operator in WEIGHTED:
            weights.append((weighted[number], trained[stage.layer.name]))
    return lying, weights


def _same(file: _File, layer: Weighted, weights: Trained) -> bool:
    """Whether the file's weights are these, as closely as the converter has rounded them."""
    stored, wanted = file.real(layer.weights), weights.real
    if stored.shape != wanted.shape:
        return False
    return bool(np.abs(stored - wanted).max() <= file.scales(layer.weights).max() * 0.51 + TINY)
