"""The TensorFlow Lite family: tf.lite, tflite-runtime and LiteRT share one interpreter under three names.

Importing TensorFlow before tflite-runtime breaks the latter's interpreter: only the worker imports these, each in a
process of its own.
"""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

import numpy as np

from efficient_ai.engines.sessions import TensorSpec, check_one
from efficient_ai.errors import BadModel

MODULES = {
    "litert": "ai_edge_litert.interpreter",
    "tf.lite": "tensorflow.lite.python.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}
RESOLVERS = {"XNNPACK": "AUTO", "none": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}


class LiteSession:
    """A model on an interpreter of the family.

    `delegate` says what runs: "XNNPACK" only where the interpreter handed it a part of the graph, which
    tflite-runtime doesn't for int8, and none of them for int16x8.
    """

    def __init__(self, engine: str, content: bytes, *, threads: int, delegate: str) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        module = importlib.import_module(MODULES[engine])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # tf.lite warns of its deletion
                interpreter = module.Interpreter(
                    model_content=content,
                    num_threads=threads,
                    experimental_op_resolver_type=getattr(module.OpResolverType, RESOLVERS[delegate]),
                )
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BadModel(f"{engine} refuses the model: {' '.join(str(error).split())}") from error
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        check_one(len(inputs), len(outputs), tuple(inputs[0]["shape"]) if inputs else ())
        self._interpreter = interpreter
        self._source, self._result = inputs[0]["index"], outputs[0]["index"]
        self.input, self.output = TensorSpec.from_details(inputs[0]), TensorSpec.from_details(outputs[0])
        operators = [operator["op_name"] for operator in interpreter._get_ops_details()]
        self.delegate = "XNNPACK" if "DELEGATE" in operators else "reference" if delegate == "reference" else "none"

    def set_input(self, value: np.ndarray) -> None:
        self._interpreter.set_tensor(self._source, value)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_output(self) -> np.ndarray:
        return self._interpreter.get_tensor(self._result)

    def coverage(self) -> dict[str, Any]:
        """Which operators the delegate took, and which it left, by name, in the order of the file.

        A delegate stands in the graph as an operator of its own, and those that it replaced stay listed: they are
        the ones on the way back from its outputs to its inputs.
        """
        operators = self._interpreter._get_ops_details()
        nodes = [node for node in operators if node["op_name"] != "DELEGATE"]
        delegates = [node for node in operators if node["op_name"] == "DELEGATE"]
        writer = {int(tensor): node for node in nodes for tensor in node["outputs"]}
        taken: set[int] = set()
        for delegate in delegates:
            given = {int(tensor) for tensor in delegate["inputs"]}
            open_tensors = [int(tensor) for tensor in delegate["outputs"]]
            while open_tensors:
                tensor = open_tensors.pop()
                node = writer.get(tensor)
                if node is not None and tensor not in given and node["index"] not in taken:
                    taken.add(node["index"])
                    open_tensors += [int(source) for source in node["inputs"]]
        return {
            "taken": [node["op_name"] for node in nodes if node["index"] in taken],
            "left": [node["op_name"] for node in nodes if node["index"] not in taken],
            "parts": len(delegates),
        }
