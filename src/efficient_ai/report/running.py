"""Running a model inside the sandbox: what it answers, example by example, and how long it takes.

The engines' workers take models of one input and one output; these functions take any.
"""

from __future__ import annotations

import re
import time
import warnings
from typing import Any

import numpy as np

from efficient_ai.errors import BadModel


def plain(dtype: str) -> str:
    """NumPy's name of a type."""
    return "S" if dtype == "string" else "float32" if dtype == "bfloat16" else dtype


def dtype_of(kind: Any) -> str:
    """The report's name of a type of NumPy."""
    name = np.dtype(kind).name
    return "string" if name.startswith(("bytes", "str", "object")) else name


def answers(file: str, inputs: list[dict[str, Any]], data: str, out: str, *, most_s: float) -> dict[str, Any]:
    """What a .tflite file answers, example by example, in real values.

    Args:
        file: Its name.
        inputs: Of `look`.
        data: Name of an .npz file with an array (n, ...) for each input's key.
        out: Name of the .npz file to leave, with an array for each output: out0, out1, …
        most_s: Seconds after which no further example is begun.

    Returns:
        "examples" (how many were answered) and "outputs" (how many there are).
    """
    interpreter = interpreter_of(file)
    sources, results = order(interpreter)
    by_name = dict(sources)
    given = [by_name.get(one["key"], by_name.get(one["name"])) for one in inputs]
    if None in given:
        given = [one for _, one in sources]

    def run(values: list[np.ndarray]) -> list[np.ndarray]:
        for one, value in zip(given, values, strict=True):
            interpreter.set_tensor(one["index"], _quantized(value, one).reshape(one["shape"]))
        interpreter.invoke()
        return [_real(interpreter.get_tensor(one["index"]), one) for _, one in results]

    return answered(run, inputs, data, out, most_s)


def answered(run: Any, inputs: list[dict[str, Any]], data: str, out: str, most_s: float) -> dict[str, Any]:
    """Run examples one by one and leave what comes out as arrays; see `answers`."""
    with np.load(data, allow_pickle=False) as file:
        arrays = [file[one["key"]] for one in inputs]
    found: list[list[np.ndarray]] = []
    begin = time.monotonic()
    for row in zip(*arrays, strict=True):
        found.append(run([value[None].astype(plain(one["feeds"])) for value, one in zip(row, inputs, strict=True)]))
        if time.monotonic() - begin > most_s:
            break
    columns = [np.stack(column) for column in zip(*found, strict=True)]
    at_one = [column[:, 0] if column.ndim > 1 and column.shape[1] == 1 else column for column in columns]
    np.savez(out, **{f"out{i}": column for i, column in enumerate(at_one)})
    return {"examples": len(found), "outputs": len(columns), "seconds": time.monotonic() - begin}


def interpreter_of(file: str) -> Any:
    """TensorFlow's interpreter with a file, ready to run.

    Raises:
        BadModel: If it refuses the file.
    """
    import tensorflow as tf

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its deletion
            interpreter = tf.lite.Interpreter(model_path=file, num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())
        if "Select TensorFlow op" in said:
            raise BadModel(
                "no interpreter here has select TF operators, so it can't be run: see its operators"
            ) from error
        raise BadModel(f"the interpreter refuses it: {said[:300]}") from error
    return interpreter


def order(interpreter: Any) -> tuple[list[tuple[str, dict]], list[tuple[str, dict]]]:
    """Inputs and outputs by name: the signature's names in their natural order, else the tensors' in the file's."""
    signatures = interpreter._get_full_signature_list()
    found = []
    for side, details in (("inputs", interpreter.get_input_details()), ("outputs", interpreter.get_output_details())):
        by_index = {one["index"]: one for one in details}
        named = next(iter(signatures.values()))[side] if len(signatures) == 1 else {}
        if sorted(named.values()) == sorted(by_index):
            pairs = sorted(named.items(), key=lambda pair: _natural(pair[0]))
            found.append([(name, by_index[index]) for name, index in pairs])
        else:
            found.append([(one["name"], one) for one in details])
    return found[0], found[1]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts output_2 before output_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _quantized(value: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    scales, zeros = (details["quantization_parameters"][key] for key in ("scales", "zero_points"))
    dtype = np.dtype(details["dtype"])
    if not len(scales) or dtype.kind == "f":
        return value if dtype.kind in "OSU" else value.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.round(value / np.float32(scales[0])) + zeros[0], limits.min, limits.max).astype(dtype)


def _real(value: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    scales, zeros = (details["quantization_parameters"][key] for key in ("scales", "zero_points"))
    if value.dtype.kind in "OSU":
        raise BadModel("an output holds text, which isn't judged")
    if not len(scales) or value.dtype.kind == "f":
        return value.astype(np.float32)
    return (value.astype(np.float32) - np.float32(zeros[0])) * np.float32(scales[0])


def time_inside(files: list[str], *, runs: int, rounds: int, warmup: int, most_s: float) -> list[dict[str, Any]]:
    """Latency of .tflite files with any inputs, in turn, on TensorFlow's interpreter with one thread.

    Returns:
        For each, "samples_ms", or "reason" where it can't run or `runs` would take longer than `most_s` in all.
    """
    timers: list[Any] = []
    for file in files:
        try:
            interpreter = interpreter_of(file)
            for one in interpreter.get_input_details():
                interpreter.set_tensor(one["index"], _noise(one))
            begin = time.perf_counter()
            interpreter.invoke()
            if (time.perf_counter() - begin) * runs > most_s / len(files):
                timers.append(f"{runs} runs would take more than {most_s / len(files):.0f} s")
            else:
                timers.append(interpreter)
        except (BadModel, ValueError, RuntimeError) as error:
            timers.append(str(error).splitlines()[0])
    samples: list[list[float]] = [[] for _ in files]
    random = np.random.default_rng(0)
    for number in range(rounds):
        for place in random.permutation(len(files)):
            if isinstance(timers[place], str):
                continue
            for turn in range(-(warmup if number == 0 else max(1, warmup // 5)), runs // rounds):
                begin = time.perf_counter_ns()
                timers[place].invoke()
                if turn >= 0:
                    samples[place].append((time.perf_counter_ns() - begin) / 1e6)
    return [
        {"reason": timer} if isinstance(timer, str) else {"samples_ms": times, "delegate": _delegated(timer)}
        for timer, times in zip(timers, samples, strict=True)
    ]


def _delegated(interpreter: Any) -> bool:
    return any(one["op_name"] == "DELEGATE" for one in interpreter._get_ops_details())


def _noise(details: dict[str, Any]) -> np.ndarray:
    dtype = np.dtype(details["dtype"])
    if dtype.kind in "OSU":
        return np.full(details["shape"], b"word", object)
    if dtype.kind == "f" or len(details["quantization_parameters"]["scales"]):
        noise = np.random.default_rng(0).uniform(-1, 1, details["shape"]).astype(np.float32)
        return _quantized(noise, details)
    return np.zeros(details["shape"], dtype)
