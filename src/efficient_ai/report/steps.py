"""What is done with a model inside the sandbox: functions of JSON values that leave their files where they run.

Each is called in a process of its own, so each opens the model again; one that crashes loses its own result only.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np

from efficient_ai.errors import BadModel
from efficient_ai.report import conversion, lite_files, opening, running, saved_models

WORDS = 2  # an integer input takes 0 or 1 where nothing says how many values it has


def opened(path: str, kind: str) -> Any:
    """The model of a source: a Keras model, or a loaded SavedModel.

    Raises:
        BadModel: If it can't be opened.
    """
    if kind == "zoo":
        from efficient_ai import models

        return models.load(path)
    if kind == "saved_model":
        import tensorflow as tf

        saved_models.check(Path(path))
        try:
            return tf.saved_model.load(path)
        except Exception as error:
            raise BadModel(f"TensorFlow can't load it ({conversion.reason(error)}): export it again") from error
    return opening.keras_model(path)


def look(
    path: str, kind: str, shapes: dict[str, list[int]], hints: dict[str, list[int]] | None = None
) -> dict[str, Any]:
    """What a model is: its inputs and outputs, its cost layer by layer, and what can be done with it.

    Args:
        path: The source.
        kind: keras, zoo, saved_model or tflite. A quantized file's inputs are fed real values: "feeds" says so.
        shapes: By an input's name, or "" for the only one: its shape with batch 1, where the model leaves it open.
        hints: The same of the user's data, which fill what is open still and needn't fit.

    Raises:
        BadModel: If it can't be opened, or leaves a shape open that neither has.
    """
    shapes = {"": shapes, "hints": hints or {}}
    if kind == "tflite":
        lite_files.check(Path(path))
        sources, results = running.order(running.interpreter_of(path))
        inputs = [_input(name, one["shape"], one["dtype"], shapes) for name, one in sources]
        for told, (_, one) in zip(inputs, sources, strict=True):
            if len(one["quantization_parameters"]["scales"]):
                told["feeds"] = "float32"
        outputs = [
            {"name": name, "shape": [int(s) for s in one["shape"]], "dtype": running.dtype_of(one["dtype"])}
            for name, one in results
        ]
        return {"inputs": _with_keys(inputs), "outputs": outputs, "params": None, "cost": None, "techniques": False}
    model = opened(path, kind)
    if kind == "saved_model":
        return _look_at_signature(model, path, shapes)
    if not getattr(model, "inputs", None):
        raise BadModel("the model isn't built: call it once on an example, or export it, and save it again")
    inputs = _with_keys([_input(one.name, one.shape, one.dtype, shapes) for one in model.inputs])
    words = [layer.input_dim for layer in model._flatten_layers() if type(layer).__name__ == "Embedding"]
    for one in inputs:
        one["values"] = min(words, default=WORDS) if np.dtype(running.plain(one["dtype"])).kind in "iu" else None
    outputs = [
        {"name": one.name, "shape": [1, *(s or -1 for s in one.shape[1:])], "dtype": str(one.dtype)}
        for one in model.outputs
    ]
    counted, why = _counted(model, inputs)
    return {
        "inputs": inputs,
        "outputs": outputs,
        "params": int(model.count_params()),
        "cost": counted,
        "cost_reason": why,
        "techniques": _has_kernels(model),
    }


def _look_at_signature(loaded: Any, path: str, shapes: dict[str, Any]) -> dict[str, Any]:
    signature = conversion.signature_of(loaded, path)
    given = signature.structured_input_signature[1]
    inputs = [_input(name, spec.shape, spec.dtype.name, shapes) for name, spec in sorted(given.items())]
    outputs = [
        {"name": name, "shape": [1, *(s or -1 for s in list(spec.shape)[1:])], "dtype": spec.dtype.name}
        for name, spec in sorted(signature.structured_outputs.items())
    ]
    variables = {id(v): v for v in [*getattr(loaded, "variables", []), *signature.graph.variables]}
    return {
        "inputs": _with_keys(inputs),
        "outputs": outputs,
        "params": sum(math.prod(v.shape) for v in variables.values()) or None,
        "cost": None,
        "techniques": False,
    }


def _input(name: str, shape: Any, dtype: Any, shapes: dict[str, dict[str, list[int]]]) -> dict[str, Any]:
    """An input at batch 1, its open sizes filled in."""
    declared = [None if size is None or int(size) < 0 else int(size) for size in shape]
    dtype = dtype if isinstance(dtype, str) else running.dtype_of(dtype)
    wanted, hint = (shapes[side].get(name, shapes[side].get("")) for side in ("", "hints"))
    at_one = [1 if number == 0 and size is None else size for number, size in enumerate(declared)]
    shown = ",".join("?" if size is None else str(size) for size in at_one)
    if at_one[:1] not in ([], [1]):
        raise BadModel(f"input {name!r} has a fixed batch of {at_one[0]}: save the model with an open batch, or with 1")
    if wanted is not None:
        fits = len(wanted) == len(at_one) and all(
            size in (None, given) for size, given in zip(at_one, wanted, strict=True)
        )
        if not fits:
            given = ",".join(map(str, wanted))
            raise BadModel(f"input {name!r} expects the shape {shown} (? is open), got {given}")
        at_one = list(wanted)
    if hint is not None and len(hint) == len(at_one):
        at_one = [given if size is None else size for size, given in zip(at_one, hint, strict=True)]
    if None in at_one:
        raise BadModel(f"input {name!r} leaves its shape {shown} open: pass --shape, as in --shape 1,224,224,3")
    return {
        "name": name,
        "shape": at_one,
        "dtype": dtype,
        "open": None in declared[1:],
        "values": WORDS,
        "feeds": dtype,
    }


def _with_keys(inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    taken: list[str] = []
    for one in inputs:
        one["key"] = conversion.key_of(one["name"], taken)
        taken.append(one["key"])
    return inputs


def _has_kernels(model: Any) -> bool:
    from efficient_ai.compress import prunable

    try:
        return bool(prunable(model))
    except Exception:
        return False


def _counted(model: Any, inputs: list[dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    from efficient_ai import cost

    try:
        one = inputs[0]["shape"][1:] if len(inputs) == 1 and inputs[0]["open"] else None
        many = len(inputs) > 1 and any(one["open"] for one in inputs)
        return dataclasses.asdict(cost.count(_fixed(model, inputs) if many else model, input_shape=one)), ""
    except BadModel as error:
        return None, str(error)
    except Exception as error:  # a layer of a kind that the reader has never seen
        return None, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def _fixed(model: Any, inputs: list[dict[str, Any]]) -> Any:
    """The model under inputs of a fixed shape."""
    import keras

    sources = [keras.Input(batch_shape=one["shape"], dtype=one["dtype"], name=one["key"]) for one in inputs]
    return keras.Model(sources, conversion.flat_call(model)(*sources), name=model.name)


def make(
    path: str,
    kind: str,
    inputs: list[dict[str, Any]],
    out: str,
    *,
    precision: str,
    technique: str = "",
    amount: float = 0.0,
    calibration: str = "",
) -> dict[str, Any]:
    """Make a variant and leave it as a file.

    Args:
        path: The source.
        kind: keras, zoo or saved_model.
        inputs: Of `look`.
        out: Name of the .tflite file.
        precision: As `compress.precision` names them.
        technique: "", "pruned" (magnitude, no training) or "clustered" (weights share values, no training).
        amount: The sparsity, or the bits.
        calibration: Name of an .npz file with an array for each input's key; int8 and int16x8 need it.

    Returns:
        "select" (whether operators stay TensorFlow's own), and for a technique "stored_bytes" (of the weights' own
        file) and "treated_params" (that it changed).

    Raises:
        BadModel: If the model can't be converted so.
    """
    from efficient_ai import compress

    model = opened(path, kind)
    found: dict[str, Any] = {"stored_bytes": None, "treated_params": None}
    if technique:
        model = changed(model, technique, amount)
        found["stored_bytes"] = len(compress.storage.compress(model)[0])
        found["treated_params"] = sum(math.prod(kernel.shape) for kernel in compress.prunable(model))
    if precision.startswith("int") and any(one["dtype"] == "string" for one in inputs):
        raise BadModel(f"{precision} calibrates on numbers, and an input of this model is text")
    arrays = []
    if calibration:
        with np.load(calibration, allow_pickle=False) as file:
            arrays = [file[one["key"]] for one in inputs]
    if kind != "saved_model" and _plain_input(inputs):
        try:
            how = compress.precision(precision, arrays[0] if arrays else None)
            content = compress.convert(model, how, technique=technique).content
            Path(out).write_bytes(content)
            return {**found, "select": False}
        except BadModel:
            pass  # with a reason below, or with select operators
    graph = conversion.frozen(call_of(model, kind, path), inputs)
    try:
        content, select = conversion.convert(graph, inputs, precision, arrays), False
    except BadModel as error:
        try:
            content, select = conversion.convert(graph, inputs, precision, arrays, select=True), True
        except BadModel:
            raise error from None
    Path(out).write_bytes(content)
    return {**found, "select": select}


def changed(model: Any, technique: str, amount: float) -> Any:
    """A Keras model after pruning or clustering, without any training."""
    from efficient_ai import compress

    try:
        if technique == "pruned":
            return compress.prune(model, compress.Magnitude(amount))
        bits = int(amount)
        return compress.cluster(model, compress.Cluster(bits, bits))
    except (TypeError, AttributeError) as error:
        raise BadModel(f"the model's layers can't be copied: {str(error).splitlines()[0]}") from error


def save_pruned(path: str, kind: str, out: str, sparsity: float) -> dict[str, Any]:
    """Prune a Keras model and leave it as a .keras file."""
    from efficient_ai import compress

    model = compress.prune(opened(path, kind), compress.Magnitude(sparsity))
    model.save(out)
    content, report = compress.storage.compress(model)
    return {"sparsity": compress.sparsity(model), "stored_bytes": len(content), "params": report.params}


def _plain_input(inputs: list[dict[str, Any]]) -> bool:
    return len(inputs) == 1 and not inputs[0]["open"] and inputs[0]["dtype"] != "string"


def call_of(model: Any, kind: str, path: str) -> Any:
    if kind != "saved_model":
        return conversion.flat_call(model)
    signature = conversion.signature_of(model, path)
    return conversion.signature_call(signature, sorted(signature.structured_input_signature[1]))


def to_onnx(path: str, kind: str, out: str) -> dict[str, Any]:
    """Leave a Keras model of one input as an .onnx file, in float32."""
    from efficient_ai.engines import onnx_export

    content = onnx_export.to_onnx(opened(path, kind))
    Path(out).write_bytes(content)
    return {"size_bytes": len(content)}


def original(
    path: str, kind: str, inputs: list[dict[str, Any]], data: str, out: str, *, most_s: float
) -> dict[str, Any]:
    """What the source itself answers, example by example; see `answers`."""
    import tensorflow as tf

    model = opened(path, kind)  # a SavedModel's variables go with it
    specs = [tf.TensorSpec(one["shape"], tf.as_dtype(one["dtype"])) for one in inputs]
    graph = tf.function(call_of(model, kind, path), input_signature=specs, autograph=False)

    def run(values: list[np.ndarray]) -> list[np.ndarray]:
        found = graph(*[tf.constant(value) for value in values])
        return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]

    return running.answered(run, inputs, data, out, most_s)
