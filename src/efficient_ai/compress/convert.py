"""Conversion: a Keras model to the bytes of a .tflite file, at five precisions."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.errors import BadModel
from efficient_ai.records import Variant

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Float32:
    """Weights and activations as they were trained."""

    name = "float32"


@dataclass(frozen=True)
class Float16:
    """Weights stored in half precision; the interpreter widens them when it loads the model."""

    name = "float16"


@dataclass(frozen=True)
class DynamicInt8:
    """int8 weights; activations are float32, and quantized on the way into each operator, range by range."""

    name = "dynamic_int8"


@dataclass(frozen=True)
class Int8:
    """int8 weights (a scale for each channel) and int8 activations, input and output included.

    `calibration_set` has examples of the input, float32 (n, ...), from the training data: the ranges of the
    activations are read off them. `ranges` says how: "converter" leaves it to the converter, which takes smallest and
    largest value as they come; "minmax", "percentile" and "mse" are ours, see `numerics.choose_range`.
    With one of ours, `equalization` in [0, 1] scales channels against one another first (see `equalize`), and
    `bias_correction` takes the mean error of the rounded weights out of the biases.
    """

    calibration_set: np.ndarray = field(repr=False)
    ranges: str = "converter"
    equalization: float = 0.0
    bias_correction: bool = False
    name = "int8"


@dataclass(frozen=True)
class Int16x8:
    """int8 weights and int16 activations; `calibration_set` as for `Int8`."""

    calibration_set: np.ndarray = field(repr=False)
    name = "int16x8"


Precision = Float32 | Float16 | DynamicInt8 | Int8 | Int16x8


def convert(model: keras.Model, precision: Precision, *, sparse: bool = False, technique: str = "") -> Variant:
    """Convert a model at one precision.

    The batch is fixed at 1: with an open batch some interpreters take five times as long.

    Args:
        model: Any Keras model with one input.
        precision: `Float32()`, `Float16()`, `DynamicInt8()`, `Int8(calibration_set=x)` or `Int16x8(...)`.
        sparse: Leave the zeros of sparse weights out of the file, and store where the others stand; for float32 and
            dynamic_int8. An interpreter fills the zeros in again when it loads the file.
        technique: What was done to the weights before, for the variant's name.

    Returns:
        The file's bytes, named.

    Raises:
        ValueError: If the calibration set does not have the model's input shape, or is empty, or the precision has no
            sparse form.
        BadModel: If the converter does not take the model.

    Source: jacob2018quantization for int8; the converter is TensorFlow Lite's.
    """
    import tensorflow as tf

    shape = tuple(model.input_shape[1:])
    calibration = getattr(precision, "calibration_set", None)
    ours = isinstance(precision, Int8) and precision.ranges != "converter"
    if isinstance(precision, Int8) and not ours and (precision.equalization or precision.bias_correction):
        raise ValueError('equalization and bias_correction need our own ranges: ranges="percentile", say')
    if calibration is not None and (len(calibration) == 0 or calibration.shape[1:] != shape):
        raise ValueError(f"calibration_set must be (n, {', '.join(map(str, shape))}), got {calibration.shape}")
    if sparse and not isinstance(precision, Float32 | DynamicInt8):
        raise ValueError(f"sparse files are float32 or dynamic_int8, got {precision.name}")
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        _freeze(model, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        _configure(converter, precision, calibration)
        if sparse:
            converter.optimizations = [*converter.optimizations, tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
        try:
            content = converter.convert()
        except Exception as error:
            last = str(error).strip().splitlines()[-1]
            raise BadModel(f"{model.name} can't be converted to {precision.name}: {last}") from error
    made = Variant(model.name, precision.name, content, technique)
    return _with_our_ranges(made, convert(model, Float32()), precision) if ours else made


def _freeze(model: keras.Model, folder: str) -> None:
    """Save a model at batch 1 with its weights as constants: the converter takes that in a quarter of the time."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def answer(inputs: tf.Tensor) -> tf.Tensor:
        return model(inputs, training=False)

    example = tf.TensorSpec((1, *model.input_shape[1:]), tf.as_dtype(model.inputs[0].dtype), name="inputs")
    module = tf.Module()
    module.answer = convert_variables_to_constants_v2(tf.function(answer).get_concrete_function(example))
    tf.saved_model.save(module, folder, signatures=module.answer)


def _with_our_ranges(made: Variant, wide: Variant, how: Int8) -> Variant:
    """The int8 file of a model with ranges of our own choice; `wide` is its float32 file."""
    from efficient_ai.compress.calibrate import correct_bias, fit_ranges, observe
    from efficient_ai.compress.equalize import equalize

    seen = observe(made, wide, how.calibration_set)
    if how.equalization:
        seen = equalize(seen, strength=how.equalization)
    seen = fit_ranges(seen, how.ranges)
    return (correct_bias(seen) if how.bias_correction else seen).small


def _configure(converter: Any, precision: Precision, calibration: np.ndarray | None) -> None:
    import tensorflow as tf

    ops = tf.lite.OpsSet
    if not isinstance(precision, Float32):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if isinstance(precision, Float16):
        converter.target_spec.supported_types = [tf.float16]
    if calibration is not None:
        ours = getattr(precision, "ranges", "converter") != "converter"
        shown = calibration[:1] if ours else calibration  # our ranges replace the converter's
        converter.representative_dataset = lambda: ([x[None].astype(np.float32)] for x in shown)
        small = isinstance(precision, Int8)
        kind = ops.TFLITE_BUILTINS_INT8 if small else ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [kind]
        converter.inference_input_type = converter.inference_output_type = tf.int8 if small else tf.int16


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the converter's chatter, Python's and C++'s, off the page."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with tempfile.TemporaryFile() as sink, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(sink.fileno(), number)
            with contextlib.redirect_stdout(open(os.devnull, "w")):
                yield
        finally:
            logger.setLevel(level)
            for number, old in zip((1, 2), kept, strict=True):
                os.dup2(old, number)
                os.close(old)


def ladder(model: keras.Model, calibration_set: np.ndarray, *, technique: str = "") -> tuple[Variant, ...]:
    """All five precisions of a model, widest first."""
    precisions = (Float32(), Float16(), DynamicInt8(), Int16x8(calibration_set), Int8(calibration_set))
    return tuple(convert(model, precision, technique=technique) for precision in precisions)
