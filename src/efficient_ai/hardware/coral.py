"""The nets that Coral has published latencies of, as matrix products.

Building them all takes half a minute, so their products ship in `coral_nets.json`; `python -m
efficient_ai.hardware.coral` makes that file again, and a test compares it with the nets.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from efficient_ai import cost, published
from efficient_ai.hardware.edge_tpu import EdgeTpuNet, net_of
from efficient_ai.hardware.systolic import Product

if TYPE_CHECKING:
    import keras

_FILE = Path(__file__).with_name("coral_nets.json")
# Published, and not built here: detectors and segmentation nets, whose details Coral doesn't give.
NOT_BUILT = ("Unet Mv2", "DeepLab V3", "MobileNet v1 SSD", "MobileNet v2 SSD")


def _application(name: str, side: int, **options: float) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        import keras

        made = getattr(keras.applications, name)
        return made(weights=None, input_shape=(side, side, 3), classifier_activation=None, **options)

    return build


def _ours(module: str, name: str, *positional: str) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        import importlib

        return getattr(importlib.import_module(f"efficient_ai.models.{module}"), name)(*positional)

    return build


# By the key of the published latency.
BUILDERS: dict[str, tuple[str, Callable[[], keras.Model]]] = {
    "densenet": ("DenseNet-121", _application("DenseNet121", 224)),
    "efficientnet_edge_tpu_s": (
        "EfficientNet-EdgeTPU-S",
        _ours("efficientnet_edge_tpu", "efficientnet_edge_tpu", "S"),
    ),
    "efficientnet_edge_tpu_m": (
        "EfficientNet-EdgeTPU-M",
        _ours("efficientnet_edge_tpu", "efficientnet_edge_tpu", "M"),
    ),
    "efficientnet_edge_tpu_l": (
        "EfficientNet-EdgeTPU-L",
        _ours("efficientnet_edge_tpu", "efficientnet_edge_tpu", "L"),
    ),
    "inception_v1": ("Inception V1", _ours("inception", "inception_v1")),
    "inception_v3": ("Inception V3", _application("InceptionV3", 299)),
    "inception_v4": ("Inception V4", _ours("inception", "inception_v4")),
    "inception_resnet_v2": ("Inception-ResNet V2", _application("InceptionResNetV2", 299)),
    "mobilenet_v1_025": ("MobileNetV1 0.25, 128", _application("MobileNet", 128, alpha=0.25)),
    "mobilenet_v1": ("MobileNetV1", _application("MobileNet", 224)),
    "mobilenet_v2": ("MobileNetV2", _application("MobileNetV2", 224)),
    "resnet50_v1": ("ResNet-50 V1", _application("ResNet50", 299)),
    "resnet50_v2": ("ResNet-50 V2", _application("ResNet50V2", 299)),
    "resnet152_v2": ("ResNet-152 V2", _application("ResNet152V2", 299)),
    "squeezenet": ("SqueezeNet", _ours("squeezenet", "squeezenet")),
    "vgg16": ("VGG-16", _application("VGG16", 224)),
    "vgg19": ("VGG-19", _application("VGG19", 224)),
}


def names() -> tuple[str, ...]:
    """The keys of the nets: `coral.KEY.usb` is the published latency."""
    return tuple(BUILDERS)


def build(key: str) -> EdgeTpuNet:
    """Build a net in Keras and count it.

    Raises:
        ValueError: If there is no such net.
    """
    name, make = BUILDERS[_known(key)]
    return net_of(cost.count(make()), name=name)


def load(key: str) -> EdgeTpuNet:
    """A net as it ships.

    Raises:
        ValueError: If there is no such net.
    """
    return _stored()[_known(key)]


def published_ms(key: str) -> float:
    """The latency that Coral publishes for a net: a desktop computer with the USB Accelerator.

    Source: coral2020edgetpu; coral2020models.
    """
    return published.figure(f"coral.{_known(key)}.usb").value


def _known(key: str) -> str:
    if key not in BUILDERS:
        raise ValueError(f"there is no net {key!r}; there are {', '.join(BUILDERS)}")
    return key


@functools.cache
def _stored() -> dict[str, EdgeTpuNet]:
    entries = json.loads(_FILE.read_text("utf-8"))
    return {
        key: EdgeTpuNet(e["name"], tuple(Product(*p) for p in e["products"]), e["input_bytes"], e["output_bytes"])
        for key, e in entries.items()
    }


def write(path: Path = _FILE) -> None:
    """Build all nets and write them as they ship."""
    from efficient_ai import cache

    entries = {}
    for key in BUILDERS:
        net = build(key)
        products = [[p.vectors, p.inner, p.outputs, p.groups] for p in net.products]
        sizes = {"input_bytes": net.input_bytes, "output_bytes": net.output_bytes}
        entries[key] = {"name": net.name, **sizes, "products": products}
    lines = [f" {json.dumps(key)}: {json.dumps(entry, separators=(',', ':'))}" for key, entry in entries.items()]
    cache.write_whole(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())


if __name__ == "__main__":
    write()
