"""Deep Compression in one call: prune while training, let weights share values, train those, write the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.compress import storage
from efficient_ai.compress.cluster import Cluster, cluster, rounded, tune_centroids
from efficient_ai.compress.prune import Gradual, fine_tune
from efficient_ai.train.loop import Recipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class DeepCompression:
    """How far to go at each stage, and how to train in the two that train."""

    prune: Gradual
    recipe: Recipe
    cluster: Cluster
    tuning: Recipe


def share(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | tuple[np.ndarray, ...],
    how: Cluster,
    tuning: Recipe,
    *,
    loss: Callable | None = None,
) -> tuple[keras.Model, bytes, storage.StorageReport]:
    """The stages after pruning: cluster, train the centroids, round all numbers to float16, write the file.

    Args:
        model: Pruned; stays as it is.
        images: See `train.fit`.
        labels: See `train.fit`.
        how: Bits for each kind of layer.
        tuning: How to train the centroids.
        loss: See `train.fit`.

    Returns:
        The clustered model, its file, and where the file's bytes are.

    Source: han2016deep.
    """
    tuned, _ = tune_centroids(cluster(model, how), images, labels, tuning, loss=loss)
    final = rounded(tuned)
    return final, *storage.compress(final)


def deep_compress(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray | tuple[np.ndarray, ...],
    how: DeepCompression,
    *,
    loss: Callable | None = None,
) -> tuple[bytes, storage.StorageReport]:
    """Prune, cluster and Huffman-code a model, with training in between.

    Args:
        model: Trained; any Keras model of convolutions and dense layers, which stays as it is. What is no kernel
            (biases, normalization) is stored in float16.
        images: See `train.fit`.
        labels: See `train.fit`.
        how: See `DeepCompression`.
        loss: See `train.fit`.

    Returns:
        The file, which `storage.decompress` makes a model of, and where its bytes are.

    Raises:
        ValueError: If a sparsity, a scope or a number of bits makes no sense.

    Source: han2016deep.
    """
    pruned, _ = fine_tune(model, images, labels, how.recipe, how=how.prune, loss=loss)
    _, content, report = share(pruned, images, labels, how.cluster, how.tuning, loss=loss)
    return content, report
