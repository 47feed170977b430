"""One loaded model on one engine: the small protocol that every adapter keeps, and what is common to all of them."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from efficient_ai.errors import BadModel


@dataclass(frozen=True)
class TensorSpec:
    """A model's input or output: real = scale × (q − zero_point); a scale of 0 says that it isn't quantized."""

    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float = 0.0
    zero_point: int = 0

    @classmethod
    def from_details(cls, details: dict[str, Any]) -> TensorSpec:
        """Read what the interpreters of the TensorFlow Lite family say of a tensor."""
        parameters = details["quantization_parameters"]
        scales, zero_points = parameters["scales"], parameters["zero_points"]
        shape = tuple(int(size) for size in details["shape"])
        dtype = np.dtype(details["dtype"])
        return cls(shape, dtype, float(scales[0]), int(zero_points[0])) if len(scales) else cls(shape, dtype)


class Session(Protocol):
    """A model that an engine has loaded; it has one input and one output, and a batch of 1 (Keras's may have more)."""

    input: TensorSpec
    output: TensorSpec
    delegate: str

    def set_input(self, value: np.ndarray) -> None:
        """Set the input, in the model's own dtype and shape."""

    def invoke(self) -> None:
        """Run once."""

    def get_output(self) -> np.ndarray:
        """A copy of the output, in the model's own dtype and shape."""


def quantize(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Turn real values into what the model takes: rounded half to even, and clipped to the dtype's range."""
    if spec.scale == 0:
        return values.astype(spec.dtype)
    limits = np.iinfo(spec.dtype)
    steps = np.round(values / np.float32(spec.scale)) + spec.zero_point
    return np.clip(steps, limits.min, limits.max).astype(spec.dtype)


def dequantize(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Turn what the model gives into real values, as float32."""
    if spec.scale == 0:
        return values.astype(np.float32)
    return (values.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def check_one(inputs: int, outputs: int, input_shape: tuple[int, ...]) -> None:
    """Refuse a model that a session can't run.

    Raises:
        BadModel: If it has not one input and one output, or a batch other than 1.
    """
    if (inputs, outputs) != (1, 1):
        raise BadModel(f"expected a model with one input and one output, got {inputs} and {outputs}")
    if input_shape[:1] not in ((), (1,)):
        raise BadModel(f"expected a model converted for a batch of 1, got {input_shape[0]}: convert it again")


def predict(session: Session, inputs: np.ndarray) -> np.ndarray:
    """Run a batch one sample at a time.

    Args:
        session: A loaded model.
        inputs: Real values, shape (samples, *one sample's shape).

    Returns:
        Real values, float32, shape (samples, *one output's shape).

    Raises:
        ValueError: If the model takes more than one input at once.
    """
    if session.input.shape[0] != 1:
        raise ValueError(f"a model with a batch of {session.input.shape[0]} can be timed only: export it with batch=1")
    outputs = np.empty((len(inputs), *session.output.shape[1:]), np.float32)
    for number, sample in enumerate(inputs):
        session.set_input(quantize(sample, session.input).reshape(session.input.shape))
        session.invoke()
        outputs[number] = dequantize(session.get_output(), session.output).reshape(outputs.shape[1:])
    return outputs


def example(spec: TensorSpec, seed: int = 0) -> np.ndarray:
    """An input to time with: noise, since zeros may take short cuts; zeros where the input holds indices."""
    if spec.scale == 0 and spec.dtype.kind != "f":
        return np.zeros(spec.shape, spec.dtype)
    return quantize(np.random.default_rng(seed).uniform(-1, 1, spec.shape).astype(np.float32), spec)


def time_ms(session: Session, runs: int, warmup: int = 0) -> list[float]:
    """Time single inferences: the clock runs around `invoke` only, the input is set before each.

    Args:
        session: A loaded model.
        runs: How many inferences to time.
        warmup: How many to run before, untimed.

    Returns:
        Milliseconds, one a run.
    """
    value = example(session.input)
    invoke, clock = session.invoke, time.perf_counter_ns
    samples = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(warmup + runs):
            session.set_input(value)
            begin = clock()
            invoke()
            end = clock()
            if number >= warmup:
                samples.append((end - begin) / 1e6)
    finally:
        if collecting:
            gc.enable()
    return samples
