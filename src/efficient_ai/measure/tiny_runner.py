"""Runs MLPerf Tiny's reference architectures, int8, under its rules: warm-ups, windows, the median, the quality."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import Worker
from efficient_ai.measure.mlperf_tiny import TASKS, WINDOW_S, WINDOWS, Quality, TinyRun, TinyTask, Window, tiny_task
from efficient_ai.metrics import bootstrap_mean, correct
from efficient_ai.records import Variant

if TYPE_CHECKING:
    import keras

CALIBRATION = 100
PILOT = 50
MARGIN = 1.15
ATTEMPTS = 4
CHUNK = 50_000
Timer = Callable[[int, int], Sequence[float]]
_OURS = "the reference architecture, trained on this book's data"
_RANDOM = "the reference architecture with random weights"


def reference_net(task: TinyTask) -> keras.Model:
    """The task's reference architecture: trained on our data where we have some, else with random weights."""
    from efficient_ai import models

    if task.key == "vww":
        return models.mobilenet_v1(width=0.25, classes=2, side=96, seed=0, name=task.model)
    return models.build(task.model) if task.key == "ad" else models.load(task.model)


def quality_examples(task: TinyTask) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Inputs, labels and the name of the data that a task's quality can be evaluated on here; None where there is none.

    Raises:
        DataUnavailable: If the data can't be fetched.
    """
    from efficient_ai import data

    if task.key == "kws":
        found = data.keywords("test")
        return found.features, found.labels, f"synthetic speech, {found.source}"
    if task.key == "ic":
        pictures = data.fashion_mnist()
        return data.as_inputs(pictures.test_images, task.input_shape), pictures.test_labels, "Fashion-MNIST"
    return None


def _calibration_set(task: TinyTask) -> np.ndarray:
    from efficient_ai import data

    if task.key == "kws":
        return data.keywords("calibration").features[:CALIBRATION]
    if task.key == "ic":
        return data.as_inputs(data.fashion_mnist().train_images[:CALIBRATION], task.input_shape)
    return np.random.default_rng(0).uniform(0, 1, (CALIBRATION, *task.input_shape)).astype(np.float32)


@functools.cache
def reference_variant(key: str) -> Variant:
    """A task's reference architecture as an int8 file, quantized after training.

    Args:
        key: One of `mlperf_tiny.TASKS`.

    Raises:
        EfficientAIError: If there is no such task.
        DataUnavailable: If the calibration set can't be fetched.
    """
    from efficient_ai import compress

    task = tiny_task(key)
    return compress.convert(reference_net(task), compress.Int8(calibration_set=_calibration_set(task)))


def run_windows(timer: Timer, *, warmup: int, window_s: float = WINDOW_S, windows: int = WINDOWS) -> tuple[Window, ...]:
    """Find how many inferences fill a window, then run the windows with that number.

    Where a window turns out shorter than it should be, all of them are run again with more inferences.

    Args:
        timer: Takes a number of runs and of warm-ups and gives each run's milliseconds.
        warmup: Untimed inferences before each window.
        window_s: Seconds that a window must last at least, above 0.
        windows: How many.

    Returns:
        The windows; the last attempt's where the machine's speed kept changing.

    Raises:
        ValueError: If an argument is out of range.

    Source: mlcommons2025tinyrules.
    """
    if not window_s > 0:
        raise ValueError(f"window_s must be above 0, got {window_s}")
    if windows < 1 or warmup < 0:
        raise ValueError(f"windows must be at least 1 and warmup at least 0, got {windows} and {warmup}")
    from tqdm import tqdm

    one_ms = float(np.median(timer(PILOT, warmup)))
    found: list[Window] = []
    for _ in range(ATTEMPTS):
        count = max(1, math.ceil(MARGIN * 1_000 * window_s / one_ms))
        found = []
        for _ in tqdm(range(windows), desc="windows", disable=None, leave=False):
            found.append(_window(timer, count, warmup))
            if found[-1].runtime_s < window_s:
                break
        else:
            break
        one_ms = min(one_ms * 0.8, 1_000 * found[-1].runtime_s / count)
    else:
        found += [_window(timer, count, warmup) for _ in range(windows - len(found))]
    return tuple(found)


def _window(timer: Timer, count: int, warmup: int) -> Window:
    """One window, asked for in pieces so that no answer is too long; the pieces follow one another at once."""
    total_ms, left = 0.0, count
    while left:
        piece = min(left, CHUNK)
        total_ms += float(np.sum(timer(piece, warmup if left == count else 0)))
        left -= piece
    return Window(count, total_ms / 1_000)


def run_tiny(
    key: str,
    *,
    engine: str = "litert",
    threads: int = 1,
    window_s: float = WINDOW_S,
    examples: int | None = 1_000,
    content: bytes | None = None,
) -> TinyRun:
    """Measure one task: five windows, each after its warm-ups; then the quality with the same file on the same engine.

    The clock runs around the inferences alone, as the rules leave pre- and post-processing untimed.

    Args:
        key: One of `mlperf_tiny.TASKS`.
        engine: One that runs .tflite files.
        threads: Threads that an inference may use.
        window_s: Seconds of a window; below 10 the result says that it isn't valid under the rules.
        examples: How many test examples judge the quality, drawn with a fixed seed; all where it is None, none with 0.
        content: A .tflite file with the task's input and output; by default `reference_variant`.

    Returns:
        The measured run.

    Raises:
        EfficientAIError: If there is no such task.
        EngineMissing: If the engine isn't installed.
        BadModel: If it refuses the file.
        DataUnavailable: If data that the task needs can't be fetched.
        ValueError: If an argument is out of range.

    Source: mlcommons2025tinyrules.
    """
    task = tiny_task(key)
    if examples is not None and examples < 0:
        raise ValueError(f"examples must be at least 0, got {examples}")
    weights = "a file of the user's own" if content is not None else _OURS if key in ("kws", "ic") else _RANDOM
    held = reference_variant(key).content if content is None else content
    with Worker(engine, threads=threads, limit_s=60 + 20 * window_s) as worker:
        loaded = worker.load(held)
        windows = run_windows(
            lambda runs, warmup: worker.time(runs, warmup=warmup), warmup=task.warmup, window_s=window_s
        )
        quality = None if examples == 0 else _judged(task, worker, examples)
    return TinyRun(
        task=task,
        engine=engine,
        delegate=loaded.delegate,
        threads=threads,
        cpu=cache.machine().cpu,
        warmup=task.warmup,
        windows=windows,
        quality=quality,
        model_bytes=len(held),
        weights=weights,
    )


def _judged(task: TinyTask, worker: Worker, examples: int | None) -> Quality | None:
    found = quality_examples(task)
    if found is None:
        return None
    inputs, labels, name = found
    chosen = np.random.default_rng(0).permutation(len(labels))[:examples]
    right = correct(worker.predict(inputs[chosen]), labels[chosen])
    return Quality(bootstrap_mean(right), len(chosen), name)


def run_all(tasks: Sequence[str] = tuple(TASKS), **options) -> tuple[TinyRun, ...]:
    """`run_tiny` for several tasks, one after another, with the same options."""
    return tuple(run_tiny(key, **options) for key in tasks)
