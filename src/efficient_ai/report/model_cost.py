"""A model's cost table, of what the sandbox says or of the file that was made; and what the sandbox says, checked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from efficient_ai import cost
from efficient_ai.errors import BadModel
from efficient_ai.records import LayerCost, ModelCost, Variant
from efficient_ai.report.sandbox import Sandbox
from efficient_ai.report.source import Source

LOOK = "efficient_ai.report.steps:look"
MOST = 10_000  # layers, inputs or outputs that are believed
TEXT = 500  # characters of a name


def looked(
    box: Sandbox, source: Source, path: str, shapes: dict[str, list[int]], hints: dict[str, list[int]] | None = None
) -> dict[str, Any]:
    """Look at a model inside the sandbox; arguments as of `steps.look`.

    Raises:
        BadModel: If it can't be opened; the message begins with its name.
    """
    try:
        return checked(box.call(LOOK, path, source.kind, shapes, hints or {}))
    except BadModel as error:
        raise BadModel(f"{source.name}: {error}") from error


def checked(said: Any) -> dict[str, Any]:
    """What `steps.look` answered, in the form that it should have.

    Raises:
        BadModel: If it hasn't: a file may have taken over the process that opened it.
    """
    try:
        inputs = [
            _tensor(one)
            | {
                "key": str(one["key"])[:TEXT],
                "open": bool(one["open"]),
                "feeds": str(one["feeds"])[:40],
                "values": None if one["values"] is None else int(one["values"]),
            }
            for one in said["inputs"][:MOST]
        ]
        outputs = [_tensor(one) for one in said["outputs"][:MOST]]
        counted = None if said["cost"] is None else asdict(_cost(said["cost"]))
        params = None if said["params"] is None else int(said["params"])
        found = {"inputs": inputs, "outputs": outputs, "cost": counted, "params": params}
        found |= {"techniques": bool(said["techniques"]), "cost_reason": str(said.get("cost_reason") or "")[:TEXT]}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BadModel(f"the process that opened it described it in no form that is known ({error})") from error
    if not inputs or not outputs:
        raise BadModel("the model has no input or no output: there is nothing to run")
    return found


def _tensor(said: dict[str, Any]) -> dict[str, Any]:
    shape = [int(size) for size in said["shape"]]
    return {"name": str(said["name"])[:TEXT], "shape": shape, "dtype": str(said["dtype"])[:40]}


def _cost(said: dict[str, Any]) -> ModelCost:
    numbers = ("params", "macs", "weight_bytes", "input_bytes", "output_bytes")
    layers = tuple(
        LayerCost(
            name=str(one["name"])[:TEXT],
            operator=str(one["operator"])[:TEXT],
            output_shape=tuple(int(size) for size in one["output_shape"]),
            **{key: int(one[key]) for key in numbers},
        )
        for one in said["layers"][:MOST]
    )
    unknown = tuple(str(name)[:TEXT] for name in said["unknown_operators"])
    return ModelCost(str(said["model"])[:TEXT], layers, int(said["peak_activation_bytes"]), unknown)


def table(seen: dict[str, Any], variant: Variant | None) -> dict[str, Any]:
    """The cost table: of the source's own layers, else of the file's operators, else the reason why there is none."""
    counted, basis = seen["cost"], "the source's layers, in float32"
    if counted is None and variant is not None:
        counted, basis = asdict(cost.count_file(variant.content)), "the operators of the .tflite file"
    if counted is None:
        why = seen["cost_reason"] or "its layers can't be read, and it can't be converted"
        return {"basis": None, "reason": why, "layers": [], "params": seen["params"], "unknown_operators": []}
    layers = counted["layers"]
    sums = {key: sum(layer[key] for layer in layers) for key in ("params", "macs", "weight_bytes")}
    return {
        "basis": basis,
        "reason": None,
        **sums,
        "peak_activation_bytes": counted["peak_activation_bytes"],
        "unknown_operators": list(counted["unknown_operators"]),
        "layers": [{**layer, "output_shape": list(layer["output_shape"])} for layer in layers],
    }
