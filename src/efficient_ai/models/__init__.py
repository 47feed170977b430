"""Architectures, and the zoo of trained models: `load("resnet8")`."""

from efficient_ai.models.classic import alexnet, vgg16
from efficient_ai.models.deep_narrow import deep_narrow
from efficient_ai.models.efficientnet_lite import efficientnet_lite0, imagenet_efficientnet_lite0, normalized_lite
from efficient_ai.models.mobilenet import imagenet_mobilenet_v2, mobilenet_v2
from efficient_ai.models.mobilenet_v1 import mobilenet_v1
from efficient_ai.models.resnet import resnet
from efficient_ai.models.squeezenet import squeezenet
from efficient_ai.models.zoo import build, card, load, names

__all__ = [
    "alexnet",
    "build",
    "card",
    "deep_narrow",
    "efficientnet_lite0",
    "imagenet_efficientnet_lite0",
    "imagenet_mobilenet_v2",
    "load",
    "mobilenet_v1",
    "mobilenet_v2",
    "names",
    "normalized_lite",
    "resnet",
    "squeezenet",
    "vgg16",
]
