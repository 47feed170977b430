"""The files of the study `variants`: networks of the zoo at several precisions, and what each technique makes of them.

A family is what one training gives. Its files say what was done, and which other file is their float32 parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import models
from efficient_ai.compress import (
    Cluster,
    Distill,
    DynamicInt8,
    Float16,
    Float32,
    Gradual,
    Int8,
    Int16x8,
    cluster,
    convert,
    distill,
    fine_tune,
)
from efficient_ai.data import HARDSHIPS, as_inputs, corrupt, fashion_mnist, keywords, stratified_subset
from efficient_ai.data import train_validation as split
from efficient_ai.models.narrow_ds_cnn import narrow_ds_cnn
from efficient_ai.records import Variant
from efficient_ai.studies import channels, orders, record
from efficient_ai.train import Recipe
from efficient_ai.train.loop import fit

if TYPE_CHECKING:
    import keras

PICTURES, WORDS = "fashion_mnist", "keywords"
SHOWN = 24_000  # pictures that a fine-tuning sees, once
CALIBRATED = 100
# Networks of the zoo, converted as they are.
AS_TRAINED = {
    "softmax_regression": ("float32", "int8"),
    "lenet_300_100": ("float32", "int8"),
    "lenet5": ("float32", "float16", "dynamic_int8", "int8", "int16x8"),
    "resnet8": ("float32", "float16", "dynamic_int8", "int8"),
    "mobilenet_v1_025": ("float32", "int8"),
    "mobilenet_v2_035": ("float32", "int8"),
    "squeezenet_small": ("float32", "int8"),
    "resnet20": ("float32", "int8"),
    "ds_cnn": ("float32", "dynamic_int8", "int8"),
}
STUDENTS = {"student": "train", "student_distilled": "distil", "student_pruned": "distil → prune"}
# Filters, blocks, stride in time, epochs: the first is a quarter of DS-CNN, the others are cut to the button's energy.
NARROW = {"ds_cnn_32": (32, 4, 2, 6), "ds_cnn_24x2": (24, 2, 4, 16), "ds_cnn_24x3": (24, 3, 4, 16)}
TUNED = {
    "resnet8_pruned": "pruned",
    "resnet8_clustered": "clustered",
    "resnet8_halved": "narrowed",
    "resnet8_weather": "trained against weather",
    "lenet5_pruned": "pruned",
    "lenet_300_100_pruned": "pruned",
    "ds_cnn_pruned": "pruned",
}
SPARSITIES = {"resnet8": 0.8, "lenet5": 0.95, "lenet_300_100": 0.92, "ds_cnn": 0.7}
FAMILIES = (*AS_TRAINED, *STUDENTS, *TUNED, *NARROW)


@dataclass(frozen=True)
class Made:
    """A file of the study: its family, what was done to the net, and the family whose float32 file is its parent."""

    family: str
    technique: str
    parent: str
    file: Variant

    @property
    def name(self) -> str:
        return f"{self.family} {self.file.precision}"


def task(family: str) -> str:
    """The task of a family: "fashion_mnist" or "keywords"."""
    return WORDS if family.startswith("ds_cnn") else PICTURES


def parent(family: str) -> str:
    """The family whose float32 file a family's answers are compared with."""
    if family == "student_pruned":
        return "student_distilled"
    if family in STUDENTS or family in AS_TRAINED:
        return family
    return "ds_cnn" if family in NARROW else family.rsplit("_", 1)[0]


