"""PyTorch on the CPU: the module called from Python, or a file on the interpreter that PyTorch Mobile ships."""

from __future__ import annotations

import io
import warnings

import numpy as np

from efficient_ai.engines.sessions import TensorSpec
from efficient_ai.errors import BadModel


class TorchSession:
    """Takes pictures in Keras's layout; the axes are exchanged before the clock starts."""

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        import torch

        from efficient_ai.engines.torch_net import build, channels_first

        torch.set_num_threads(threads)
        self._torch, self._channels_first = torch, channels_first
        if delegate == "eager":
            self._net, carried = build(content)
            shapes = carried.input_shape, carried.output_shape
        else:
            self._net, shapes = self._mobile(content)
        self.input, self.output = (TensorSpec(shape, np.dtype("float32")) for shape in shapes)
        self.delegate = delegate

    def _mobile(self, content: bytes):
        from torch.jit.mobile import _load_for_lite_interpreter

        from efficient_ai.engines.packed import unpack

        head, program = unpack(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it announces its end
                net = _load_for_lite_interpreter(io.BytesIO(program))
        except RuntimeError as error:
            raise BadModel(f"torch refuses the model: {str(error).strip().splitlines()[0]}") from error
        return net, (tuple(head["input_shape"]), tuple(head["output_shape"]))

    def set_input(self, value: np.ndarray) -> None:
        self._value = self._torch.from_numpy(self._channels_first(value))

    def invoke(self) -> None:
        with self._torch.inference_mode():
            self._result = self._net(self._value)

    def get_output(self) -> np.ndarray:
        return self._result.numpy().copy()
