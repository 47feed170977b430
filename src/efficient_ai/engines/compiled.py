"""LiteRT's CompiledModel: the newer interface of the same engine, which writes to buffers instead of tensors."""

from __future__ import annotations

import numpy as np

from efficient_ai.engines.lite import LiteSession
from efficient_ai.errors import BadModel

KERNELS = {"XNNPACK": "XNNPACK", "none": "BUILTIN"}  # its REFERENCE gives the builtin kernels as well
CARRIED = ("float32", "int8", "int32", "bool")


class CompiledSession:
    """A .tflite model on a CompiledModel.

    It doesn't say how a tensor is quantized, so that is read with the package's interpreter, which is let go before
    anything is timed.
    """

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        from ai_edge_litert import compiled_model as compiled

        plain = LiteSession("litert", content, threads=1, delegate="none")
        self.input, self.output = plain.input, plain.output
        del plain
        for spec in (self.input, self.output):
            if spec.dtype.name not in CARRIED:
                raise BadModel(f"litert-compiled refuses the model: its buffers don't carry {spec.dtype.name}")
        options = compiled.Options(
            hardware_accelerators=compiled.HardwareAccelerator.CPU,
            cpu_options=compiled.CpuOptions(
                num_threads=threads, kernel_mode=getattr(compiled.CpuKernelMode, KERNELS[delegate])
            ),
        )
        try:
            self._model = compiled.CompiledModel.from_buffer(content, options=options)
            self._sources = self._model.create_input_buffers(0)
            self._results = self._model.create_output_buffers(0)
        except (ValueError, RuntimeError) as error:
            raise BadModel(f"litert-compiled refuses the model: {' '.join(str(error).split())}") from error
        self.delegate = delegate

    def set_input(self, value: np.ndarray) -> None:
        self._sources[0].write(np.ascontiguousarray(value))

    def invoke(self) -> None:
        self._model.run_by_index(0, self._sources, self._results)

    def get_output(self) -> np.ndarray:
        size = int(np.prod(self.output.shape))
        return np.array(self._results[0].read(size, self.output.dtype.type)).reshape(self.output.shape)
