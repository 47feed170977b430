"""Which channels of a network stand or fall together, and the same network without some of them.

Every channel that a convolution or a dense layer makes gets a number. Following the numbers through the graph says
where each channel is read, and an addition ties the numbers of its inputs: either all go or none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.cost.keras_graph import Call, read
from efficient_ai.errors import BadModel

if TYPE_CHECKING:
    import keras

MAKERS = ("Conv2D", "Dense")
MERGERS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
PASSING = (
    *("Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "SpatialDropout2D", "Rescaling", "Identity"),
    *("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
    *("ZeroPadding2D", "Cropping2D", "UpSampling2D", "BatchNormalization", "Softmax"),
)


@dataclass(frozen=True)
class Group:
    """Layers whose output channels are tied, and the tied channels: each stands for one channel of every layer."""

    layers: tuple[str, ...]
    channels: tuple[int, ...]


class ChannelGraph:
    """The channels of a functional model, tied where the graph ties them.

    `labels` has, for each tensor, the number of each entry of its last axis; `makers` are the calls that mix the
    channels they read and make new ones.
    """

    def __init__(self, model: keras.Model) -> None:
        self._parents: list[int] = []
        self.name = model.name
        self.graph = read(model, None)
        self.labels: dict[int, np.ndarray] = {}
        self.makers: list[Call] = []
        fixed = [self._fresh(self._last(tensor)) for tensor in self.graph.inputs]
        self.labels.update(zip(self.graph.inputs, fixed, strict=True))
        seen: set[int] = set()
        for call in self.graph.calls:
            if call.layer.weights and id(call.layer) in seen:
                raise BadModel(f"layer {call.name!r} is called more than once: its channels can't be removed")
            seen.add(id(call.layer))
            self.labels[call.outputs[0]] = self._follow(call)
        fixed += [self.labels[tensor] for tensor in self.graph.outputs]
        self._fixed = {self.find(label) for labels in fixed for label in labels}

    def _last(self, tensor: int) -> int:
        return int(self.graph.tensors[tensor].shape[-1])

    def _fresh(self, count: int) -> np.ndarray:
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count)

    def find(self, label: int) -> int:
        """The number that stands for all channels tied to this one."""
        while self._parents[label] != label:
            self._parents[label] = label = self._parents[self._parents[label]]
        return int(label)

    def _tie(self, first: np.ndarray, second: np.ndarray) -> None:
        for a, b in zip(first, second, strict=True):
            a, b = sorted((self.find(a), self.find(b)))
            self._parents[b] = a

    def _follow(self, call: Call) -> np.ndarray:
        """The labels of what a call gives."""
        kind, layer = type(call.layer).__name__, call.layer
        given = [self.labels[tensor] for tensor in call.inputs]
        if getattr(layer, "data_format", "channels_last") != "channels_last":
            raise BadModel(f"layer {call.name!r} has its channels first: expected channels_last")
        if kind in MAKERS and getattr(layer, "groups", 1) == 1:
            self.makers.append(call)
            return self._fresh(self._last(call.outputs[0]))
        if kind == "DepthwiseConv2D":
            return np.repeat(given[0], layer.depth_multiplier)
        if kind in MERGERS and all(len(labels) == len(given[0]) for labels in given):
            for other in given[1:]:
                self._tie(given[0], other)
            return given[0]
        axis = getattr(layer, "axis", -1)
        rank = len(self.graph.tensors[call.inputs[0]].shape)
        if kind == "Concatenate" and axis in (-1, rank - 1):
            return np.concatenate(given)
        if kind in ("Flatten", "Reshape"):
            inside, outside = self._last(call.inputs[0]), self._last(call.outputs[0])
            if kind == "Flatten" or inside == outside:
                return np.tile(given[0], outside // inside)
        if kind in PASSING and (kind not in ("BatchNormalization", "Softmax") or axis in (-1, rank - 1)):
            return given[0]
        groups = f" with {layer.groups} groups" if getattr(layer, "groups", 1) > 1 else ""
        raise BadModel(f"layer {call.name!r} ({kind}{groups}) is not one that channels can be followed through")

    def groups(self) -> tuple[Group, ...]:
        """The groups of tied layers whose channels may go, in the graph's order."""
        channels: dict[int, list[int]] = {}
        layers: dict[int, list[str]] = {}
        merged: dict[int, int] = {}

        def root(number: int) -> int:
            while merged.setdefault(number, number) != number:
                number = merged[number]
            return number

        for call in self.makers:
            roots = [self.find(label) for label in self.labels[call.outputs[0]]]
            first = min(root(r) for r in roots)
            for r in roots:
                merged[root(r)] = first
        for call in self.makers:
            roots = [self.find(label) for label in self.labels[call.outputs[0]]]
            where = root(roots[0])
            layers.setdefault(where, []).append(call.name)
            channels.setdefault(where, []).extend(r for r in roots if r not in self._fixed)
        return tuple(
            Group(tuple(layers[where]), tuple(dict.fromkeys(found))) for where, found in channels.items() if found
        )

    def sums(self, values: dict[int, np.ndarray]) -> dict[int, float]:
        """Add up numbers given by tensor and last axis, for the channels that are tied."""
        total: dict[int, float] = {}
        for tensor, vector in values.items():
            for label, value in zip(self.labels[tensor], vector, strict=True):
                where = self.find(label)
                total[where] = total.get(where, 0.0) + float(value)
        return total

    def normalizations(self) -> Iterator[Call]:
        """The batch normalizations."""
        return (call for call in self.graph.calls if type(call.layer).__name__ == "BatchNormalization")

    def run(self, images: Any, *, read: Any = None) -> Any:
        """Compute the model call by call; `read(call, tensor)` may stand between a maker and what it reads."""
        values = {self.graph.inputs[0]: images}
        for call in self.graph.calls:
            inputs = [values[tensor] for tensor in call.inputs]
            if read and call in self.makers:
                inputs = [read(call, inputs[0])]
            values[call.outputs[0]] = call.layer(inputs if _takes_list(call) else inputs[0])
        return values[self.graph.outputs[0]]

    def without(self, removed: set[int]) -> keras.Model:
        """A model of its own that lacks the channels whose representatives are given."""
        import keras

        kept = {
            tensor: np.array([self.find(label) not in removed for label in labels])
            for tensor, labels in self.labels.items()
        }
        values = {tensor: keras.Input(self.graph.tensors[tensor].shape[1:]) for tensor in self.graph.inputs}
        for call in self.graph.calls:
            before, after = kept[call.inputs[0]], kept[call.outputs[0]]
            config = call.layer.get_config()
            if type(call.layer).__name__ in MAKERS:
                config["filters" if "filters" in config else "units"] = int(after.sum())
            if type(call.layer).__name__ == "Reshape":
                config["target_shape"] = (*config["target_shape"][:-1], int(after.sum()))
            layer = type(call.layer).from_config({**config, "name": call.name.replace("/", "_")})
            inputs = [values[tensor] for tensor in call.inputs]
            values[call.outputs[0]] = layer(inputs if _takes_list(call) else inputs[0])
            layer.set_weights([_cut(w, call, before, after) for w in call.layer.get_weights()])
        ends = ([values[tensor] for tensor in tensors] for tensors in (self.graph.inputs, self.graph.outputs))
        return keras.Model(*(end if len(end) > 1 else end[0] for end in ends), name=self.name)


def _takes_list(call: Call) -> bool:
    return type(call.layer).__name__ in (*MERGERS, "Concatenate")


def _cut(weight: np.ndarray, call: Call, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The part of a layer's weight that its remaining channels need."""
    if type(call.layer).__name__ in MAKERS and weight.ndim > 1:
        return weight[..., before, :][..., after]
    if type(call.layer).__name__ == "DepthwiseConv2D" and weight.ndim > 1:
        return weight[:, :, before]
    return weight[after]


def nearest_multiple(count: float, *, multiple: int, most: int) -> int:
    """The multiple nearest to `count`, at least one of them and never more than `most`."""
    return min(most, max(multiple, math.floor(count / multiple + 0.5) * multiple))
