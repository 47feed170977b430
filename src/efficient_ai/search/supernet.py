"""A supernet: one set of weights for all separable nets of the table, trained once, from which any of them is cut.

A net with fewer channels uses the first ones of every layer, one with fewer blocks the first blocks of every stage, and
one with 3×3 filters the middle of the 5×5 filters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from efficient_ai.errors import EfficientAIError
from efficient_ai.search.nets import SIDE, build
from efficient_ai.search.space import Candidate
from efficient_ai.search.table import AXES, places, tabled
from efficient_ai.train.schedules import cosine

if TYPE_CHECKING:
    import tensorflow as tf

BLOCK = "separable"
EPSILON = 1e-3  # of Keras's batch normalization
LARGEST, SMALLEST = (
    tabled(block=BLOCK, **{axis: end(values) for axis, values in AXES.items() if axis != "block"}) for end in (max, min)
)


@dataclass(frozen=True, kw_only=True)
class SupernetRecipe:
    """How to train a supernet: momentum and a cosine, and `sampled` nets at random in each step beside the extremes."""

    steps: int
    learning_rate: float = 0.1
    batch_size: int = 64
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup_steps: int = 50
    sampled: int = 2
    seed: int = 0


def family() -> dict[str, Candidate]:
    """The nets that can be cut from the supernet, by the table's names."""
    return {name: net for name, net in places().items() if net.block == BLOCK}


def nets_of_step(recipe: SupernetRecipe, step: int) -> tuple[Candidate, ...]:
    """The nets that a step trains: the largest, the smallest, and some at random.

    Source: yu2019universally, the sandwich rule.
    """
    random = np.random.default_rng([recipe.seed, step])
    every = list(family().values())
    return (LARGEST, SMALLEST, *(every[i] for i in random.integers(0, len(every), recipe.sampled)))


def shrunk(images: np.ndarray, net: Candidate) -> np.ndarray:
    """Pictures (n, 32, 32, 3) averaged to the side that a net sees."""
    by = SIDE // net.side
    return images.reshape(len(images), net.side, by, net.side, by, 3).mean((2, 4), dtype=np.float32)


