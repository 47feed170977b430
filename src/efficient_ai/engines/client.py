"""The near end of a worker: start one, hand it models and inputs, end it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from efficient_ai.engines import environment
from efficient_ai.engines.registry import check_delegate, check_name, interpreter, require
from efficient_ai.errors import BadModel, EfficientAIError

TAIL_LINES = 6
LIMIT_S = 600.0


class EngineFailed(EfficientAIError):
    """An engine's process ended, or an engine failed at something that it should be able to do."""


@dataclass(frozen=True)
class Loaded:
    """A model that a worker holds. `delegate` is what really runs, asked for or not; a scale of 0 means float."""

    model: int
    delegate: str
    input_shape: tuple[int, ...]
    input_dtype: str
    input_scale: float
    output_shape: tuple[int, ...]
    output_dtype: str
    output_scale: float


class Worker:
    """One engine in a process of its own, for as long as the `with` block lasts; it may hold several models.

    Args:
        engine: One of `engines.INSTALL`'s names.
        threads: Threads that an inference may use; TensorFlow Lite Micro has one.
        python: Another environment's interpreter, for an engine that doesn't live in this one; that environment
            needs NumPy. By default the one that has the engine: see `engines.environment`.
        limit_s: Seconds that one request may take; a worker that needs longer is ended.

    Raises:
        ValueError: If there is no such engine, or the number of threads or the limit doesn't suit it.
        EngineMissing: If it isn't installed; the message names the command that installs it.
        EngineFailed: If its process doesn't start.
    """

    def __init__(self, engine: str, *, threads: int = 1, python: str | None = None, limit_s: float = LIMIT_S) -> None:
        if python is None:
            require(engine)
            python = interpreter(engine)
        check_name(engine)
        if threads < 1 or (engine == "tflm" and threads != 1):
            wanted = "1 for tflm" if engine == "tflm" else "at least 1"
            raise ValueError(f"threads must be {wanted}, got {threads}")
        if limit_s <= 0:
            raise ValueError(f"limit_s must be positive, got {limit_s}")
        self.engine, self.threads, self.limit_s = engine, threads, limit_s
        self.models: list[Loaded] = []
        self._folder = tempfile.TemporaryDirectory(prefix="efficient-ai-worker-")
        self._stderr = Path(self._folder.name, "stderr")
        self._late = False
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [python or sys.executable, "-m", "efficient_ai.engines.worker", engine, "--threads", str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                env=environment.variables(Path(self._folder.name), elsewhere=python is not None),
            )
        try:
            self._read("starting")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The worker's process number."""
        return self._process.pid

    def _last_words(self) -> str:
        lines = self._stderr.read_text("utf-8", "replace").splitlines() if self._stderr.exists() else []
        said = [line.strip() for line in lines if line.strip()]
        return " | ".join(said[-TAIL_LINES:]) or "nothing"

    def _ended(self, doing: str) -> EngineFailed:
        code = self._process.wait()
        if self._late:
            return EngineFailed(
                f"the {self.engine} worker gave no answer within {self.limit_s:g} s while {doing} and was ended: "
                "give it more with limit_s, or a smaller task"
            )
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return EngineFailed(
            f"the {self.engine} worker ended with {how} while {doing}; the last that it wrote: {self._last_words()}"
        )

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _read(self, doing: str) -> dict[str, Any]:
        watch = threading.Timer(self.limit_s, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line.endswith("\n"):
            raise self._ended(doing)
        answer = json.loads(line)
        if "refused" in answer:
            raise BadModel(answer["refused"])
        if "failed" in answer:
            raise EngineFailed(f"{self.engine} failed while {doing}: {answer['failed']} ({self._last_words()})")
        return answer["result"]

    def _ask(self, doing: str, **request: Any) -> dict[str, Any]:
        if self._process.stdin.closed:
            raise EngineFailed(f"the {self.engine} worker is closed: start another")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended(doing) from error
        return self._read(doing)

    def _held(self, model: int | None) -> Loaded:
        if not self.models:
            raise ValueError("no model is loaded: call load first")
        return self.models[-1 if model is None else model]

    def load(self, content: bytes, *, delegate: str | None = None) -> Loaded:
        """Load a model; those that are loaded already stay.

        Args:
            content: The .tflite file, or what else the engine takes: see `engines.form`.
            delegate: One of `engines.DELEGATES` of the engine, as "XNNPACK", "none" or "reference" (TensorFlow Lite's
                plain kernels); by default what the engine does by itself.

        Returns:
            The model's number in this worker, its shapes, and the delegate that really runs.

        Raises:
            BadModel: If the engine refuses it; the message gives its reason.
            ValueError: If the engine has no such delegate.
        """
        chosen = check_delegate(self.engine, delegate)
        path = Path(self._folder.name, f"model-{len(self.models)}")
        path.write_bytes(content)
        found = self._ask("loading a model", command="load", path=str(path), delegate=chosen)
        shapes = {key: tuple(found[key]) for key in ("input_shape", "output_shape")}
        self.models.append(Loaded(**{**found, **shapes}))
        return self.models[-1]

    def predict(self, inputs: np.ndarray, *, model: int | None = None) -> np.ndarray:
        """Run a batch, one sample at a time.

        Args:
            inputs: Real values, shape (samples, *one sample's shape); quantized as the model's scales say.
            model: Number of a loaded model; by default the last.

        Returns:
            Real values, float32, shape (samples, *one output's shape).

        Raises:
            ValueError: If the shape doesn't fit; the message gives the one expected.
        """
        held = self._held(model)
        values = np.asarray(inputs, dtype=np.float32)
        if values.shape[1:] != held.input_shape[1:] or values.ndim != len(held.input_shape):
            expected = ", ".join(["samples", *map(str, held.input_shape[1:])])
            raise ValueError(f"inputs have shape {values.shape}, expected ({expected})")
        sent, received = (Path(self._folder.name, name) for name in ("inputs.npy", "outputs.npy"))
        np.save(sent, values)
        self._ask("predicting", command="predict", model=held.model, inputs=str(sent), outputs=str(received))
        return np.load(received)

    def time(self, runs: int, *, warmup: int = 0, model: int | None = None) -> list[float]:
        """Time single inferences; the clock runs around the engine's invoke only.

        Args:
            runs: How many to time.
            warmup: How many to run before, untimed.
            model: Number of a loaded model; by default the last.

        Returns:
            Milliseconds, one a run.
        """
        held = self._held(model)
        return self._ask("timing", command="time", model=held.model, runs=runs, warmup=warmup)["samples_ms"]

    def overhead(self, runs: int, rounds: int, *, model: int | None = None) -> dict[str, list[list[float]]]:
        """Time the same interpreter with `time`'s loop (`ours_ms`) and with a bare one (`bare_ms`), round by round."""
        held = self._held(model)
        return self._ask("timing", command="overhead", model=held.model, runs=runs, rounds=rounds)

    def arena(self, *, model: int | None = None) -> dict[str, int]:
        """Bytes of the arena in use (`total`, `head`, `tail`); TensorFlow Lite Micro only."""
        if self.engine != "tflm":
            raise ValueError(f"only tflm has an arena, got {self.engine}")
        return self._ask("reading the arena", command="arena", model=self._held(model).model)

    def coverage(self, *, model: int | None = None) -> dict[str, Any]:
        """Operators that the delegate took (`taken`) and left (`left`), and in how many `parts`; the .tflite family."""
        return self._ask("listing operators", command="coverage", model=self._held(model).model)

    def allocates(self, content: bytes, arena_bytes: int) -> bool:
        """Whether TensorFlow Lite Micro can be built in an arena of so many bytes."""
        if self.engine != "tflm":
            raise ValueError(f"only tflm has an arena, got {self.engine}")
        path = Path(self._folder.name, "arena.tflite")
        path.write_bytes(content)
        request = {"command": "allocates", "path": str(path), "arena_bytes": arena_bytes}
        return self._ask("trying an arena", **request)["allocates"]

    def close(self) -> None:
        """End the process; a second call does nothing."""
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
