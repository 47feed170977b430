"""Structured pruning: whole channels leave the graph, and what is left is a smaller dense network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress.channel_graph import ChannelGraph, Group, nearest_multiple

if TYPE_CHECKING:
    import keras

BATCH = 100


@dataclass(frozen=True)
class Channels:
    """Keep the share `keep`, in (0, 1], of the channels.

    `criterion` says which go first: those with the smallest kernels ("l1"), the smallest scale in the batch
    normalization behind them ("bn_scale"), the smallest mean magnitude where they are read ("activation"), the least
    first-order effect on the loss ("taylor"), or any ("random"). The last but one needs `images` and `labels` of the
    training data, the one before it `images`. `scope` is "layer" (the same share in each group of tied layers) or
    "global" (one ranking of all, each group's scores divided by their mean). The count in each group is rounded to a
    multiple of `multiple`, since kernels compute several channels at a time, and is at least that.

    Source: li2017pruning for "l1"; liu2017slimming for "bn_scale"; molchanov2017pruning for "taylor".
    """

    keep: float
    criterion: str = "l1"
    scope: str = "layer"
    multiple: int = 1
    images: np.ndarray | None = field(default=None, repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)
    seed: int = 0


def tied_channels(model: keras.Model) -> tuple[Group, ...]:
    """The groups of layers whose output channels can only go together, in the graph's order.

    Args:
        model: Functional or sequential, channels last.

    Returns:
        A group for each set of tied layers; the model's inputs and outputs are not among them.

    Raises:
        BadModel: If the model has a layer that channels can't be followed through; the message names it.
    """
    return ChannelGraph(model).groups()


def prune_channels(model: keras.Model, how: Channels) -> keras.Model:
    """Remove the least important channels from every layer between input and output.

    Args:
        model: Functional or sequential, channels last; stays as it is.
        how: Share, criterion and scope.

    Returns:
        A new model of the same layers, narrower, with the remaining weights.

    Raises:
        ValueError: If the share, the criterion, the scope or the multiple is wrong, or the criterion's data is missing.
        BadModel: If a layer is not supported; the message names it.

    Source: li2017pruning.
    """
    if not 0 < how.keep <= 1:
        raise ValueError(f"keep must be in (0, 1], got {how.keep}")
    if how.criterion not in CRITERIA:
        raise ValueError(f"criterion must be one of {', '.join(CRITERIA)}, got {how.criterion!r}")
    if how.scope not in ("layer", "global"):
        raise ValueError(f'scope must be "layer" or "global", got {how.scope!r}')
    if how.multiple < 1:
        raise ValueError(f"multiple must be at least 1, got {how.multiple}")
    graph = ChannelGraph(model)
    return graph.without(_removed(graph.groups(), CRITERIA[how.criterion](graph, how), how))


def _removed(groups: tuple[Group, ...], scores: dict[int, float], how: Channels) -> set[int]:
    """The channels that go."""
    wanted = {group: how.keep * len(group.channels) for group in groups}
    if how.scope == "global":
        relative = {
            c: scores[c] / max(1e-12, float(np.mean([scores[o] for o in group.channels])))
            for group in groups
            for c in group.channels
        }
        ranked = sorted(relative, key=lambda c: -relative[c])
        chosen = set(ranked[: round(how.keep * len(ranked))])
        wanted = {group: float(len(chosen & set(group.channels))) for group in groups}
    removed: set[int] = set()
    for group, share in wanted.items():
        count = nearest_multiple(share, multiple=how.multiple, most=len(group.channels))
        removed |= set(sorted(group.channels, key=lambda c: -scores[c])[count:])
    return removed


def _l1(graph: ChannelGraph, how: Channels) -> dict[int, float]:
    """Mean magnitude of the weights that make a channel."""
    return graph.sums(
        {
            call.outputs[0]: np.abs(k := np.asarray(call.layer.kernel)).mean(axis=tuple(range(k.ndim - 1)))
            for call in graph.makers
        }
    )


def _bn_scale(graph: ChannelGraph, how: Channels) -> dict[int, float]:
    """Magnitude of the scales of the batch normalizations that a channel passes."""
    scales = {
        call.outputs[0]: np.abs(np.asarray(call.layer.gamma)) for call in graph.normalizations() if call.layer.scale
    }
    scores = graph.sums(scales)
    for group in graph.groups():
        if missing := [c for c in group.channels if c not in scores]:
            raise ValueError(
                f'criterion "bn_scale" needs a batch normalization behind {group.layers[0]!r}, '
                f'which has none for {len(missing)} channels: use "l1"'
            )
    return scores


def _images(how: Channels, *, labels: bool) -> np.ndarray:
    wrong = how.images is None or not len(how.images)
    if labels and not wrong:
        wrong = how.labels is None or len(how.labels) != len(how.images)
    if wrong:
        needed = "images and as many labels" if labels else "images"
        raise ValueError(f"criterion {how.criterion!r} needs {needed} from the training data, got none that fit")
    return how.images


def _activation(graph: ChannelGraph, how: Channels) -> dict[int, float]:
    """Mean magnitude of a channel where it is read."""
    images = _images(how, labels=False)
    sums: dict[int, np.ndarray] = {}

    def read(call: object, x: np.ndarray) -> np.ndarray:
        tensor = call.inputs[0]
        values = np.abs(np.asarray(x))
        values = values.reshape(-1, values.shape[-1]).mean(axis=0) * len(x) / len(images)
        sums[tensor] = sums.get(tensor, 0) + values
        return x

    for first in range(0, len(images), BATCH):
        graph.run(images[first : first + BATCH], read=read)
    return graph.sums(sums)


def _taylor(graph: ChannelGraph, how: Channels) -> dict[int, float]:
    """How much the loss changes, to first order, when a channel is zero wherever it is read: mean over the pictures."""
    import tensorflow as tf

    images = _images(how, labels=True)
    scores: dict[int, float] = {}
    for first in range(0, len(images), BATCH):
        places: dict[str, tuple[int, tf.Tensor]] = {}
        with tf.GradientTape() as tape:

            def read(call: object, x: tf.Tensor, places: dict = places, tape: tf.GradientTape = tape) -> tf.Tensor:
                mine = tf.identity(tf.convert_to_tensor(x))
                tape.watch(mine)
                places[call.name] = (call.inputs[0], mine)
                return mine

            logits = graph.run(images[first : first + BATCH], read=read)
            classes = tf.cast(how.labels[first : first + BATCH], tf.int32)
            loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))
        gradients = tape.gradient(loss, [mine for _, mine in places.values()])
        effects: dict[int, np.ndarray] = {}
        for (tensor, mine), gradient in zip(places.values(), gradients, strict=True):
            product = np.asarray(mine) * np.asarray(gradient)
            effect = product.reshape(len(product), -1, product.shape[-1]).sum(axis=1)
            effects[tensor] = effects.get(tensor, 0) + effect
        for where, effect in _by_channel(graph, effects).items():
            scores[where] = scores.get(where, 0.0) + float(np.abs(effect).sum()) / len(images)
    return scores


def _by_channel(graph: ChannelGraph, effects: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The effects, (pictures, channels) by tensor, added up for tied channels before their sign is dropped."""
    total: dict[int, np.ndarray] = {}
    for tensor, effect in effects.items():
        for label, column in zip(graph.labels[tensor], effect.T, strict=True):
            where = graph.find(label)
            total[where] = total.get(where, 0) + column
    return total


def _random(graph: ChannelGraph, how: Channels) -> dict[int, float]:
    """Nothing but luck: what every criterion has to beat."""
    order = np.random.default_rng(how.seed)
    return {channel: float(order.random()) for group in graph.groups() for channel in group.channels}


CRITERIA: dict[str, Callable[[ChannelGraph, Channels], dict[int, float]]] = {
    "l1": _l1,
    "bn_scale": _bn_scale,
    "activation": _activation,
    "taylor": _taylor,
    "random": _random,
}