class Supernet:
    """The weights of the largest net, and a last layer for each number of stages.

    Args:
        seed: Of the initial weights.
    """

    def __init__(self, *, seed: int) -> None:
        import tensorflow as tf

        self.weights: dict[str, tf.Variable] = {}
        self._graphs: dict[tuple[Any, ...], Callable] = {}
        for stages in AXES["stages"]:
            for weight in build(replace(LARGEST, stages=stages), seed=seed).trainable_weights:
                name = weight.path.replace("logits", f"logits{stages}")
                self.weights[name] = tf.Variable(weight.numpy(), name=name.replace("/", "_"))

    def cut(self, net: Candidate, width: tf.Tensor | int) -> dict[str, tf.Tensor]:
        """The parts of the weights that a net uses, by its Keras model's names.

        Args:
            net: One of `family`; its width is not looked at.
            width: Channels of its first stage; as a tensor it lets one graph serve all widths.
        """
        edge = (LARGEST.kernel - net.kernel) // 2
        middle = slice(edge, edge + net.kernel)
        whole = self.weights
        found = {"stem_conv/kernel": whole["stem_conv/kernel"][..., :width]}
        norms = {"stem_bn": width}
        before = width
        for stage in range(net.stages):
            channels = width * 2**stage
            for block in range(net.blocks):
                name = f"stage{stage + 1}_block{block + 1}"
                depthwise, mix = f"{name}_filter_depthwise/kernel", f"{name}_mix_conv/kernel"
                found[depthwise] = whole[depthwise][middle, middle, :before]
                found[mix] = whole[mix][:, :, :before, :channels]
                norms |= {f"{name}_filter_bn": before, f"{name}_mix_bn": channels}
                before = channels
        for name, channels in norms.items():
            found |= {f"{name}/{kind}": whole[f"{name}/{kind}"][:channels] for kind in ("gamma", "beta")}
        found["logits/kernel"] = whole[f"logits{net.stages}/kernel"][:before]
        found["logits/bias"] = whole[f"logits{net.stages}/bias"]
        return found

    def loss(self, net: Candidate, images: np.ndarray, labels: np.ndarray) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """A net's cross-entropy on a batch, and the gradient for all of `weights`: zero for those that it lacks.

        Args:
            net: One of `family`.
            images: (n, 32, 32, 3), float32 in [0, 1].
            labels: Integers (n,).
        """
        import tensorflow as tf

        def differentiated(x: tf.Tensor, width: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            with tf.GradientTape() as tape:
                logits, _ = forward(self.cut(net, width), net, x)
                value = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
            missing = tf.UnconnectedGradients.ZERO
            return value, tape.gradient(value, list(self.weights.values()), unconnected_gradients=missing)

        labelled = tf.TensorSpec((None,), tf.int32)
        graph = self._graph("loss", net, differentiated, labelled)
        return graph(shrunk(images, net), net.width, labels.astype(np.int32))

    def moments(self, net: Candidate, images: np.ndarray) -> list[tf.Tensor]:
        """Means and variances at each normalization of a net, in turn, over one batch of training pictures."""
        graph = self._graph("moments", net, lambda x, width: forward(self.cut(net, width), net, x)[1])
        return graph(shrunk(images, net), net.width)

    def logits(self, net: Candidate, images: np.ndarray, moments: list[tf.Tensor], *, batch: int = 250) -> np.ndarray:
        """What a net that is cut out answers.

        Args:
            net: One of `family`.
            images: (n, 32, 32, 3), float32 in [0, 1].
            moments: See `moments`: what its normalizations take off and divide by. The supernet keeps none, since
                every net has its own.
            batch: Pictures at a time.

        Returns:
            (n, 10).
        """
        import tensorflow as tf

        def asked(x: tf.Tensor, width: tf.Tensor, *given: tf.Tensor) -> tf.Tensor:
            return forward(self.cut(net, width), net, x, list(given))[0]

        graph = self._graph("logits", net, asked, *([tf.TensorSpec((None,), tf.float32)] * len(moments)))
        parts = [shrunk(images[first : first + batch], net) for first in range(0, len(images), batch)]
        return np.concatenate([graph(part, net.width, *moments) for part in parts])

    def _graph(self, what: str, net: Candidate, function: Callable, *more: tf.TensorSpec) -> Callable:
        """A function of pictures and a width as a graph: one for each depth and kernel; widths and sides are data."""
        import tensorflow as tf

        key = (what, net.stages, net.blocks, net.kernel)
        if key not in self._graphs:
            first = tf.TensorSpec((None, None, None, 3), tf.float32), tf.TensorSpec((), tf.int32)
            self._graphs[key] = tf.function(function, input_signature=(*first, *more))
        return self._graphs[key]


def forward(
    weights: dict[str, tf.Tensor], net: Candidate, images: tf.Tensor, moments: list[tf.Tensor] | None = None
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Run a separable net.

    Args:
        weights: As `Supernet.cut` gives them.
        net: Its depth; everything else follows from the weights.
        images: (n, side, side, 3).
        moments: A mean and a variance for each normalization in turn; None to take those of this batch.

    Returns:
        Logits (n, 10), and the moments that were used.
    """
    import tensorflow as tf

    used: list[tf.Tensor] = []

    def normalized(x: tf.Tensor, name: str) -> tf.Tensor:
        at = len(used)
        used.extend(moments[at : at + 2] if moments else tf.nn.moments(x, (0, 1, 2)))
        gamma, beta = weights[f"{name}_bn/gamma"], weights[f"{name}_bn/beta"]
        return tf.nn.relu(tf.nn.batch_normalization(x, *used[at:], beta, gamma, EPSILON))

    x = normalized(tf.nn.conv2d(images, weights["stem_conv/kernel"], 1, "SAME"), "stem")
    for stage in range(net.stages):
        for block in range(net.blocks):
            name = f"stage{stage + 1}_block{block + 1}"
            stride = 2 if stage and not block else 1
            filters = weights[f"{name}_filter_depthwise/kernel"]
            x = normalized(tf.nn.depthwise_conv2d(x, filters, [1, stride, stride, 1], "SAME"), f"{name}_filter")
            x = normalized(tf.nn.conv2d(x, weights[f"{name}_mix_conv/kernel"], 1, "SAME"), f"{name}_mix")
    return tf.reduce_mean(x, (1, 2)) @ weights["logits/kernel"] + weights["logits/bias"], used


def train(
    supernet: Supernet,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: SupernetRecipe,
    *,
    after_step: Callable[[int, tuple[float, ...]], None] | None = None,
    max_steps: int | None = None,
) -> None:
    """Train a supernet in place: in each step one batch, several nets, and the mean of their gradients.

    Args:
        supernet: Its weights change.
        images: (n, 32, 32, 3), float32 in [0, 1].
        labels: Integers (n,).
        recipe: How to train.
        after_step: Called with the step and the loss of each of its nets.
        max_steps: Stop after so many steps of the same schedule: the beginning of a longer run.

    Raises:
        EfficientAIError: If a loss stops being a number.

    Source: cai2020once for weights shared over depth, width and kernel; yu2019universally for the nets of a step.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    weights = list(supernet.weights.values())
    velocity = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
    shrinking = [recipe.weight_decay * name.endswith("kernel") for name in supernet.weights]

    @tf.function
    def update(gradients: list[list[tf.Tensor]], rate: tf.Tensor) -> None:
        for i, (weight, speed, decay) in enumerate(zip(weights, velocity, shrinking, strict=True)):
            mean = tf.add_n([of_net[i] for of_net in gradients]) / len(gradients)
            speed.assign(recipe.momentum * speed - rate * (mean + decay * weight))
            weight.assign_add(speed)

    per_epoch = len(images) // recipe.batch_size
    steps = min(recipe.steps, max_steps or recipe.steps)
    for step in tqdm(range(steps), desc="supernet", disable=None, leave=False):
        epoch, at = divmod(step, per_epoch)
        order = np.random.default_rng([recipe.seed, 1, epoch]).permutation(len(images))
        batch = order[at * recipe.batch_size : (at + 1) * recipe.batch_size]
        found = [supernet.loss(net, images[batch], labels[batch]) for net in nets_of_step(recipe, step)]
        rate = cosine(step, steps=recipe.steps, peak=recipe.learning_rate, warmup_steps=recipe.warmup_steps)
        update([gradient for _, gradient in found], tf.constant(rate, tf.float32))
        losses = tuple(float(value) for value, _ in found)
        if not np.isfinite(losses).all():
            raise EfficientAIError(f"a loss is {max(losses)} in step {step + 1}: lower the learning rate")
        if after_step:
            after_step(step, losses)
