"""IREE: a compiler that turns the whole model into one module of machine code."""

from __future__ import annotations

import numpy as np

from efficient_ai.engines.sessions import TensorSpec
from efficient_ai.errors import BadModel


class IreeSession:
    """A .vmfb module with one function."""

    delegate = "CPU"

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        from iree import runtime

        from efficient_ai.engines.packed import unpack

        head, module = unpack(content)
        if threads > 1:
            runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
        config = runtime.Config("local-sync" if threads == 1 else "local-task")
        try:
            loaded = runtime.VmModule.copy_buffer(config.vm_instance, module)
            context = runtime.SystemContext(vm_modules=(loaded,), config=config)
        except (RuntimeError, ValueError) as error:
            raise BadModel(f"iree refuses the model: {str(error).strip().splitlines()[0]}") from error
        (name,) = [n for n in loaded.function_names if not n.startswith("__") and "$" not in n]
        self._call = context.modules[loaded.name][name]
        self._to_device = lambda value: runtime.asdevicearray(config.device, value)
        self.input = TensorSpec(tuple(head["input_shape"]), np.dtype("float32"))
        self.output = TensorSpec(tuple(head["output_shape"]), np.dtype("float32"))

    def set_input(self, value: np.ndarray) -> None:
        self._value = self._to_device(np.ascontiguousarray(value))

    def invoke(self) -> None:
        self._result = self._call(self._value)

    def get_output(self) -> np.ndarray:
        return np.array(self._result.to_host())
