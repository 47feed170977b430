"""Low-rank factorization: a layer's matrix becomes the product of two thin ones, and the layer two layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

SPLITS = ("channel", "spatial")


@dataclass(frozen=True)
class LowRank:
    """How far to factorize; exactly one of the first three is given.

    `energy` in (0, 1] keeps, in each layer, the fewest singular values that hold this share of the squares' sum;
    `macs` in (0, 1) looks for the energy at which this share of the multiply-accumulates is left; `ranks` names
    layers and their ranks. With `energy` and `macs` a layer stays whole where its rank would save nothing.

    `split` says how a k×k convolution is taken apart: "channel", a k×k convolution to few channels and a 1×1; or
    "spatial", a k×1 and a 1×k.

    With `images`, inputs of the model from the training data, the directions are those in which a layer's *answers*
    vary on them, and energy is the answers' variance; without, they are the kernel's own. Answers go with "channel".
    """

    energy: float | None = None
    macs: float | None = None
    ranks: Mapping[str, int] | None = None
    split: str = "channel"
    images: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.energy, self.macs, self.ranks)) != 1:
            raise ValueError("give exactly one of energy, macs and ranks, as in LowRank(energy=0.9)")
        if self.energy is not None and not 0 < self.energy <= 1:
            raise ValueError(f"energy must be in (0, 1], got {self.energy}")
        if self.macs is not None and not 0 < self.macs < 1:
            raise ValueError(f"macs must be in (0, 1), got {self.macs}")
        if self.split not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {self.split!r}")
        if self.images is not None and self.split != "channel":
            raise ValueError(f"with images, split must be channel, got {self.split!r}")


@dataclass(frozen=True)
class _Directions:
    """A layer's directions, the strongest first.

    `strengths` are their singular values; `reduce` (inputs, rank) and `expand` (rank, outputs) multiply to the layer's
    matrix, and any number of the first of them comes nearest to it; `centre` (outputs,) is the mean that a bias
    can hold.
    """

    strengths: np.ndarray
    reduce: np.ndarray
    expand: np.ndarray
    centre: np.ndarray | None = None


def paying_rank(kernel_shape: tuple[int, ...], *, split: str = "channel") -> int:
    """The largest rank at which two layers have fewer weights than the one: below mn / (m + n) for an m×n matrix.

    Args:
        kernel_shape: (inputs, outputs) of a dense layer, (height, width, inputs, outputs) of a convolution.
        split: See `LowRank`.

    Returns:
        The rank; 0 where none saves anything.
    """
    rows, columns = _matrix_shape(kernel_shape, split)
    return (rows * columns - 1) // (rows + columns)


def singular_values(
    model: keras.Model, *, split: str = "channel", images: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """The strength of each direction of each layer that can be factorized, by the layer's name, largest first.

    Args:
        model: A functional model.
        split: See `LowRank`.
        images: See `LowRank`.

    Returns:
        Singular values of the kernels or, with images, standard deviations of the answers along their principal axes.
    """
    return {name: found.strengths for name, found in _directions(model, split, images).items()}


def factorize(model: keras.Model, how: LowRank) -> keras.Model:
    """Replace layers by two thinner ones each.

    Of an m×n matrix the product of an m×r and an r×n comes nearest in the sum of squares when both are made of its r
    largest singular values; and the answers that it gives are kept best by their first r principal axes. The bias and
    the activation stay with the second layer, which keeps the name; the first is called NAME_reduce.

    Args:
        model: A functional model; stays as it is.
        how: Ranks, or what to choose them by; and what directions to go by.

    Returns:
        A new functional model. At full rank it computes what the first one computed.

    Raises:
        ValueError: If a named layer doesn't exist or can't be factorized, its rank is outside 1 to full rank, or the
            wanted share of MACs can't be reached.

    Source: denton2014exploiting, section 3.1; jaderberg2014speeding, section 2, for the spatial split;
    zhang2016accelerating, section 3.1, for the answers' directions.
    """
    layers = {layer.name: layer for layer in model.layers}
    for name, rank in (how.ranks or {}).items():
        if name not in layers:
            raise ValueError(f"{model.name} has no layer {name!r}")
        if objection := _objection(layers[name]):
            raise ValueError(f"{name} can't be factorized: {objection}")
        full = min(_matrix_shape(layers[name].kernel.shape, how.split))
        if not 1 <= rank <= full:
            raise ValueError(f"the rank of {name} must be from 1 to {full}, got {rank}")
    directions = _directions(model, how.split, how.images)
    return _replaced(model, _chosen(model, how, directions), how.split, directions)


def _replaced(
    model: keras.Model, ranks: Mapping[str, int], split: str, directions: dict[str, _Directions]
) -> keras.Model:
    """The model with two layers for each that `ranks` names."""
    import keras

    first: dict[str, keras.Layer] = {}

    def clone(layer: keras.Layer) -> keras.Layer:
        if layer.name not in ranks:
            return layer.__class__.from_config(layer.get_config())
        first[layer.name], second = _pair(layer, ranks[layer.name], split)
        return second

    def call(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        return layer(first[layer.name](args[0]) if layer.name in first else args[0], *args[1:], **kwargs)

    thin = keras.models.clone_model(model, clone_function=clone, call_function=call)
    for layer in model.layers:
        if layer.name not in ranks:
            if layer.weights:
                thin.get_layer(layer.name).set_weights(layer.get_weights())
            continue
        rank, found = ranks[layer.name], directions[layer.name]
        second = thin.get_layer(layer.name)
        first[layer.name].kernel.assign(_kernel(found.reduce[:, :rank], layer, split, "reduce"))
        second.kernel.assign(_kernel(found.expand[:rank], layer, split, "expand"))
        if layer.use_bias:
            second.bias.assign(np.asarray(layer.bias) + _left_out(found, rank))
    return thin


def _left_out(found: _Directions, rank: int) -> np.ndarray | float:
    """What a rank can't show of the answers' mean: it goes into the bias."""
    if found.centre is None:
        return 0.0
    axes = found.expand[:rank]
    return found.centre - found.centre @ axes.T @ axes


def _directions(model: keras.Model, split: str, images: np.ndarray | None) -> dict[str, _Directions]:
    layers = [layer for layer in model.layers if not _objection(layer)]
    answers = [None] * len(layers) if images is None else _answers(model, layers, images)
    found = {}
    for layer, seen in zip(layers, answers, strict=True):
        matrix = _matrix(np.asarray(layer.kernel, np.float64), split)
        centre = None
        if seen is None:  # each singular value is shared out between the two matrices by its root
            left, strengths, right = np.linalg.svd(matrix, full_matrices=False)
            reduce, expand = left * np.sqrt(strengths), np.sqrt(strengths)[:, None] * right
        else:
            seen = seen.reshape(-1, matrix.shape[1]).astype(np.float64)
            if layer.use_bias:
                centre = seen.mean(axis=0)
                seen = seen - centre
            moments = seen.T @ seen / len(seen)
            variances, axes = np.linalg.eigh(moments)
            axes = axes[:, ::-1][:, : min(matrix.shape)]
            strengths = np.sqrt(np.maximum(variances[::-1][: min(matrix.shape)], 0))
            reduce, expand = matrix @ axes, axes.T
        found[layer.name] = _Directions(strengths, reduce, expand, centre)
    return found


def _answers(model: keras.Model, layers: list[keras.Layer], images: np.ndarray) -> list[np.ndarray]:
    """What each layer's kernel makes of the images, before bias and activation."""
    import keras

    outputs = []
    for layer in layers:
        plain = {**layer.get_config(), "activation": None, "use_bias": False, "name": f"{layer.name}_plain"}
        twin = type(layer).from_config(plain)
        outputs.append(twin(layer.input))
        twin.kernel.assign(layer.kernel)
    return keras.Model(model.inputs, outputs).predict(images, verbose=0)


