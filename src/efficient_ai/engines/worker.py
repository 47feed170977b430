"""One engine in a process of its own: `python -m efficient_ai.engines.worker ENGINE --threads N`.

It reads one JSON object a line from stdin and answers each with one on the stdout that it was started with. An
engine that prints can't break that: file descriptor 1 leads to stderr from the start. Arrays travel as .npy files,
models as files. Between requests it is blocked in a read, and takes no time from what is measured elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any

import numpy as np

from efficient_ai.engines import sessions
from efficient_ai.engines.registry import DELEGATES, DISTRIBUTIONS
from efficient_ai.errors import BadModel


def private_stdout() -> IO[str]:
    """Keep the real stdout for answers, and send everything else that is written to it to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return answers


# The adapter of each engine; the TensorFlow Lite family shares one.
ADAPTERS = {
    "litert-compiled": ("compiled", "CompiledSession"),
    "onnxruntime": ("onnx_session", "OnnxSession"),
    "keras": ("keras_session", "KerasSession"),
    "torch": ("torch_session", "TorchSession"),
    "executorch": ("executorch_session", "ExecuTorchSession"),
    "iree": ("iree_session", "IreeSession"),
    "tvm": ("tvm_session", "TvmSession"),
}


def _load(engine: str, content: bytes, threads: int, delegate: str) -> sessions.Session:
    if engine == "tflm":
        from efficient_ai.engines.micro import MicroSession

        return MicroSession(content)
    if engine in ADAPTERS:
        module, name = ADAPTERS[engine]
        adapter = getattr(importlib.import_module(f"efficient_ai.engines.{module}"), name)
        return adapter(content, threads=threads, delegate=delegate)
    from efficient_ai.engines.lite import LiteSession

    return LiteSession(engine, content, threads=threads, delegate=delegate)


class Server:
    """Answers requests with the models that it has loaded."""

    def __init__(self, engine: str, threads: int) -> None:
        self.engine, self.threads = engine, threads
        self.loaded: list[sessions.Session] = []

    def load(self, *, path: str, delegate: str) -> dict[str, Any]:
        session = _load(self.engine, Path(path).read_bytes(), self.threads, delegate)
        self.loaded.append(session)
        return {
            "model": len(self.loaded) - 1,
            "delegate": session.delegate,
            "input_shape": session.input.shape,
            "input_dtype": session.input.dtype.name,
            "input_scale": session.input.scale,
            "output_shape": session.output.shape,
            "output_dtype": session.output.dtype.name,
            "output_scale": session.output.scale,
        }

    def predict(self, *, model: int, inputs: str, outputs: str) -> dict[str, Any]:
        np.save(outputs, sessions.predict(self.loaded[model], np.load(inputs)))
        return {}

    def time(self, *, model: int, runs: int, warmup: int) -> dict[str, Any]:
        return {"samples_ms": sessions.time_ms(self.loaded[model], runs, warmup)}

    def overhead(self, *, model: int, runs: int, rounds: int) -> dict[str, Any]:
        """Time the same interpreter with our loop and with a bare one, in turn."""
        from time import perf_counter_ns

        session = self.loaded[model]
        bare, ours = [], []
        for _ in range(rounds):
            ours.append(sessions.time_ms(session, runs))
            session.set_input(sessions.example(session.input))
            laps = []
            for _ in range(runs):
                begin = perf_counter_ns()
                session.invoke()
                laps.append((perf_counter_ns() - begin) / 1e6)
            bare.append(laps)
        return {"ours_ms": ours, "bare_ms": bare}

    def arena(self, *, model: int) -> dict[str, Any]:
        return self.loaded[model].arena()

    def coverage(self, *, model: int) -> dict[str, Any]:
        return self.loaded[model].coverage()

    def allocates(self, *, path: str, arena_bytes: int) -> dict[str, Any]:
        from efficient_ai.engines.micro import allocates

        return {"allocates": allocates(Path(path).read_bytes(), arena_bytes)}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            result = getattr(self, request.pop("command"))(**request)
        except BadModel as error:
            return {"refused": str(error)}
        except Exception as error:
            return {"failed": f"{type(error).__name__}: {error}"}
        return {"result": result}


def main() -> None:
    """Serve one engine until stdin ends."""
    parser = argparse.ArgumentParser(
        prog="efficient_ai.engines.worker", description="Serve one engine over JSON lines."
    )
    parser.add_argument("engine", choices=sorted(DISTRIBUTIONS))
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    answers = private_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides
    server = Server(arguments.engine, arguments.threads)
    answers.write(json.dumps({"result": {"delegates": DELEGATES[arguments.engine]}}) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(server.answer(json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
