"""ONNX Runtime on the CPU."""

from __future__ import annotations

import numpy as np

from efficient_ai.engines.sessions import TensorSpec, check_one
from efficient_ai.errors import BadModel

DTYPES = {"tensor(float)": "float32", "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int64)": "int64"}


class OnnxSession:
    """An .onnx model; a quantized one still takes and gives float32, and quantizes inside."""

    delegate = "CPU"

    def __init__(self, content: bytes, *, threads: int, delegate: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its classes of errors have no common base
            raise BadModel(f"onnxruntime refuses the model: {' '.join(str(error).split())}") from error
        sources, results = self._session.get_inputs(), self._session.get_outputs()
        check_one(len(sources), len(results), tuple(sources[0].shape))
        self.input, self.output = (
            TensorSpec(tuple(tensor.shape), np.dtype(DTYPES[tensor.type])) for tensor in (sources[0], results[0])
        )
        self._names = [results[0].name]
        self._source = sources[0].name
        self._fed: dict[str, np.ndarray] = {}

    def set_input(self, value: np.ndarray) -> None:
        self._fed = {self._source: np.ascontiguousarray(value)}

    def invoke(self) -> None:
        self._result = self._session.run(self._names, self._fed)

    def get_output(self) -> np.ndarray:
        return self._result[0]
