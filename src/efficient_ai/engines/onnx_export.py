"""A Keras model as ONNX, in float32, or in int8 by ONNX Runtime's own quantizer."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai.errors import EngineMissing

if TYPE_CHECKING:
    import keras

OPSET = 17
INSTALL = "pip install onnxruntime onnx tf2onnx"


def to_onnx(model: keras.Model) -> bytes:
    """Convert a Keras model with a fixed batch of 1.

    Args:
        model: Functional or sequential, one input.

    Returns:
        The content of an .onnx file; the input stays in Keras's layout.

    Raises:
        EngineMissing: If tf2onnx isn't installed.
    """
    import tensorflow as tf

    try:
        import tf2onnx
    except ImportError as error:
        raise EngineMissing(f"an .onnx file can't be made here: {INSTALL}") from error
    spec = (tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="input"),)
    function = tf.function(lambda value: model(value, training=False), input_signature=spec)
    with _quiet():
        proto, _ = tf2onnx.convert.from_function(function, input_signature=spec, opset=OPSET)
    proto.graph.name = model.name
    return proto.SerializeToString()


def quantize_onnx(content: bytes, calibration_set: np.ndarray) -> bytes:
    """Quantize weights (a scale for each channel) and activations to int8, ranges from a calibration set.

    Args:
        content: A float32 .onnx file with one input.
        calibration_set: (n, *one sample's shape), float32, from the training data.

    Returns:
        An .onnx file that takes and gives float32, with each operator between a pair of quantizers (QDQ).

    Source: jacob2018quantization for the arithmetic; the quantizer is ONNX Runtime's.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    name = onnx.load_from_string(content).graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._samples = iter(calibration_set)

        def get_next(self) -> dict[str, np.ndarray] | None:
            sample = next(self._samples, None)
            return None if sample is None else {name: sample[None].astype(np.float32)}

    with tempfile.TemporaryDirectory() as folder, _quiet():
        given, simpler, made = (Path(folder, f"{part}.onnx") for part in ("given", "simpler", "made"))
        given.write_bytes(content)
        quant_pre_process(str(given), str(simpler), skip_symbolic_shape=True)
        quantize_static(
            str(simpler),
            str(made),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
        return made.read_bytes()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the converters' advice off the page."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