def _objection(layer: keras.Layer) -> str:
    """Why a layer can't be factorized; nothing where it can."""
    kind = type(layer).__name__
    if kind not in ("Dense", "Conv2D"):
        return f"it is a {kind}, and only Dense and Conv2D are"
    if kind == "Conv2D" and layer.groups != 1:
        return f"it has {layer.groups} groups"
    if kind == "Conv2D" and layer.data_format != "channels_last":
        return "its channels don't stand last"
    return ""


def _matrix_shape(shape: tuple[int, ...], split: str) -> tuple[int, int]:
    *window, inputs, outputs = shape
    if not window:
        return inputs, outputs
    height, width = window
    return (height * inputs, width * outputs) if split == "spatial" else (height * width * inputs, outputs)


def _matrix(kernel: np.ndarray, split: str) -> np.ndarray:
    """The kernel as the matrix whose rank counts: (inputs of the first layer, outputs of the second)."""
    shape = _matrix_shape(kernel.shape, split)
    if kernel.ndim == 4 and split == "spatial":  # (height, inputs) × (width, outputs)
        kernel = kernel.transpose(0, 2, 1, 3)
    return kernel.reshape(shape)


def _kernel(matrix: np.ndarray, layer: keras.Layer, split: str, part: str) -> np.ndarray:
    """One of a layer's two matrices as the kernel of its layer."""
    if layer.kernel.ndim == 2:
        return matrix
    height, width, inputs, outputs = layer.kernel.shape
    if part == "reduce":
        return matrix.reshape((height, 1, inputs, -1) if split == "spatial" else (height, width, inputs, -1))
    if split == "spatial":
        return matrix.reshape(-1, width, outputs).transpose(1, 0, 2)[None]
    return matrix.reshape(1, 1, -1, outputs)


