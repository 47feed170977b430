"""Pruning, distilling and quantizing the small student in different orders, and what each order keeps.

It starts from the students of the study `distillation`, alone and distilled, whose weights its record holds.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import engines
from efficient_ai.compress import Float32, Int8, Magnitude, convert, fine_tune, prune
from efficient_ai.compress.distill import Distill, distillation_loss
from efficient_ai.compress.prune import copy, prunable
from efficient_ai.data import as_inputs, fashion_mnist
from efficient_ai.metrics import correct
from efficient_ai.numerics import affine_for, dequantize, quantize
from efficient_ai.studies import Study, record
from efficient_ai.studies import distillation as before
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

SEEDS = (0, 1, 2)
SPARSITY = 0.5
# A path's steps in their order. "prune" cuts and fine-tunes on the labels, "prune + distil" fine-tunes on the teacher's
# answers, "int8" rounds the weights; every path is converted to int8 at its end, whether or not that is its last step.
PATHS = (
    ("train",),
    ("distil",),
    ("train", "prune"),
    ("train", "prune + distil"),
    ("distil", "prune"),
    ("distil", "prune + distil"),
    ("distil", "int8", "prune, no training"),
)


def recipe(seed: int) -> Recipe:
    """Two epochs for each fine-tuning, whatever it learns from."""
    return Recipe(epochs=2, learning_rate=0.1, weight_decay=1e-4, augment=False, seed=seed)


def _start(step: str, seed: int) -> keras.Model:
    how = before.ALONE if step == "train" else before.CHOSEN
    (entry,) = record("distillation").where(role="pair", alpha=how.alpha, seed=seed)
    return before.unpacked(entry["weights"])


def _tuned(model: keras.Model, how: Distill, seed: int) -> keras.Model:
    pictures, labels = before.pictures()
    return fine_tune(
        model,
        as_inputs(pictures, model.input_shape[1:]),
        (labels, before.all_logits()),
        recipe(seed),
        loss=distillation_loss(how),
    )[0]


def rounded(model: keras.Model) -> keras.Model:
    """Kernels on the grid that int8 has for them, a scale for each output channel."""
    model = copy(model)
    for kernel in prunable(model):
        values = np.asarray(kernel)
        for channel in range(values.shape[-1]):
            grid = affine_for(values[..., channel], bits=8, symmetric=True)
            values[..., channel] = dequantize(quantize(values[..., channel], grid), grid)
        kernel.assign(values)
    return model


def walk(path: tuple[str, ...], seed: int) -> keras.Model:
    """The net at the end of a path."""
    model = _start(path[0], seed)
    for step in path[1:]:
        if step == "int8":
            model = rounded(model)
            continue
        model = prune(model, Magnitude(SPARSITY))
        if step != "prune, no training":
            model = _tuned(model, before.CHOSEN if step == "prune + distil" else before.ALONE, seed)
    return model


def run(*, path: str, seed: int) -> dict[str, Any]:
    """One shard: a path walked, its net converted twice and judged on LiteRT by all test pictures."""
    model = walk(tuple(path.split(" → ")), seed)
    data = fashion_mnist()
    test = as_inputs(data.test_images, model.input_shape[1:])
    calibration = as_inputs(before.pictures()[0][:100], model.input_shape[1:])
    found: dict[str, Any] = {}
    for how in (Float32(), Int8(calibration_set=calibration)):
        variant = convert(model, how)
        right = correct(engines.predict(variant.content, test), data.test_labels)
        found |= {
            f"{how.name}_accuracy": float(right.mean()),
            f"{how.name}_bytes": variant.size_bytes,
            f"{how.name}_compressed_bytes": variant.compressed_bytes,
        }
        if seed == SEEDS[0]:
            found[f"{how.name}_file"] = base64.b85encode(zlib.compress(variant.content, 9)).decode()
    return found


def content(entry: dict[str, Any], precision: str) -> bytes:
    """The .tflite file that an entry of the first seed holds."""
    return zlib.decompress(base64.b85decode(entry[f"{precision}_file"]))


def _inputs() -> dict[str, str]:
    weights = "".join(str(entry.get("weights")) for entry in record("distillation").entries)
    return {**before.STUDY.inputs(), "students": hashlib.sha256(weights.encode()).hexdigest()}


STUDY = Study(
    name="orders",
    shards=tuple({"path": " → ".join(path), "seed": seed} for seed, path in product(SEEDS, PATHS)),
    run=run,
    depends_on=(
        "studies.orders",
        "compress.distill",
        "compress.prune",
        "compress.convert",
        "train.loop",
        "train.schedules",
        "models.architectures",
        "models.student",
        "numerics.affine",
    ),
    inputs=_inputs,
)
