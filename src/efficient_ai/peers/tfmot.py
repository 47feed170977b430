"""TensorFlow's Model Optimization Toolkit on our nets: rebuilt in Keras 2, pruned or clustered, and handed back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.compress.prune import Gradual, copy, prunable
from efficient_ai.cost.keras_graph import Graph, read
from efficient_ai.errors import EfficientAIError, EngineMissing
from efficient_ai.records import EngineMissingRow
from efficient_ai.train.loop import Recipe

if TYPE_CHECKING:
    import keras

INSTALL = 'pip install "tensorflow-model-optimization>=0.8.1" tf-keras'
WORKER = Path(__file__).with_name("tfmot_worker.py")
# What a layer of Keras 2 is told: the shape of its computation, not how it was initialized.
LEFT_OUT = ("initializer", "regularizer", "constraint", "dtype", "lora", "quantization", "name", "trainable")


@dataclass(frozen=True)
class PeerRun:
    """What the tool made: a model with its weights, and how long it took.

    `seconds` is the training alone, as a user of the tool would time it, `cpu_seconds` what it took of the processor,
    all threads together, and `total_seconds` the process from its start.
    `losses` has the loss of each step.
    """

    model: keras.Model = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)
    seconds: float
    cpu_seconds: float
    total_seconds: float
    version: str


def available() -> str | None:
    """The tool's version, or None where it, or the Keras 2 that it needs, isn't installed."""
    try:
        metadata.version("tf-keras")
        return metadata.version("tensorflow-model-optimization")
    except metadata.PackageNotFoundError:
        return None


def missing_row() -> EngineMissingRow:
    """The row that stands in a table where the tool isn't installed."""
    return EngineMissingRow("TF-MOT", INSTALL)


def prune(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    how: Gradual,
    *,
    max_steps: int | None = None,
) -> PeerRun:
    """Prune while training, with TF-MOT's `prune_low_magnitude` and its polynomial schedule.

    The same start, the same batches in the same order, the same optimizer and the same steps as `compress.fine_tune`
    with the same recipe. Each layer gets the same sparsity: the tool has no threshold for the whole net.

    Args:
        model: Functional or sequential; stays as it is.
        images: (n, height, width, channels), float32.
        labels: Integer classes, (n,).
        recipe: Without augmentation, and with SGD.
        how: Its sparsity, `until` and `every`.
        max_steps: Stop after so many steps of the same schedule.

    Returns:
        A new model with the weights that the tool left.

    Raises:
        EngineMissing: If the tool isn't installed; the message names the command that installs it.
        ValueError: If the recipe augments, or doesn't use SGD.
        EfficientAIError: If the tool fails; the message ends with its last line.

    Source: tfmot2019pruning.
    """
    wanted = {"sparsity": how.sparsity, "until": how.until, "every": how.every}
    return _run("prune", wanted, model, images, labels, recipe, max_steps)


def cluster(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    clusters: int | Mapping[str, int],
    keep_zeros: bool = False,
    max_steps: int | None = None,
) -> PeerRun:
    """Let the weights of each layer share a few values, with TF-MOT's `cluster_weights`, and fine-tune the values.

    A value's gradient is the sum over all weights that share it, so the learning rate must be some thousand times
    smaller than for the weights themselves: at 0.05 the values run away and fall together.

    Args:
        model: As for `prune`.
        images: As for `prune`.
        labels: As for `prune`.
        recipe: As for `prune`.
        clusters: Values in each layer's kernel, or a number by layer; layers that aren't named are left alone.
        keep_zeros: Whether a pruned model's zeros stay zeros.
        max_steps: As for `prune`.

    Returns:
        A new model with the weights that the tool left.

    Raises:
        EngineMissing: If the tool isn't installed.
        ValueError: If there are fewer than two clusters, or the recipe is not one that the tool is given.
        EfficientAIError: If the tool fails.
    """
    names = [kernel.path.split("/")[-2] for kernel in prunable(model)]
    by_layer = dict(clusters) if isinstance(clusters, Mapping) else dict.fromkeys(names, clusters)
    if wrong := [f"{name}: {count}" for name, count in by_layer.items() if count < 2]:
        raise ValueError(f"clusters must be at least 2, got {', '.join(wrong)}")
    if unknown := sorted(set(by_layer) - set(names)):
        raise ValueError(f"{model.name} has no kernel {', '.join(unknown)} (known: {', '.join(names)})")
    return _run("cluster", {"clusters": by_layer, "keep_zeros": keep_zeros}, model, images, labels, recipe, max_steps)


def _run(
    verb: str,
    how: dict[str, Any],
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    max_steps: int | None,
) -> PeerRun:
    version = available()
    if version is None:
        raise EngineMissing(f"TF-MOT is not installed here: {INSTALL}")
    if recipe.augment or recipe.optimizer != "sgd" or recipe.warmup_epochs:
        raise ValueError("TF-MOT is given SGD without augmentation and without warm-up: set them so in the recipe")
    graph = read(model, None)
    per_epoch = len(images) // recipe.batch_size
    orders = _orders(len(images), recipe)
    if max_steps and max_steps < per_epoch:  # only the pictures that are shown
        needed = orders[0, : max_steps * recipe.batch_size]
        images, labels, orders = images[needed], labels[needed], np.arange(len(needed))[None]
    job = {"verb": verb, "how": how, "recipe": asdict(recipe), "graph": _description(graph)}
    job |= {"max_steps": max_steps, "steps_per_epoch": per_epoch}
    arrays = {_name(call.name, i): w for call in graph.calls for i, w in enumerate(call.layer.get_weights())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps(job))
        np.savez(folder / "weights.npz", **arrays)
        np.save(folder / "images.npy", images)
        np.save(folder / "labels.npy", labels)
        np.save(folder / "orders.npy", orders)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, str(WORKER), name],
            env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        total = time.perf_counter() - started
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise EfficientAIError(f"TF-MOT {version} failed to {verb} {model.name}: {last}")
        made = copy(model)
        with np.load(folder / "result.npz") as result:
            for call in graph.calls:
                count = len(call.layer.get_weights())
                made.get_layer(call.name).set_weights([result[_name(call.name, i)] for i in range(count)])
            return PeerRun(made, tuple(result["losses"].tolist()), *map(float, result["seconds"]), total, version)


def _orders(count: int, recipe: Recipe) -> np.ndarray:
    """The order in which `train.fit` shows the pictures, a row an epoch."""
    return np.array([np.random.default_rng([recipe.seed, epoch]).permutation(count) for epoch in range(recipe.epochs)])


def _name(layer: str, number: int) -> str:
    return f"{layer}:{number}"


def _description(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON, in words that Keras 2 knows too."""
    calls = []
    for call in graph.calls:
        config = {
            key: value
            for key, value in call.layer.get_config().items()
            if value is not None and not any(word in key for word in LEFT_OUT)
        }
        kind = type(call.layer).__name__
        calls.append({"name": call.name, "kind": kind, "config": config, "in": call.inputs, "out": call.outputs[0]})
    inputs = [{"tensor": t, "shape": [int(n) for n in graph.tensors[t].shape[1:]]} for t in graph.inputs]
    return {"inputs": inputs, "calls": calls, "outputs": list(graph.outputs)}
