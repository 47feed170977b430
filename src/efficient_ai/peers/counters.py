"""TensorFlow's own counters: what its converter says of a model while it converts, and what its profiler adds up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from efficient_ai.errors import BadModel, EfficientAIError

if TYPE_CHECKING:
    import keras

LIMIT_S = 180
_SAYS = re.compile(r"Estimated count of arithmetic ops: ([\d.]+) ?([KMGT]?) +ops")
_UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@dataclass(frozen=True)
class TensorFlowCounts:
    """Operations at batch 1: the converter's, rounded as it writes them, and the profiler's.

    Either is None where the tool said nothing. `converter_step` is the last place that the converter writes.
    """

    converter_ops: int | None
    converter_step: int
    profiler_ops: int | None
    version: str


def read_log(text: str) -> tuple[int | None, int]:
    """The operations in the converter's last count, and the value of the last place that it writes."""
    said = _SAYS.findall(text)
    if not said:
        return None, 0
    digits, unit = said[-1]
    step = _UNITS[unit] / 10 ** len(digits.partition(".")[2])
    return round(float(digits) * _UNITS[unit]), max(1, round(step))


def tensorflow_counts(model: keras.Model) -> TensorFlowCounts:
    """Ask TensorFlow's converter and its profiler, in a process of its own, since both speak through logs.

    Args:
        model: Any Keras model with one input.

    Raises:
        BadModel: If the process can't convert it; the message has its last line.
        EfficientAIError: If it takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="efficient-ai-counters-") as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0", "CUDA_VISIBLE_DEVICES": ""}
        command = [sys.executable, "-m", "efficient_ai.peers.counters", str(path)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=LIMIT_S, env=variables, cwd=folder
            )
        except subprocess.TimeoutExpired:
            raise EfficientAIError(f"TensorFlow's counters took over {LIMIT_S} s and were ended") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BadModel(f"TensorFlow can't count {model.name}: {last}")
    said = json.loads(done.stdout.splitlines()[-1])
    ops, step = read_log(done.stderr)
    return TensorFlowCounts(ops, step, said["profiler"], said["version"])


def _profiled(function: Any) -> int | None:
    try:
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
        from tensorflow.python.profiler.model_analyzer import profile
        from tensorflow.python.profiler.option_builder import ProfileOptionBuilder
    except ImportError:  # it is no part of TensorFlow's public interface
        return None
    options = ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(profile(convert_variables_to_constants_v2(function).graph, options=options).total_float_ops)


def main(path: str) -> None:
    """Convert and profile a .keras file; the profiler's count goes to stdout, the converter's into the log."""
    import keras
    import tensorflow as tf

    from efficient_ai.compress.convert import _freeze

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what TensorFlow prints is no answer
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    shape = tf.TensorSpec((1, *model.input_shape[1:]))
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(shape)
    with tempfile.TemporaryDirectory() as folder:  # as `compress.convert` does: normalization is folded in
        _freeze(model, folder)
        tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    answers.write(json.dumps({"profiler": _profiled(function), "version": tf.__version__}) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
