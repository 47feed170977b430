"""Runs MLCommons' LoadGen over LiteRT in a process of its own: `python -m efficient_ai.measure.loadgen_worker JSON`.

LoadGen calls back from a thread of its own and writes its logs into a folder; `loadgen` starts this and reads them.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from efficient_ai.engines.lite import LiteSession
from efficient_ai.engines.sessions import quantize

SAMPLES = 64


def main(request: dict[str, Any]) -> None:
    """One test: the model from `model`, the settings from `settings`, the logs into `folder`."""
    import mlperf_loadgen as lg

    content = Path(request["model"]).read_bytes()
    session = LiteSession("litert", content, threads=request["threads"], delegate="XNNPACK")
    values = np.random.default_rng(0).uniform(0, 1, (SAMPLES, *session.input.shape)).astype(np.float32)
    inputs = [quantize(value, session.input) for value in values]
    waiting: queue.SimpleQueue = queue.SimpleQueue()  # issue must return at once, or LoadGen can't keep its schedule

    def infer() -> None:
        while (samples := waiting.get()) is not None:
            for sample in samples:
                session.set_input(inputs[sample.index])
                session.invoke()
                lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0)])

    worker = threading.Thread(target=infer)
    worker.start()
    system = lg.ConstructSUT(waiting.put, lambda: None)
    library = lg.ConstructQSL(SAMPLES, SAMPLES, lambda _: None, lambda _: None)
    settings = lg.TestSettings()
    settings.scenario = getattr(lg.TestScenario, request["scenario"])
    settings.mode = lg.TestMode.PerformanceOnly
    for name, value in request["settings"].items():
        setattr(settings, name, value)
    output = lg.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = request["folder"], False
    logs = lg.LogSettings()
    logs.log_output, logs.enable_trace = output, False
    try:
        lg.StartTestWithLogSettings(system, library, settings, logs)
    finally:
        waiting.put(None)
        worker.join()
        lg.DestroyQSL(library)
        lg.DestroySUT(system)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
