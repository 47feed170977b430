"""Real data sets: where their bytes come from, how they are checked, and how they are split."""

from efficient_ai.data.fashion_mnist import FashionMnist, as_inputs, fashion_mnist
from efficient_ai.data.photographs import (
    Photographs,
    calibration_crops,
    held_out,
    imagenet_labels,
    normalized,
    sample,
)
from efficient_ai.data.splits import stratified_subset, train_validation

__all__ = [
    "FashionMnist",
    "Photographs",
    "as_inputs",
    "calibration_crops",
    "fashion_mnist",
    "held_out",
    "imagenet_labels",
    "normalized",
    "sample",
    "stratified_subset",
    "train_validation",
]
