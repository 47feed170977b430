"""LeNet-300-100 made sparse after, while and before training, for equal steps and for equal training MACs.

MACs are counted as if multiplications with absent weights were skipped. What dense training followed by pruning costs
is what the others may spend: `epochs` finds how many epochs that buys them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import models
from efficient_ai.compress.prune import Gradual, Magnitude, copy, fine_tune, prune, sparsities, sparsity
from efficient_ai.compress.sparse_training import RigL, Static, budgets, train_sparse
from efficient_ai.cost.sparse_steps import step_macs
from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset, train_validation
from efficient_ai.data.fashion_mnist import SHA256
from efficient_ai.metrics import correct
from efficient_ai.studies import Study
from efficient_ai.train.loop import Recipe, fit
from efficient_ai.train.schedules import cubic_sparsity

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Plan:
    """How a network is trained: `dense` epochs and one of fine-tuning, on so many pictures."""

    pictures: int
    dense: int
    batch_size: int
    rate: float

    @property
    def short(self) -> int:
        """The epochs of a run that takes as many steps as dense training with fine-tuning."""
        return self.dense + 1


PLANS = {"lenet_300_100": Plan(pictures=30_000, dense=4, batch_size=128, rate=0.1)}
SEEDS = (0, 1, 2)
FIRST_STEPS = 10
AFTER, GRADUAL, STATIC, RIGL, RANDOM = "after", "gradual", "static", "rigl", "random"
SAME_STEPS, SAME_MACS, LONG = "same steps", "same macs", "long"
LONG_EPOCHS = 40


def recipe(network: str, epochs: int, seed: int) -> Recipe:
    """The rate was chosen on the validation pictures, with a seed of its own."""
    plan = PLANS[network]
    return Recipe(
        epochs=epochs,
        learning_rate=plan.rate,
        batch_size=plan.batch_size,
        weight_decay=1e-4,
        augment=False,
        seed=seed,
    )


def way(method: str, wanted: float, seed: int) -> Static | RigL | Gradual | Magnitude:
    """The config of a method."""
    return {
        AFTER: Magnitude(wanted),
        GRADUAL: Gradual(wanted),
        STATIC: Static(wanted, seed=seed),
        RIGL: RigL(wanted, seed=seed),
        RANDOM: RigL(wanted, regrow="random", seed=seed),
    }[method]


def macs(model: keras.Model, how: Static | RigL | Gradual, training: Recipe, pictures: int) -> float:
    """Multiply-accumulates of a training, on all its examples, without those with absent weights.

    For gradual pruning exact only where each weight is used once for an example, as in dense layers.
    """
    steps = training.epochs * (pictures // training.batch_size)
    if isinstance(how, Gradual):
        end = round(how.until * steps)
        left = [1 - cubic_sparsity(s - s % how.every, begin=0, end=end, final=how.sparsity) for s in range(steps)]
        return training.batch_size * sum(left) * step_macs(model)
    shapes = {layer.name: tuple(layer.kernel.shape) for layer in model.layers if hasattr(layer, "kernel")}
    counts = budgets(list(shapes.values()), sparsity=how.sparsity, distribution=how.distribution)
    shares = {name: c / math.prod(shape) for (name, shape), c in zip(shapes.items(), counts, strict=True)}
    plain = step_macs(model, shares)
    extra = step_macs(model, shares, all_weight_gradients=True) - plain
    by_gradient = isinstance(how, RigL) and how.regrow == "gradient"
    moves = len(how.moves(steps)) if by_gradient else 0
    return training.batch_size * (steps * plain + moves * extra)


def macs_after(model: keras.Model, pruned: keras.Model, training: Recipe, tuning: Recipe, pictures: int) -> float:
    """The same for dense training followed by pruning and fine-tuning."""
    shares = {name: 1 - zeros for name, zeros in sparsities(pruned).items()}
    steps = [t.epochs * (pictures // t.batch_size) for t in (training, tuning)]
    return training.batch_size * (steps[0] * step_macs(model) + steps[1] * step_macs(model, shares))


def epochs(network: str, method: str, wanted: float, budget: str) -> int:
    """How many epochs a run has: for `SAME_MACS`, what costs as much as dense training followed by pruning, rounded.

    There the fine-tuning is taken to cost the mean density; what it does cost is in the record.
    """
    plan = PLANS[network]
    if budget != SAME_MACS or method == AFTER:
        return LONG_EPOCHS if budget == LONG else plan.short
    model = models.build(network)
    per_epoch = macs(model, way(method, wanted, 0), recipe(network, LONG_EPOCHS, 0), plan.pictures) / LONG_EPOCHS
    steps = plan.pictures // plan.batch_size
    dense_epoch = steps * plan.batch_size * step_macs(model)
    return round((plan.dense + 1 - wanted) * dense_epoch / per_epoch)


@functools.cache
def pictures(network: str) -> tuple[np.ndarray, np.ndarray]:
    """The training pictures of a network's plan and their labels."""
    data = fashion_mnist()
    chosen, _ = train_validation(data.train_labels)
    chosen = chosen[stratified_subset(data.train_labels[chosen], PLANS[network].pictures, seed=0)]
    shape = models.build(network).input_shape[1:]
    return as_inputs(data.train_images[chosen], shape), data.train_labels[chosen]


