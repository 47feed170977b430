"""ResNet-8 and DS-CNN with weights of 8, 4 and 2 bits: trained with them, and rounded after training.

All start from the zoo's weights. Activations have 8 bits everywhere, input and output too.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import engines, models
from efficient_ai.compress.calibrate import correct_bias, observe
from efficient_ai.compress.convert import Float32, convert
from efficient_ai.compress.qat import QAT, fake_quantized
from efficient_ai.compress.qat_export import convert_trained
from efficient_ai.data import as_inputs, fashion_mnist, keywords, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import agreement, correct
from efficient_ai.studies import Study
from efficient_ai.train import Recipe, fit

if TYPE_CHECKING:
    import keras

BITS = (2, 4, 8)
SEEDS = (0, 1, 2)
NETS = ("resnet8", "ds_cnn")
METHODS = ("qat", "ptq", "ptq corrected")
FIRST_STEPS = 10
CALIBRATED = 250


def recipe(net: str, bits: int, seed: int) -> Recipe:
    """One epoch over all training pictures, or three over all spoken words, at low rates: the nets are trained already.

    Pictures are shifted and mirrored, as in the training from scratch: on the validation pictures, with one seed at 4
    bits, an epoch without that was a third of a point worse. Two bits move the weights further and get twice the rate.
    """
    if net == "ds_cnn":
        return Recipe(epochs=3, learning_rate=2e-3, weight_decay=1e-3, augment=False, seed=seed, optimizer="adam")
    return Recipe(epochs=1, learning_rate=0.02 if bits == 2 else 0.01, weight_decay=5e-4, seed=seed)


@functools.cache
def _examples(net: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of "train", "validation", "test" or "calibration"."""
    if net == "ds_cnn":
        heard = keywords(split)
        return heard.features, heard.labels
    data = fashion_mnist()
    chosen, validation = train_validation(data.train_labels)
    if split == "calibration":
        chosen = chosen[stratified_subset(data.train_labels[chosen], CALIBRATED, seed=0)]
    images, labels = (data.train_images, data.train_labels) if split != "test" else (data.test_images, data.test_labels)
    at = {"validation": validation, "test": slice(None)}.get(split, chosen)
    return as_inputs(images[at], (32, 32, 3)), labels[at]


def trained(net: str, bits: int, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    """A net trained with its grids, and the losses of its first steps."""
    model = fake_quantized(models.load(net), QAT(bits), calibration_set=_examples(net, "calibration")[0])
    losses: list[float] = []
    fit(
        model,
        *_examples(net, "train"),
        recipe(net, bits, seed),
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return model, losses


def first_losses(net: str, bits: int, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return trained(net, bits, seed, max_steps=FIRST_STEPS)[1]


def run(*, net: str, bits: int, method: str, seed: int) -> dict[str, Any]:
    """One shard: round or train, export, look at the validation and at the test examples.

    The accuracies of a bias-corrected net are those of its file, all others' those of the model itself, beside the
    file's on the test examples. Which of these are named rightly is kept bit by bit.
    """
    losses: list[float] = []
    if method == "qat":
        model, losses = trained(net, bits, seed)
    else:
        model = fake_quantized(models.load(net), QAT(bits), calibration_set=_examples(net, "calibration")[0])
    file = convert_trained(model)
    if method == "ptq corrected":
        wide = convert(models.load(net), Float32())
        file = correct_bias(observe(file, wide, _examples(net, "calibration")[0])).small
    (seen, wanted), (shown, labels) = _examples(net, "validation"), _examples(net, "test")
    answers = engines.predict(file.content, shown)
    if method == "ptq corrected":
        validated, tested = engines.predict(file.content, seen), answers
    else:
        validated, tested = (model.predict(x, batch_size=500, verbose=0) for x in (seen, shown))
    rightly = correct(tested, labels)
    return {
        "first_losses": losses,
        "validation_accuracy": float(correct(validated, wanted).mean()),
        "test_accuracy": float(rightly.mean()),
        "file_accuracy": float(correct(answers, labels).mean()),
        "file_agreement": agreement(answers, tested),
        "test_correct_hex": np.packbits(rightly).tobytes().hex(),
    }


STUDY = Study(
    name="qat",
    shards=(
        *({"net": n, "bits": b, "method": m, "seed": 0} for n, m, b in product(NETS, METHODS, BITS)),
        *({"net": "resnet8", "bits": b, "method": "qat", "seed": s} for s, b in product(SEEDS[1:], BITS)),
    ),
    run=run,
    depends_on=(
        "studies.qat",
        "compress.qat",
        "compress.qat_export",
        "compress.fake_layers",
        "compress.calibrate",
        "train.loop",
        "train.schedules",
        "models.architectures",
        "models.ds_cnn",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, **{net: models.card(net).weights_sha256 for net in NETS}},
)
