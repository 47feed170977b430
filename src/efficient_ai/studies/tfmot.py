"""ResNet-8 pruned gradually to 90% by TensorFlow's own toolkit: the run of the study `pruning`, with another tool."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.prune import Gradual, fine_tune, sparsity
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.peers import tfmot
from efficient_ai.studies import Study
from efficient_ai.studies.pruning import SEEDS, recipe

SPARSITY = 0.9
FIRST_STEPS = 10


def first_losses(seed: int, steps: int = FIRST_STEPS) -> list[float]:
    """The losses of the first steps with TF-MOT: what a page repeats."""
    images, labels = _training()
    made = tfmot.prune(models.load("resnet8"), images, labels, recipe(seed), Gradual(SPARSITY), max_steps=steps)
    return list(made.losses)


def _training() -> tuple[np.ndarray, np.ndarray]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    return as_inputs(data.train_images[chosen], (32, 32, 3)), data.train_labels[chosen]


def run(*, tool: str, seed: int) -> dict[str, Any]:
    """One shard: prune and fine-tune with one of the tools, and judge it on the test pictures.

    `cpu_seconds` is what the training took of the processor, all threads together: other programs on the machine
    don't count in it as they do in `seconds`.
    """
    dense, how = models.load("resnet8"), Gradual(SPARSITY)
    images, labels = _training()
    if tool == "ours":
        losses: list[float] = []
        started, worked = time.perf_counter(), time.process_time()
        model, _ = fine_tune(
            dense, images, labels, recipe(seed), how=how, after_step=lambda step, loss: losses.append(loss)
        )
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
        version = ""
    else:
        made = tfmot.prune(dense, images, labels, recipe(seed), how)
        model, losses, version = made.model, list(made.losses), made.version
        seconds, cpu_seconds = made.seconds, made.cpu_seconds
    data = fashion_mnist()
    logits = model.predict(as_inputs(data.test_images, (32, 32, 3)), batch_size=500, verbose=0)
    right = correct(logits, data.test_labels)
    return {
        "first_losses": losses[:FIRST_STEPS],
        "steps": len(losses),
        "sparsity": sparsity(model),
        "test_accuracy": float(right.mean()),
        "test_correct_hex": np.packbits(right).tobytes().hex(),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "version": version,
    }


STUDY = Study(
    name="tfmot",
    # Ours is timed once; its accuracies, seed by seed, are in the record of `pruning`.
    shards=tuple(
        {"seed": seed, "tool": tool}
        for seed, tool in ((SEEDS[0], "tfmot"), (SEEDS[0], "ours"), *((seed, "tfmot") for seed in SEEDS[1:]))
    ),
    run=run,
    depends_on=(
        "studies.tfmot",
        "studies.pruning",
        "peers.tfmot",
        "peers.tfmot_worker",
        "compress.prune",
        "train.loop",
        "train.schedules",
        "models.architectures",
    ),
    inputs=lambda: {"fashion_mnist": SHA256, "resnet8": models.card("resnet8").weights_sha256},
)
