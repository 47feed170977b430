"""A carried model as a PyTorch module: the same weights, exactly, and the same padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from efficient_ai.engines.carry import Step, Steps
from efficient_ai.errors import BadModel


def _tensor(value: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(value))


class Padded(torch.nn.Module):
    """A layer behind a border; `value` fills it, before and after given for height and width."""

    def __init__(self, pads: list[int], layer: torch.nn.Module, value: float = 0.0) -> None:
        super().__init__()
        self.sides, self.layer, self.value = (pads[2], pads[3], pads[0], pads[1]), layer, value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(functional.pad(x, self.sides, value=self.value))


class Flatten(torch.nn.Module):
    """In Keras's order: channels last. A single pixel needs no reordering."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dim() == 4 and x.shape[2] * x.shape[3] > 1:
            x = x.permute(0, 2, 3, 1)
        return torch.flatten(x, 1)


class GlobalMean(torch.nn.Module):
    """The mean over height and width."""

    def __init__(self, keep: bool) -> None:
        super().__init__()
        self.keep = keep

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3), keepdim=self.keep)


class Sum(torch.nn.Module):
    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = first + other
        return first


class Concatenate(torch.nn.Module):
    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        return torch.cat(parts, 1)


def _convolve(step: Step) -> torch.nn.Module:
    kernel, options = step.arrays["kernel"], step.options
    pads = options["pads"]
    alike = pads[0] == pads[1] and pads[2] == pads[3]
    layer = torch.nn.Conv2d(
        kernel.shape[1] * options["groups"],
        kernel.shape[0],
        tuple(kernel.shape[2:]),
        tuple(options["strides"]),
        (pads[0], pads[2]) if alike else 0,
        tuple(options["dilation"]),
        options["groups"],
        bias="bias" in step.arrays,
    )
    _fill(layer, weight=kernel, bias=step.arrays.get("bias"))
    return layer if alike else Padded(pads, layer)


def _fill(layer: torch.nn.Module, **values: np.ndarray | None) -> None:
    with torch.no_grad():
        for name, value in values.items():
            if value is not None:
                getattr(layer, name).copy_(_tensor(value))


def _dense(step: Step) -> torch.nn.Module:
    kernel = step.arrays["kernel"]
    layer = torch.nn.Linear(kernel.shape[1], kernel.shape[0], bias="bias" in step.arrays)
    _fill(layer, weight=kernel, bias=step.arrays.get("bias"))
    return layer


def _normalize(step: Step) -> torch.nn.Module:
    a = step.arrays
    layer = torch.nn.BatchNorm2d(len(a["mean"]), eps=step.options["epsilon"])
    _fill(layer, weight=a["gamma"], bias=a["beta"], running_mean=a["mean"], running_var=a["variance"])
    return layer


def _relu(step: Step) -> torch.nn.Module:
    most = step.options["most"]
    return torch.nn.ReLU() if most is None else torch.nn.Hardtanh(0.0, most)


def _pool(step: Step) -> torch.nn.Module:
    options = step.options
    kind = torch.nn.MaxPool2d if step.kind == "max_pool" else torch.nn.AvgPool2d
    layer = kind(tuple(options["window"]), tuple(options["strides"]))
    return Padded(options["pads"], layer, float("-inf")) if any(options["pads"]) else layer


KINDS: dict[str, Any] = {
    "convolve": _convolve,
    "dense": _dense,
    "normalize": _normalize,
    "relu": _relu,
    "max_pool": _pool,
    "mean_pool": _pool,
    "softmax": lambda step: torch.nn.Softmax(-1),
    "add": lambda step: Sum(),
    "concatenate": lambda step: Concatenate(),
    "global_mean": lambda step: GlobalMean(step.options["keep"]),
    "pad": lambda step: Padded(step.options["pads"], torch.nn.Identity()),
    "flatten": lambda step: Flatten(),
}


class CarriedNet(torch.nn.Module):
    """Takes (n, channels, height, width), or (n, features); gives what the Keras model gives."""

    def __init__(self, carried: Steps) -> None:
        super().__init__()
        unknown = {step.kind for step in carried.steps} - set(KINDS)
        if unknown:
            raise BadModel(f"steps that aren't known here: {', '.join(sorted(unknown))}")
        self.layers = torch.nn.ModuleList(KINDS[step.kind](step) for step in carried.steps)
        self.wires = [(step.inputs, step.output) for step in carried.steps]
        self.result = carried.output

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {0: x}
        for layer, (reads, writes) in zip(self.layers, self.wires, strict=True):
            values[writes] = layer(*(values[number] for number in reads))
        return values[self.result]


def channels_first(values: np.ndarray) -> np.ndarray:
    """Pictures as PyTorch wants them, (n, channels, height, width); anything else as it is."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 1)) if values.ndim == 4 else values


def build(content: bytes) -> tuple[CarriedNet, Steps]:
    """The module of a carried model, in evaluation mode, and the steps that it was made of."""
    carried = Steps.from_bytes(content)
    return CarriedNet(carried).eval(), carried


def folded(net: CarriedNet) -> CarriedNet:
    """Take each normalization that follows a convolution into it: the same function, in fewer operations.

    Args:
        net: Changed in place.
    """
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    makers = {writes: number for number, (_, writes) in enumerate(net.wires)}
    read = [number for reads, _ in net.wires for number in reads]
    for number, layer in enumerate(net.layers):
        source = net.wires[number][0][0]
        if not isinstance(layer, torch.nn.BatchNorm2d) or source not in makers or read.count(source) > 1:
            continue
        before = net.layers[makers[source]]
        if isinstance(before, torch.nn.Conv2d):
            net.layers[makers[source]] = fuse_conv_bn_eval(before, layer)
        elif isinstance(before, Padded) and isinstance(before.layer, torch.nn.Conv2d):
            before.layer = fuse_conv_bn_eval(before.layer, layer)
        else:
            continue
        net.layers[number] = torch.nn.Identity()
    return net