def _pair(layer: keras.Layer, rank: int, split: str) -> tuple[keras.Layer, keras.Layer]:
    """Both layers, not yet built."""
    import keras

    name = f"{layer.name}_reduce"
    if type(layer).__name__ == "Dense":
        first = keras.layers.Dense(rank, use_bias=False, name=name)
        return first, keras.layers.Dense.from_config(layer.get_config())
    (height, width), strides, dilation = layer.kernel_size, layer.strides, layer.dilation_rate
    shapes = (
        ((height, 1), (strides[0], 1), (dilation[0], 1), (1, width), (1, strides[1]), (1, dilation[1]))
        if split == "spatial"
        else ((height, width), strides, dilation, (1, 1), (1, 1), (1, 1))
    )
    first = keras.layers.Conv2D(
        rank, shapes[0], shapes[1], layer.padding, dilation_rate=shapes[2], use_bias=False, name=name
    )
    changed = {"kernel_size": shapes[3], "strides": shapes[4], "dilation_rate": shapes[5]}
    return first, keras.layers.Conv2D.from_config({**layer.get_config(), **changed})


def _chosen(model: keras.Model, how: LowRank, directions: dict[str, _Directions]) -> dict[str, int]:
    """The ranks that were given, or those that an energy or a share of the MACs asks for, where they save something."""
    from efficient_ai.cost import count

    if how.ranks is not None:
        return dict(how.ranks)
    if how.energy is not None:
        return _at_energy(model, directions, how.energy, how.split)
    whole = {layer.name: layer.macs for layer in count(model).layers}
    thinnest = _replaced(model, dict.fromkeys(directions, 1), how.split, directions)
    at_rank_1 = {layer.name: layer.macs for layer in count(thinnest).layers}

    def left(energy: float) -> float:
        """The share of the MACs: those of both layers together grow in proportion to the rank."""
        ranks = _at_energy(model, directions, energy, how.split)
        saved = sum(whole[n] - rank * (at_rank_1[n] + at_rank_1[f"{n}_reduce"]) for n, rank in ranks.items())
        return 1 - saved / sum(whole.values())

    low, high = 0.0, 1.0
    if (least := left(low)) > how.macs:
        raise ValueError(f"{model.name} keeps {least:.3f} of its MACs even with rank 1 everywhere, got macs={how.macs}")
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) <= how.macs else (low, middle)
    return _at_energy(model, directions, low, how.split)


def _at_energy(model: keras.Model, directions: dict[str, _Directions], energy: float, split: str) -> dict[str, int]:
    ranks = {}
    for name, found in directions.items():
        held = np.cumsum(found.strengths**2) / np.sum(found.strengths**2)
        rank = min(int(np.searchsorted(held, energy - 1e-12)) + 1, len(held))
        if rank <= paying_rank(tuple(model.get_layer(name).kernel.shape), split=split):
            ranks[name] = rank
    return ranks
