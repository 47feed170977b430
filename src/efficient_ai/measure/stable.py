"""Workers that outlive a model that ends them: a crash is an error of one model, and the others are loaded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

import numpy as np

from efficient_ai.engines import EngineFailed, Loaded, Worker
from efficient_ai.engines.client import LIMIT_S
from efficient_ai.engines.registry import check_name


class Stable:
    """One engine's worker with the models that it holds.

    Args:
        engine: One of `engines.INSTALL`'s names.
        threads: Threads that an inference may use.
        limit_s: Seconds that one request may take.

    Raises:
        ValueError: If there is no such engine.
    """

    def __init__(self, engine: str, *, threads: int = 1, limit_s: float = LIMIT_S) -> None:
        check_name(engine)
        self.engine, self.threads, self._limit_s = engine, threads, limit_s
        self._kept: list[tuple[bytes, str | None] | None] = []  # None: it ended the process while it was timed
        self._places: dict[int, int] = {}  # the worker's own number of each
        self._worker: Worker | None = None

    def __enter__(self) -> Stable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _running(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(self.engine, threads=self.threads, limit_s=self._limit_s)
            self._places = {
                number: self._worker.load(model[0], delegate=model[1]).model
                for number, model in enumerate(self._kept)
                if model is not None
            }
        return self._worker

    def load(
        self, content: bytes, *, delegate: str | None = None, inputs: np.ndarray | None = None
    ) -> tuple[Loaded, np.ndarray | None]:
        """Load a model and run it; it is kept only where both went well.

        Args:
            content: The model in the engine's form.
            delegate: As in `Worker.load`.
            inputs: Real values to predict, (samples, *one sample's shape); where left out, it runs once on noise.

        Returns:
            The loaded model, whose number stays the same, and what it gave for the inputs.

        Raises:
            BadModel: If the engine refuses it.
            EngineFailed: If its process ended; the next call starts another, with the models kept so far.
        """
        worker = self._running()
        try:
            loaded = worker.load(content, delegate=delegate)
            outputs = None
            if inputs is None:
                worker.time(1)
            else:
                outputs = worker.predict(inputs)
        except BaseException:
            self._close()  # whatever it holds of this model goes with it
            raise
        self._places[len(self._kept)] = loaded.model
        self._kept.append((content, delegate))
        return replace(loaded, model=len(self._kept) - 1), outputs

    def timer(self, number: int) -> Callable[[int, int], list[float]]:
        """A function that times a model that is kept: it takes runs and warm-ups and gives milliseconds.

        A model that ends the process is dropped, so that the others can be loaded and timed again.
        """

        def time(runs: int, warmup: int) -> list[float]:
            worker = self._running()
            try:
                return worker.time(runs, warmup=warmup, model=self._places[number])
            except EngineFailed:
                self._kept[number] = None
                self._close()
                raise

        return time
