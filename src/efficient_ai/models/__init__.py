"""Architectures, and the zoo of trained models: `load("resnet8")`."""

from efficient_ai.models.mobilenet import imagenet_mobilenet_v2, mobilenet_v2
from efficient_ai.models.zoo import build, card, load, names

__all__ = ["build", "card", "imagenet_mobilenet_v2", "load", "mobilenet_v2", "names"]
