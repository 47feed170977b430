"""DS-CNN on a stream: what the last window computed is kept, and only what is new, or lies at an edge, is computed.

A windowed net pads every window with zeros, so the rows near its two ends differ from the same moment's rows in the
middle of another window. The rows in the middle are those of the stream: each is computed once, kept, and used by
every window that it lies in. The rows at the ends are computed for each window. The outputs are the windowed net's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from efficient_ai.errors import BadModel
from efficient_ai.models.ds_cnn import BLOCKS, COEFFICIENTS, FRAMES

if TYPE_CHECKING:
    import keras

STEP_FRAMES = 2  # the first convolution's stride: windows that begin on other frames share no rows
KERNEL_FRAMES = 10
PADDED = (4, 5)  # frames of zeros before and after a window, as "same" pads 49 frames for a kernel of 10


@dataclass(frozen=True)
class StreamingMacs:
    """Multiply-accumulates of one decision, of the convolutions and the dense layer, counted as they are done."""

    windowed: int
    streaming: int

    @property
    def saved(self) -> float:
        """The fraction that the kept rows save."""
        return 1 - self.streaming / self.windowed


@dataclass(frozen=True)
class _Layer:
    """A convolution with its normalization folded in; `depthwise` ones have a filter for each channel."""

    kernel: np.ndarray
    bias: np.ndarray
    stride: int
    pad: tuple[int, int]
    depthwise: bool

    def rows(self, x: np.ndarray) -> np.ndarray:
        """The output rows of input rows (frames, width, channels), padded in width and not in time, through ReLU."""
        x = np.pad(x, ((0, 0), self.pad, (0, 0)))
        seen = sliding_window_view(x, self.kernel.shape[:2], axis=(0, 1))[:: self.stride, :: self.stride]
        if self.depthwise:
            found = np.einsum("twchk,hkc->twc", seen, self.kernel, optimize=True)
        else:
            found = np.einsum("twchk,hkco->two", seen, self.kernel, optimize=True)
        return np.maximum(found + self.bias, 0)

    def macs_a_row(self, width: int) -> int:
        """Of one output row of so many columns."""
        return width * self.kernel.size


class StreamingDsCnn:
    """DS-CNN fed two frames at a time.

    Args:
        model: A DS-CNN of `models.ds_cnn`; its weights are read, and it isn't changed.

    Raises:
        BadModel: If the model isn't one.
    """

    def __init__(self, model: keras.Model) -> None:
        try:
            self._stem = _folded(model, "stem_conv", "stem_bn", stride=2, pad=(1, 1))
            self._blocks = [
                (
                    _folded(model, f"block{i}_depthwise", f"block{i}_depthwise_bn", pad=(1, 1), depthwise=True),
                    _folded(model, f"block{i}_pointwise", f"block{i}_pointwise_bn"),
                )
                for i in range(1, BLOCKS + 1)
            ]
            self._dense = model.get_layer("logits").get_weights()
        except ValueError as error:
            raise BadModel(f"expected a DS-CNN of the zoo, got {model.name}: {error}") from error
        self.macs_done = 0
        self._frames = np.empty((0, COEFFICIENTS, 1), np.float32)
        self._kept: list[np.ndarray | None] = [None] * (1 + BLOCKS)

    def push(self, frames: np.ndarray) -> np.ndarray | None:
        """Take the next frames of the stream.

        Args:
            frames: float32 (2, 10) or (2, 10, 1): `STEP_FRAMES` frames of coefficients.

        Returns:
            Logits (12,) of a window: of the 50 newest frames all but the last. None until 50 frames have come.

        Raises:
            ValueError: If the frames' shape doesn't fit.
        """
        if frames.shape not in ((STEP_FRAMES, COEFFICIENTS), (STEP_FRAMES, COEFFICIENTS, 1)):
            raise ValueError(f"frames must be ({STEP_FRAMES}, {COEFFICIENTS}), got {frames.shape}")
        new = np.asarray(frames, np.float32).reshape(STEP_FRAMES, COEFFICIENTS, 1)
        self._frames = np.concatenate([self._frames, new])[-(FRAMES + 1) :]
        self._advance()
        return None if len(self._frames) <= FRAMES else self._window(self._frames[:FRAMES])

    def _advance(self) -> None:
        """Compute the stream's newest row of each layer, where its inputs are all there."""
        if len(self._frames) < KERNEL_FRAMES:
            return
        row = self._compute(self._stem, self._frames[-KERNEL_FRAMES:])
        for i, block in enumerate([None, *self._blocks]):
            if block is not None:
                below = self._kept[i - 1]
                if len(below) < 3:
                    return
                row = self._through(block, below[-3:])
            kept = self._kept[i]
            # One row more than a window's middle has: the newest belongs to the window that comes next.
            most = _middle(i) + 1
            self._kept[i] = row if kept is None else np.concatenate([kept, row])[-most:]

    def _window(self, frames: np.ndarray) -> np.ndarray:
        """One window's logits, from the kept rows of its middle and the rows at its ends, computed here."""
        before, after = PADDED
        padded = np.pad(frames, ((before, after), (0, 0), (0, 0)))
        top, bottom = _ends(0)
        layer = self._stem
        first = self._compute(layer, padded[: KERNEL_FRAMES + STEP_FRAMES * (top - 1)])
        last = self._compute(layer, padded[-(KERNEL_FRAMES + STEP_FRAMES * (bottom - 1)) :])
        rows = np.concatenate([first, self._middle_rows(0), last])
        for i, block in enumerate(self._blocks, start=1):
            top, bottom = _ends(i)
            padded = np.pad(rows, ((1, 1), (0, 0), (0, 0)))
            first, last = self._through(block, padded[: top + 2]), self._through(block, padded[-(bottom + 2) :])
            rows = np.concatenate([first, self._middle_rows(i), last])
        kernel, bias = self._dense
        self.macs_done += kernel.size
        return rows.mean(axis=(0, 1)) @ kernel + bias

    def _middle_rows(self, layer: int) -> np.ndarray:
        """The rows of the window that begins with the oldest frame: the newest kept one belongs to the next."""
        return self._kept[layer][-_middle(layer) - 1 : -1]

    def _compute(self, layer: _Layer, rows: np.ndarray) -> np.ndarray:
        found = layer.rows(rows)
        self.macs_done += found.shape[0] * layer.macs_a_row(found.shape[1])
        return found

    def _through(self, block: tuple[_Layer, _Layer], rows: np.ndarray) -> np.ndarray:
        for layer in block:
            rows = self._compute(layer, rows)
        return rows

    def kept_values(self) -> int:
        """Numbers held from one decision to the next once the stream runs: each layer's rows, and the frames."""
        row = COEFFICIENTS // 2 * self._stem.bias.size
        return (FRAMES + 1) * COEFFICIENTS + sum((_middle(i) + 1) * row for i in range(1 + BLOCKS))

    def macs(self) -> StreamingMacs:
        """What a decision takes once the stream runs, against a window computed as a whole."""
        width = COEFFICIENTS // 2
        layers = [self._stem.macs_a_row(width), *(sum(x.macs_a_row(width) for x in b) for b in self._blocks)]
        rows = (FRAMES + 1) // 2
        dense = self._dense[0].size
        done = sum(macs * (1 + sum(_ends(i))) for i, macs in enumerate(layers))
        return StreamingMacs(rows * sum(layers) + dense, done + dense)


def _ends(layer: int) -> tuple[int, int]:
    """Rows at a window's two ends that its padding reaches: of the first convolution, then one more for each block."""
    return 2 + layer, 3 + layer


def _middle(layer: int) -> int:
    """Rows that no padding reaches."""
    return (FRAMES + 1) // 2 - sum(_ends(layer))


def _folded(
    model: keras.Model, conv: str, norm: str, *, stride: int = 1, pad: tuple[int, int] = (0, 0), depthwise: bool = False
) -> _Layer:
    kernel, bias = model.get_layer(conv).get_weights()
    layer = model.get_layer(norm)
    gamma, beta, mean, variance = layer.get_weights()
    scale = gamma / np.sqrt(variance + layer.epsilon)
    kernel = kernel[..., 0] if depthwise else kernel
    return _Layer(kernel * scale, (bias - mean) * scale + beta, stride, pad, depthwise)
