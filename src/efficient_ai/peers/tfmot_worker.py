"""The far end of `peers.tfmot`: a process with Keras 2, which the toolkit needs. Reads and writes one folder."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def _rebuild(graph: dict[str, Any], weights: Any) -> Any:
    """The model in Keras 2, with the weights that it had in Keras 3."""
    import tf_keras

    values = {given["tensor"]: tf_keras.Input(given["shape"]) for given in graph["inputs"]}
    for call in graph["calls"]:
        layer = getattr(tf_keras.layers, call["kind"])(name=call["name"], **call["config"])
        inputs = [values[tensor] for tensor in call["in"]]
        values[call["out"]] = layer(inputs if len(inputs) > 1 else inputs[0])
        layer.set_weights([weights[f"{call['name']}:{i}"] for i in range(len(layer.get_weights()))])
    return tf_keras.Model([values[g["tensor"]] for g in graph["inputs"]], [values[t] for t in graph["outputs"]])


def _clustered(model: Any, how: dict[str, Any]) -> Any:
    import tensorflow_model_optimization as tfmot
    import tf_keras

    clustering = tfmot.clustering.keras
    options = {"cluster_centroids_init": clustering.CentroidInitialization.KMEANS_PLUS_PLUS}
    verb = clustering.cluster_weights
    if how["keep_zeros"]:
        from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import cluster_weights

        verb, options = cluster_weights, {**options, "preserve_sparsity": True}

    def one(layer: Any) -> Any:
        count = how["clusters"].get(layer.name)
        return verb(layer, number_of_clusters=count, **options) if count else layer

    return tf_keras.models.clone_model(model, clone_function=one)


def _batches(images: np.ndarray, labels: np.ndarray, orders: np.ndarray, size: int) -> Any:
    """The pictures in the orders that are given, a row an epoch."""
    import tf_keras

    class Batches(tf_keras.utils.Sequence):
        epoch = 0

        def __len__(self) -> int:
            return orders.shape[1] // size

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            batch = orders[self.epoch, index * size : (index + 1) * size]
            return images[batch], labels[batch]

        def on_epoch_end(self) -> None:
            self.epoch = min(self.epoch + 1, len(orders) - 1)

    return Batches()


def main(folder: Path) -> None:
    import tensorflow as tf
    import tensorflow_model_optimization as tfmot
    import tf_keras

    job = json.loads((folder / "job.json").read_text())
    recipe, how = job["recipe"], job["how"]
    tf_keras.utils.set_random_seed(recipe["seed"])
    tf.config.experimental.enable_op_determinism()
    images, labels, orders = (np.load(folder / f"{name}.npy") for name in ("images", "labels", "orders"))
    with np.load(folder / "weights.npz") as weights:
        model = _rebuild(job["graph"], weights)
    batches = _batches(images, labels, orders, recipe["batch_size"])
    steps = recipe["epochs"] * job["steps_per_epoch"]
    started, worked = time.perf_counter(), time.process_time()
    callbacks = []
    if job["verb"] == "prune":
        end = round(how["until"] * steps) // how["every"] * how["every"]  # it prunes at multiples, to the end or short
        schedule = tfmot.sparsity.keras.PolynomialDecay(
            0.0, how["sparsity"], begin_step=0, end_step=end, frequency=how["every"]
        )
        wrapped = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
        callbacks.append(tfmot.sparsity.keras.UpdatePruningStep())
    else:
        wrapped = _clustered(model, how)
    optimizer = tf_keras.optimizers.SGD(
        tf_keras.optimizers.schedules.CosineDecay(recipe["learning_rate"], steps),
        recipe["momentum"],
        weight_decay=recipe["weight_decay"],
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    losses: list[float] = []

    class Note(tf_keras.callbacks.Callback):
        """Keeps the loss of each step, which Keras gives as a mean since the epoch began."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.sum = 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            total = logs["loss"] * (batch + 1)
            losses.append(total - self.sum)
            self.sum = total
            if job["max_steps"] and len(losses) >= job["max_steps"]:
                self.model.stop_training = True

    wrapped.compile(optimizer, tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    wrapped.fit(
        batches,
        epochs=len(orders),
        shuffle=False,
        verbose=0,
        callbacks=[*callbacks, Note()],
    )
    strip = tfmot.sparsity.keras.strip_pruning if job["verb"] == "prune" else tfmot.clustering.keras.strip_clustering
    final = strip(wrapped)
    seconds = time.perf_counter() - started, time.process_time() - worked
    arrays = {f"{layer.name}:{i}": w for layer in final.layers for i, w in enumerate(layer.get_weights())}
    np.savez(folder / "result.npz", losses=np.array(losses), seconds=seconds, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