def first_losses(network: str, method: str, wanted: float, budget: str, seed: int) -> list[float]:
    """The losses of a shard's first steps: what a page repeats."""
    return _shard(network, method, wanted, budget, seed, max_steps=FIRST_STEPS)[1]


def _shard(
    network: str, method: str, wanted: float, budget: str, seed: int, max_steps: int | None = None
) -> tuple[keras.Model, list[float], float]:
    """A trained net, the losses of its first steps, and the MACs of its training."""
    start, how = models.build(network, seed=seed), way(method, wanted, seed)
    training = recipe(network, epochs(network, method, wanted, budget), seed)
    seen, count = pictures(network), len(pictures(network)[0])
    losses: list[float] = []

    def after_step(step: int, loss: float) -> None:
        if step < FIRST_STEPS:
            losses.append(loss)

    if method == AFTER:
        dense = copy(start)
        training, tuning = recipe(network, PLANS[network].dense, seed), recipe(network, 1, seed)
        fit(dense, *seen, training, after_step=after_step, max_steps=max_steps)
        if max_steps:
            return dense, losses, 0.0
        pruned = prune(dense, how)
        trained, _ = fine_tune(pruned, *seen, tuning)
        return trained, losses, macs_after(start, pruned, training, tuning, count)
    spent = macs(start, how, training, count)
    if method == GRADUAL:
        trained, _ = fine_tune(start, *seen, training, how=how, after_step=after_step, max_steps=max_steps)
    else:
        trained, _ = train_sparse(start, *seen, training, how, after_step=after_step, max_steps=max_steps)
    return trained, losses, spent


def run(*, network: str, method: str, wanted: float, budget: str, seed: int) -> dict[str, Any]:
    """One shard: a net trained to a sparsity, and judged."""
    trained, losses, spent = _shard(network, method, wanted, budget, seed)
    data, shape = fashion_mnist(), trained.input_shape[1:]
    _, validation = train_validation(data.train_labels)

    def right(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return correct(trained.predict(as_inputs(images, shape), batch_size=500, verbose=0), labels)

    rightly = right(data.test_images, data.test_labels)
    dense_epoch = PLANS[network].pictures // PLANS[network].batch_size * PLANS[network].batch_size
    return {
        "first_losses": losses,
        "epochs": epochs(network, method, wanted, budget),
        "macs": spent,
        "dense_epochs": spent / (dense_epoch * step_macs(trained)),
        "sparsity": sparsity(trained),
        "validation_accuracy": float(right(data.train_images[validation], data.train_labels[validation]).mean()),
        "test_accuracy": float(rightly.mean()),
        "test_correct_hex": np.packbits(rightly).tobytes().hex(),
    }


RUNS = (
    ("lenet_300_100", 0.9, SAME_STEPS, (AFTER, GRADUAL, STATIC, RIGL)),
    ("lenet_300_100", 0.9, SAME_MACS, (GRADUAL, STATIC, RIGL, RANDOM)),
    ("lenet_300_100", 0.98, SAME_STEPS, (AFTER, GRADUAL, STATIC, RIGL)),
    ("lenet_300_100", 0.9, LONG, (GRADUAL,)),
    ("lenet_300_100", 0.98, LONG, (GRADUAL, RIGL)),
)


STUDY = Study(
    name="sparse_training",
    shards=tuple(
        {"network": network, "method": method, "wanted": wanted, "budget": budget, "seed": seed}
        for seed in SEEDS
        for network, wanted, budget, methods in RUNS
        for method in methods
    ),
    run=run,
    depends_on=(
        "studies.sparse_training",
        "compress.sparse_training",
        "compress.prune",
        "cost.sparse_steps",
        "train.loop",
        "train.schedules",
        "models.architectures",
    ),
    inputs=lambda: {"fashion_mnist": SHA256},
)
