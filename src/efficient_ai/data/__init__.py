"""Real data sets: where their bytes come from, how they are checked, and how they are split."""

from efficient_ai.data.augmented import augmented_crops, calibration_pictures
from efficient_ai.data.catalogue import DataSet, catalogue
from efficient_ai.data.corrupted import HARDSHIPS, WEATHER, corrupt
from efficient_ai.data.fashion_mnist import FashionMnist, as_inputs, fashion_mnist
from efficient_ai.data.glyphs import Glyphs, glyphs
from efficient_ai.data.keywords import Keywords, keywords
from efficient_ai.data.photographs import (
    Photographs,
    calibration_crops,
    held_out,
    imagenet_labels,
    normalized,
    sample,
)
from efficient_ai.data.silicon_labs import MakersModel, silicon_labs
from efficient_ai.data.source_code import SourceCode, python_source, windows
from efficient_ai.data.splits import stratified_subset, train_validation
from efficient_ai.data.stream import Stream, stream_without_keywords

__all__ = [
    "HARDSHIPS",
    "WEATHER",
    "DataSet",
    "FashionMnist",
    "Glyphs",
    "Keywords",
    "MakersModel",
    "Photographs",
    "SourceCode",
    "Stream",
    "as_inputs",
    "augmented_crops",
    "calibration_crops",
    "calibration_pictures",
    "catalogue",
    "corrupt",
    "fashion_mnist",
    "glyphs",
    "held_out",
    "imagenet_labels",
    "keywords",
    "normalized",
    "python_source",
    "sample",
    "silicon_labs",
    "stratified_subset",
    "stream_without_keywords",
    "train_validation",
    "windows",
]
