"""A candidate as a Keras model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from efficient_ai.models.convolved import convolver
from efficient_ai.models.initial import he_normals
from efficient_ai.models.mobilenet import inverted_residuals

if TYPE_CHECKING:
    import keras

    from efficient_ai.search.space import Candidate

SIDE = 32
CLASSES = 10


def build(candidate: Candidate, *, seed: int = 0) -> keras.Model:
    """Build a candidate with fresh weights.

    A 3×3 convolution to `width` channels comes first, a mean over what is left of the picture and a dense layer last.
    Every convolution is followed by a batch normalization and, where the kind of block has one, a ReLU.

    Args:
        candidate: Which net.
        seed: Of the initial weights.

    Returns:
        A Keras model from (n, 32, 32, 3) to logits (n, 10).

    Source: sandler2018mobilenetv2 for "inverted", howard2017mobilenets for "separable", he2016deep for "residual".
    """
    import keras

    initial = he_normals(seed)
    convolved = convolver(initial)
    inputs = keras.Input((SIDE, SIDE, 3))
    pooled = SIDE // candidate.side
    x = keras.layers.AveragePooling2D(pooled, name="shrink")(inputs) if pooled > 1 else inputs
    x = convolved(x, candidate.width, 3, 1, "stem")
    if candidate.block == "inverted":
        x = inverted_residuals(x, _stages(candidate), convolved)
    else:
        for stage, (_, kernel, filters, blocks, first) in enumerate(_stages(candidate), start=1):
            for block in range(blocks):
                stride = 1 if block else first
                x = BLOCKS[candidate.block](x, filters, kernel, stride, f"stage{stage}_block{block + 1}", convolved)
    x = keras.layers.AveragePooling2D(x.shape[1], name="pool")(x)
    x = keras.layers.Flatten(name="flat")(x)
    outputs = keras.layers.Dense(CLASSES, kernel_initializer=next(initial), name="logits")(x)
    return keras.Model(inputs, outputs, name=candidate.block)


def _stages(candidate: Candidate) -> list[tuple[int, int, int, int, int]]:
    """Of each stage: expansion, kernel, filters, blocks, stride of the first block."""
    return [
        (
            candidate.expansion,
            candidate.kernel,
            candidate.width * candidate.growth**stage,
            candidate.blocks,
            min(2, stage + 1),
        )
        for stage in range(candidate.stages)
    ]


def _plain(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str, convolved: Callable[..., keras.KerasTensor]
) -> keras.KerasTensor:
    return convolved(x, filters, kernel, stride, name)


def _separable(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str, convolved: Callable[..., keras.KerasTensor]
) -> keras.KerasTensor:
    return convolved(convolved(x, None, kernel, stride, f"{name}_filter"), filters, 1, 1, f"{name}_mix")


def _residual(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str, convolved: Callable[..., keras.KerasTensor]
) -> keras.KerasTensor:
    import keras

    y = convolved(x, filters, kernel, stride, f"{name}_a")
    y = convolved(y, filters, kernel, 1, f"{name}_b", activation=False)
    if x.shape != y.shape:
        x = convolved(x, filters, 1, stride, f"{name}_shortcut", activation=False)
    return keras.layers.ReLU(name=f"{name}_out")(keras.layers.Add(name=f"{name}_add")([x, y]))


BLOCKS = {"plain": _plain, "separable": _separable, "residual": _residual}