def examples(family: str, part: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of "train", "calibration" or "test" for a family, shaped for its net."""
    if task(family) == WORDS:
        heard = keywords(part)
        return heard.features, heard.labels
    data = fashion_mnist()
    if part == "test":
        return as_inputs(data.test_images, shape), data.test_labels
    images, labels = lesson(family)
    chosen = slice(CALIBRATED) if part == "calibration" else slice(None)
    return as_inputs(images[chosen], shape), labels[chosen]


def lesson(family: str) -> tuple[np.ndarray, np.ndarray]:
    """Training pictures as bytes; for the net that is to stand the weather, two of three are spoilt.

    They are spoilt in the ways of `HARDSHIPS`, each as often, at all severities. None of these is tested.
    """
    data = fashion_mnist()
    chosen, _ = split(data.train_labels)
    chosen = chosen[stratified_subset(data.train_labels[chosen], SHOWN, seed=0)]
    images, labels = data.train_images[chosen].copy(), data.train_labels[chosen]
    if family == "resnet8_weather":
        ways = [(kind, severity) for kind in HARDSHIPS for severity in (1, 2, 3)]
        way = np.random.default_rng(0).integers(0, len(ways) * 3 // 2, len(images))
        for i, (kind, severity) in enumerate(ways):
            images[way == i] = corrupt(images[way == i], kind, severity=severity)
    return images, labels


def untrained(family: str) -> keras.Model:
    """A family's net before its training: the same operators and shapes, so dense engines take the same time."""
    if family in STUDENTS:
        return orders._start("train", 0)
    if family in NARROW:
        filters, blocks, stride, _ = NARROW[family]
        return narrow_ds_cnn(seed=0, filters=filters, blocks=blocks, time_stride=stride)
    if family == "resnet8_halved":
        return channels.narrowed(0.5, "bn_scale")
    return models.load(parent(family))


def trained(family: str) -> keras.Model:
    """A family's net after its training, if it has one of its own."""
    start = untrained(family)
    if family in AS_TRAINED:
        return start
    if family == "resnet8_clustered":
        return cluster(start, Cluster(dense_bits=4, conv_bits=4))
    inputs, labels = examples(family, "train", start.input_shape[1:])
    if family in NARROW:
        epochs = NARROW[family][-1]
        recipe = Recipe(epochs, 5e-3, weight_decay=1e-3, augment=False, optimizer="adam", warmup_epochs=0.5)
        return distill(start, models.load("ds_cnn"), inputs, labels, recipe, Distill(temperature=2.0, alpha=0.9))[0]
    if family.endswith("_pruned"):
        net = family.removesuffix("_pruned")
        epochs = {"resnet8": 4, "lenet5": 4, "lenet_300_100": 8, "ds_cnn": 6}[net]
        recipe = Recipe(epochs, 0.05, weight_decay=1e-4, augment=False)
        if net == "ds_cnn":
            recipe = Recipe(epochs, 2e-3, weight_decay=1e-3, augment=False, optimizer="adam")
        return fine_tune(start, inputs, labels, recipe, how=Gradual(SPARSITIES[net]))[0]
    rate = 0.05 if family == "resnet8_halved" else 0.02
    fit(start, inputs, labels, Recipe(2 if rate == 0.05 else 1, rate, weight_decay=1e-4, augment=False))
    return start


def precisions(family: str) -> tuple[str, ...]:
    """The precisions at which a family is kept."""
    return AS_TRAINED.get(family, ("int8",) if family.endswith(("pruned", "clustered")) else ("float32", "int8"))


def technique(family: str, precision: str) -> str:
    """What was done: the precision's name where it is all, and "with int8" behind what was done besides."""
    done = TUNED.get(family) or {"student": "", "student_distilled": "distilled"}.get(family, "")
    done = "distilled and pruned" if family == "student_pruned" else "distilled" if family in NARROW else done
    return done or precision


def files(family: str, *, train: bool = True) -> tuple[Made, ...]:
    """All files of a family.

    Args:
        family: One of `FAMILIES`.
        train: Otherwise the weights are those before the training, which is enough to time dense engines.

    Raises:
        ValueError: If there is no such family.
    """
    if family not in FAMILIES:
        raise ValueError(f"there is no family {family!r} (known: {', '.join(FAMILIES)})")
    made = []
    if family in STUDENTS:
        (entry,) = record("orders").where(path=STUDENTS[family], seed=0)
        found = {p: Variant(family, p, orders.content(entry, p)) for p in precisions(family)}
    else:
        model = trained(family) if train else untrained(family)
        seen = examples(family, "calibration", model.input_shape[1:])[0]
        how = {c.name: c for c in (Float32(), Float16(), DynamicInt8(), Int8(seen), Int16x8(seen))}
        found = {p: convert(model, how[p]) for p in precisions(family)}
    for precision, file in found.items():
        named = technique(family, precision)
        made.append(Made(family, named, parent(family), Variant(family, precision, file.content, named)))
    return tuple(made)
