"""Conversion of what `compress.convert` doesn't take: several inputs, open shapes, SavedModels, select TF operators.

This runs inside the sandbox. A model is a function of its inputs here, frozen at batch 1 with its weights as constants.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import tempfile
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from efficient_ai.errors import BadModel

SERVING = "serving_default"


def key_of(name: str, taken: Sequence[str] = ()) -> str:
    """A name that a signature can carry: letters, digits and lines, and none of `taken`."""
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "input"
    plain = plain if plain[0].isalpha() else f"input_{plain}"
    while plain in taken:
        plain += "_"
    return plain


def signature_of(loaded: Any, path: str) -> Any:
    """The signature of a loaded SavedModel that is served by default, or its only one.

    Raises:
        BadModel: If it has none, or several and no default.
    """
    signatures = dict(loaded.signatures)
    if SERVING in signatures:
        return signatures[SERVING]
    if len(signatures) == 1:
        return next(iter(signatures.values()))
    found = ", ".join(sorted(signatures)) or "none"
    raise BadModel(f"{path} has no signature {SERVING!r} (it has {found}): save it with model.export(FOLDER)")


def frozen(call: Callable[..., Any], inputs: Sequence[dict[str, Any]]) -> Any:
    """A function of one example, as TensorFlow's graph, with its weights as constants where that is possible.

    Args:
        call: Takes a tensor for each input, in their order.
        inputs: With "key", "shape" (batch 1) and "dtype".
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    specs = [tf.TensorSpec(one["shape"], tf.as_dtype(one["dtype"]), name=one["key"]) for one in inputs]
    graph = tf.function(call, input_signature=specs, autograph=False).get_concrete_function()
    return convert_variables_to_constants_v2(graph)


def flat_call(model: Any) -> Callable[..., list[Any]]:
    """A Keras model as a function from tensors, in the order of `model.inputs`, to a flat list of tensors."""
    from keras import tree

    def call(*tensors: Any) -> list[Any]:
        struct = getattr(model, "_inputs_struct", None)
        given = list(tensors) if struct is None else tree.pack_sequence_as(struct, list(tensors))
        given = given if len(tensors) > 1 else tensors[0]
        return tree.flatten(model(given, training=False))

    return call


def signature_call(signature: Any, names: Sequence[str]) -> Callable[..., list[Any]]:
    """A SavedModel's signature as a function from tensors, in the order of `names`, to a list, by name."""

    def call(*tensors: Any) -> list[Any]:
        answer = signature(**dict(zip(names, tensors, strict=True)))
        return [answer[name] for name in sorted(answer)]

    return call


def convert(
    graph: Any,
    inputs: Sequence[dict[str, Any]],
    precision: str,
    calibration: Sequence[np.ndarray] = (),
    *,
    select: bool = False,
) -> bytes:
    """Convert a frozen function.

    Args:
        graph: Of `frozen`.
        inputs: As there.
        precision: float32, float16, dynamic_int8, int8 or int16x8.
        calibration: For the last two, an array (n, ...) for each input.
        select: Let operators that TensorFlow Lite doesn't have stay TensorFlow's own.

    Returns:
        The content of a .tflite file.

    Raises:
        BadModel: If the converter doesn't take it.
    """
    import tensorflow as tf

    module = tf.Module()
    module.answer = graph
    with _still(), tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=graph)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        _configure(converter, inputs, precision, calibration, select=select)
        try:
            return converter.convert()
        except Exception as error:
            raise BadModel(reason(error)) from error


def _configure(
    converter: Any, inputs: Sequence[dict], precision: str, calibration: Sequence[np.ndarray], *, select: bool
) -> None:
    import tensorflow as tf

    ops = tf.lite.OpsSet
    kinds = [ops.TFLITE_BUILTINS]
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision in ("int8", "int16x8"):
        dtypes = [np.dtype(one["dtype"]) for one in inputs]
        keys = [one["key"] for one in inputs]
        converter.representative_dataset = lambda: (
            {key: value[None].astype(dtype) for key, value, dtype in zip(keys, row, dtypes, strict=True)}
            for row in zip(*calibration, strict=True)
        )
        small = precision == "int8"
        kinds = [ops.TFLITE_BUILTINS_INT8 if small else ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
        if all(dtype.kind == "f" for dtype in dtypes):
            converter.inference_input_type = converter.inference_output_type = tf.int8 if small else tf.int16
    converter.target_spec.supported_ops = [*kinds, *([ops.SELECT_TF_OPS] if select else [])]


def reason(error: BaseException) -> str:
    """What a converter's error says, in a line: the operators that it doesn't have, where it lists them."""
    text = inspect.cleandoc(str(error)).strip() or type(error).__name__
    for mark in ("TF Select ops:", "Custom ops:", "custom ops:"):
        if mark in text:
            listed = text.split(mark, 1)[1].strip().splitlines()
            return f"TensorFlow Lite has no operators {listed[0].strip()}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line]
    return (told or lines)[-1][:300]


@contextlib.contextmanager
def _still():
    import logging

    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
