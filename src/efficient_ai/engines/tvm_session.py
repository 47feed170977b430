"""TVM: a compiler that searches for fast loops; here without the search, which takes minutes to hours a model."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from efficient_ai.engines.sessions import TensorSpec


class TvmSession:
    """A shared library that TVM's own virtual machine runs."""

    delegate = "CPU"

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        os.environ.setdefault("TVM_NUM_THREADS", str(threads))
        import tvm
        from tvm import relax

        from efficient_ai.engines.packed import unpack

        head, library = unpack(content)
        self._folder = tempfile.TemporaryDirectory(prefix="efficient-ai-tvm-")
        path = Path(self._folder.name, "model.so")
        path.write_bytes(library)
        self._device = tvm.cpu()
        self._tensor = tvm.runtime.tensor
        self._call = relax.VirtualMachine(tvm.runtime.load_module(str(path)), self._device)["main"]
        self.input = TensorSpec(tuple(head["input_shape"]), np.dtype("float32"))
        self.output = TensorSpec(tuple(head["output_shape"]), np.dtype("float32"))

    def set_input(self, value: np.ndarray) -> None:
        self._value = self._tensor(np.ascontiguousarray(value), self._device)

    def invoke(self) -> None:
        self._result = self._call(self._value)

    def get_output(self) -> np.ndarray:
        found = self._result
        return (found if hasattr(found, "numpy") else found[0]).numpy()
