"""A Keras model on TensorFlow itself: layer by layer, as a graph, or compiled by XLA."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from efficient_ai.engines.sessions import TensorSpec
from efficient_ai.errors import BadModel


class KerasSession:
    """A .keras model whose batch is fixed: any number, since a server's compiler may be asked about 256 at once."""

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras
        import tensorflow as tf

        if not tf.config.threading.get_intra_op_parallelism_threads():
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")
            path.write_bytes(content)
            try:
                model = keras.models.load_model(path, compile=False, safe_mode=True)
            except Exception as error:
                raise BadModel(f"keras refuses the model: {str(error).strip().splitlines()[0]}") from error
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise BadModel(f"expected one input and one output, got {len(model.inputs)} and {len(model.outputs)}")
        shape = tuple(model.inputs[0].shape)
        if None in shape:
            raise BadModel(f"expected a model with a fixed batch, got {shape}: export it with engines.export")
        self.delegate = delegate
        self.input = TensorSpec(shape, np.dtype(model.inputs[0].dtype))
        self.output = TensorSpec(tuple(model.outputs[0].shape), np.dtype(model.outputs[0].dtype))
        self._tensor = tf.constant
        self._call = lambda value: model(value, training=False)
        if delegate != "eager":
            spec = tf.TensorSpec(shape, model.inputs[0].dtype)
            self._call = tf.function(self._call, input_signature=[spec], jit_compile=delegate == "XLA")
            self._call = self._call.get_concrete_function()

    def set_input(self, value: np.ndarray) -> None:
        self._value = self._tensor(value)

    def invoke(self) -> None:
        self._result = self._call(self._value)

    def get_output(self) -> np.ndarray:
        return self._result.numpy()
