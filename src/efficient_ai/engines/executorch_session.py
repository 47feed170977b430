"""ExecuTorch, PyTorch Mobile's successor: it runs programs that were planned ahead of time."""

from __future__ import annotations

import numpy as np

from efficient_ai.engines.sessions import TensorSpec
from efficient_ai.errors import BadModel


class ExecuTorchSession:
    """A .pte program. What was handed to XNNPACK stands in the file: `delegate` says what is found there."""

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        import torch

        # Not `executorch.runtime`: that imports the whole exporter.
        from executorch.extension.pybindings import _portable_lib as library

        from efficient_ai.engines.torch_net import channels_first

        torch.set_num_threads(1)
        library._unsafe_reset_threadpool(threads)
        try:
            self._module = library._load_for_executorch_from_buffer(content)
            meta = self._module.method_meta("forward")
            self._module.run_method("forward", [torch.zeros(meta.input_tensor_meta(0).sizes())])
        except (RuntimeError, ValueError) as error:
            raise BadModel(f"executorch refuses the model: {' '.join(str(error).split())}") from error
        source, result = (tuple(tensor.sizes()) for tensor in (meta.input_tensor_meta(0), meta.output_tensor_meta(0)))
        if len(source) == 4:
            source = (source[0], *source[2:], source[1])
        self.input, self.output = TensorSpec(source, np.dtype("float32")), TensorSpec(result, np.dtype("float32"))
        self.delegate = "XNNPACK" if b"XnnpackBackend" in content else "portable"
        self._content = content  # the library points into it
        self._torch, self._channels_first = torch, channels_first

    def set_input(self, value: np.ndarray) -> None:
        self._value = [self._torch.from_numpy(self._channels_first(value))]

    def invoke(self) -> None:
        self._result = self._module.forward(self._value)

    def get_output(self) -> np.ndarray:
        return self._result[0].numpy().copy()
