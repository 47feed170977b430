"""Training in few bits: a model whose products take rounded operands, forwards and backwards, and its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.errors import BadModel
from efficient_ai.numerics.formats import FloatFormat, Format, IntFormat

if TYPE_CHECKING:
    import keras

FLOAT32_LAYERS = ("BatchNormalization", "LayerNormalization")


@dataclass(frozen=True)
class Formats:
    """The number formats of a training run; None means float32.

    Every convolution, dense layer and embedding has three products in training: inputs times weights, gradients times
    weights, inputs times gradients. `weights`, `activations` and `gradients` are what these operands are rounded to;
    the gradient of the weights, which is the third product, is rounded to `gradients` as well. Rounding has no
    gradient of its own: it passes straight through.

    `updates` is the format that weights are kept in. When it is None the optimizer moves a float32 master copy, and
    the products see it rounded to `weights`. Otherwise there is no master copy: each updated weight is rounded to
    `updates`, and the products take it as it is kept; `weights` must be None. Integers are kept with one scale a
    tensor, a power of two that doubles when the largest weight doesn't fit any more.

    Whichever weights have an `axis` have a scale for each output channel, or each row of an embedding.

    Source: gupta2015deep; courbariaux2015binaryconnect; micikevicius2018mixed for the master copy.
    """

    weights: Format | None = None
    activations: Format | None = None
    gradients: Format | None = None
    updates: FloatFormat | IntFormat | None = None

    def __post_init__(self) -> None:
        if self.updates is None:
            return
        if self.weights is not None:
            raise ValueError("weights that are kept in `updates` are computed with as kept: `weights` must be None")
        if not isinstance(self.updates, (FloatFormat, IntFormat)):
            raise ValueError(f"weights are kept as floats or integers, got {self.updates}; use a master copy")
        if isinstance(self.updates, IntFormat) and not (
            self.updates.shift and self.updates.symmetric and self.updates.axis is None
        ):
            raise ValueError("integers are kept with one power of two: IntFormat(bits, shift=True)")


def low_precision(model: keras.Model, formats: Formats, *, seed: int = 0) -> keras.Model:
    """A model that computes in few bits while it learns, and afterwards.

    It is an ordinary Keras model: `train.fit`, checkpoints and `clone_model` take it like any other. Convolutions,
    dense layers and embeddings are replaced, first and last too; normalizations, biases, activation functions, the
    loss and what the optimizer remembers stay float32. Sums are float32: with integers whose scales are powers of two
    they are exact, as those of int32 are, as long as they stay below 2^24 steps. Scales of activations are chosen anew
    for each batch, when the model is used as well.

    Args:
        model: Stays as it is; a functional Keras model.
        formats: What is rounded to what.
        seed: Of what is rounded stochastically.

    Returns:
        A new model with the weights of `model`, rounded where `updates` keeps them rounded.

    Raises:
        BadModel: If a layer has weights and is of a kind that isn't known here; it is named.
    """
    import keras

    from efficient_ai.compress import low_layers

    plain = low_layers.plain(formats)
    order = {layer.name: place for place, layer in enumerate(model.layers)}

    def replaced(layer: Any) -> Any:
        kind, config = type(layer).__name__, layer.get_config()
        if kind in low_layers.LAYERS:
            return low_layers.LAYERS[kind](**config, formats=plain, seed=1_000 * seed + order[layer.name])
        if layer.variables and kind not in FLOAT32_LAYERS:
            raise BadModel(f"layer {layer.name!r} ({kind}) can't be trained in few bits here")
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=replaced)
    for layer in filter(lambda layer: layer.variables, model.layers):
        own = {variable.name: variable for variable in twin.get_layer(layer.name).variables}
        for variable in layer.variables:
            own[variable.name].assign(variable)
        if type(layer).__name__ in low_layers.LAYERS:
            twin.get_layer(layer.name).start()
    return twin
