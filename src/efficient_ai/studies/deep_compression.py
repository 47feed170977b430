"""Deep Compression of the two LeNets on Fashion-MNIST: several sparsities and codebooks, to files that decode."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress import Cluster, Gradual, fine_tune, share
from efficient_ai.data import as_inputs, fashion_mnist, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train import Recipe

if TYPE_CHECKING:
    import keras

FIRST_STEPS = 10


@dataclass(frozen=True)
class Plan:
    """What is done with one network. At the sparsity `repeated` there are more seeds, and the files are kept."""

    epochs: int
    sparsities: tuple[float, ...]
    repeated: float

    def recipe(self, seed: int) -> Recipe:
        """Without augmentation and with little weight decay: see `studies.pruning.recipe`."""
        return Recipe(epochs=self.epochs, learning_rate=0.05, weight_decay=1e-4, augment=False, seed=seed)

    def tuning(self, seed: int) -> Recipe:
        """An epoch for the centroids; nothing pulls them towards zero."""
        return Recipe(epochs=1, learning_rate=0.01, weight_decay=0.0, augment=False, seed=seed)


PLANS = {
    "lenet_300_100": Plan(epochs=15, sparsities=(0.88, 0.92, 0.94, 0.96, 0.98), repeated=0.96),
    "lenet5": Plan(epochs=5, sparsities=(0.92, 0.97, 0.985), repeated=0.97),
}
CODEBOOKS = (Cluster(dense_bits=4, conv_bits=5), Cluster(dense_bits=3, conv_bits=5), Cluster(dense_bits=2, conv_bits=4))
SEEDS = (0, 1, 2)


def first_losses(network: str, sparsity: float, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _trained(network, sparsity, seed, max_steps=FIRST_STEPS)[1]


def _pictures(network: str) -> tuple[np.ndarray, np.ndarray]:
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    return as_inputs(data.train_images[chosen], models.build(network).input_shape[1:]), data.train_labels[chosen]


def _trained(network: str, sparsity: float, seed: int, max_steps: int | None = None) -> tuple[keras.Model, list[float]]:
    losses: list[float] = []
    tuned, _ = fine_tune(
        models.load(network),
        *_pictures(network),
        PLANS[network].recipe(seed),
        how=Gradual(sparsity) if sparsity else None,
        max_steps=max_steps,
        after_step=lambda step, loss: losses.append(loss) if step < FIRST_STEPS else None,
    )
    return tuned, losses


def _judged(model: keras.Model) -> dict[str, Any]:
    """Accuracy on the validation and the test pictures; which of the latter are named rightly is kept bit by bit."""
    data = fashion_mnist()
    _, validation = train_validation(data.train_labels)

    def right(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        logits = model.predict(as_inputs(images, model.input_shape[1:]), batch_size=500, verbose=0)
        return correct(logits, labels)

    rightly = right(data.test_images, data.test_labels)
    return {
        "validation_accuracy": float(right(data.train_images[validation], data.train_labels[validation]).mean()),
        "test_accuracy": float(rightly.mean()),
        "test_correct_hex": np.packbits(rightly).tobytes().hex(),
    }


def run(*, network: str, sparsity: float, seed: int) -> dict[str, Any]:
    """One shard: prune while training, then a file for each codebook; a sparsity of 0 only trains, as long."""
    plan = PLANS[network]
    trained, losses = _trained(network, sparsity, seed)
    files = []
    for how in CODEBOOKS if sparsity else ():
        final, content, report = share(trained, *_pictures(network), how, plan.tuning(seed))
        kept = sparsity == plan.repeated and seed == 0
        files.append(
            {
                "dense_bits": how.dense_bits,
                "conv_bits": how.conv_bits,
                "size_bytes": report.size_bytes,
                "fixed_bytes": report.fixed_bytes,
                "ratio": report.ratio,
                "parts": report.parts,
                **_judged(final),
                "content": base64.b64encode(content).decode() if kept else "",
            }
        )
    return {"first_losses": losses, "trained": _judged(trained), "files": files}


STUDY = Study(
    name="deep_compression",
    shards=tuple(
        {"network": network, "sparsity": sparsity, "seed": seed}
        for network, plan in PLANS.items()
        for seed in SEEDS
        for sparsity in ((0.0, *plan.sparsities) if seed == 0 else (plan.repeated,))
    ),
    run=run,
    depends_on=(
        "studies.deep_compression",
        "compress.cluster",
        "compress.deep",
        "compress.prune",
        "compress.sparse_tensor",
        "compress.storage",
        "numerics.huffman",
        "train.loop",
        "train.schedules",
        "models.architectures",
    ),
    inputs=lambda: {
        "fashion_mnist": SHA256,
        **{network: models.card(network).weights_sha256 for network in PLANS},
    },
)
