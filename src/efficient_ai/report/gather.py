"""Gathers all that the report says of one model, as plain JSON values: what it is, its variants, and what they cost."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import numpy as np

import efficient_ai
from efficient_ai import cache, cost, decide
from efficient_ai.errors import BadModel
from efficient_ai.report import boards, examples, judging, latency, model_cost, variants, verdicts
from efficient_ai.report.sandbox import Limits, Sandbox
from efficient_ai.report.source import Source, find
from efficient_ai.report.wanted import Wanted

SCHEMA = 1
STEPS, RUNNING = "efficient_ai.report.steps:", "efficient_ai.report.running:"
DISTRIBUTIONS = ("tensorflow", "keras", "numpy", "ai-edge-litert", "tflite-runtime", "tflite-micro", "onnxruntime")
JUDGE_S = 6.0  # that the source may answer examples for; its variants get the same examples


def gather(model: str, wanted: Wanted) -> dict[str, Any]:
    """Make the report's content.

    Args:
        model: A path, or a name of the zoo.
        wanted: Options.

    Returns:
        Plain JSON values with units in their names; `page.render` makes the page of them.

    Raises:
        BadModel: If the model can't be opened.
        EfficientAIError: If the data or the budget don't fit.
    """
    begin = time.monotonic()
    source = find(model)
    arrays = examples.read(wanted.data) if wanted.data else {}
    budget = _budget(wanted.budget)
    with Sandbox(Limits(seconds=wanted.step_s)) as box, _progress() as step:
        step("opening the model")
        path = source.enter(box)
        seen = model_cost.looked(box, source, path, dict(wanted.shapes), examples.hints(arrays))
        given = _examples(arrays, seen["inputs"], wanted)
        made, rows = [], []
        for precision, technique in variants.plan(source, seen):
            step(f"making {technique} {precision}".replace("  ", " "))
            row, one = variants.make(box, source, path, seen, given, wanted, precision=precision, technique=technique)
            rows.append(row)
            made += [one] if one else []
        counted = model_cost.table(seen, made[0].variant if made else None)
        quality = _judge(box, source, path, seen, given, made, step)
        step("timing")
        timed = latency.of(box, source, path, seen, [(one.variant, one.file) for one in made], wanted)
    arenas = boards.Arenas()
    for one in made:
        step(f"fitting {one.variant.name}")
        _fit(one, arenas, budget)
    document = {
        "schema": SCHEMA,
        "model": _model(source, seen),
        "made": _circumstances(wanted, time.monotonic() - begin),
        "inputs": seen["inputs"],
        "outputs": seen["outputs"],
        "cost": counted,
        "variants": rows,
        "quality": quality,
        "latency": timed,
    }
    document["budget"] = verdicts.against(budget, [one.variant for one in made], document, wanted) if budget else None
    document["choice"] = verdicts.choice(document)
    document["memory_plan"] = _memory_plan(made, document["choice"]["variant"] or document["choice"]["nearest"])
    document["summary"] = verdicts.summary(document)
    document["made"]["seconds"] = round(time.monotonic() - begin, 1)
    return document


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    from tqdm import tqdm

    with tqdm(desc="report", disable=None, leave=False, bar_format="{desc} ({elapsed})") as bar:
        yield lambda text: bar.set_description_str(f"report: {text}")


def _budget(name: str | None) -> decide.Budget | None:
    if name is None:
        return None
    return decide.product(name) if name in decide.products() else decide.read(name)


def _examples(arrays: dict[str, np.ndarray], inputs: list[dict[str, Any]], wanted: Wanted) -> examples.Examples:
    if wanted.data is None:
        return examples.noise(inputs, seed=wanted.seed)
    fitting = examples.fit(arrays, inputs, wanted.data)
    named_y = any("y" in (one["name"], one["key"]) for one in inputs)
    count = len(next(iter(fitting.values())))
    labels = None if named_y else examples.labels_of(arrays, count, wanted.data)
    return examples.split(fitting, labels, seed=wanted.seed)


def _judge(
    box: Sandbox,
    source: Source,
    path: str,
    seen: dict[str, Any],
    given: examples.Examples,
    made: list[variants.Made],
    step: Any,
) -> dict[str, Any]:
    """Judge every variant in its row, and say on what."""
    found: dict[str, Any] = {
        "basis": given.basis,
        "examples": given.judged_examples,
        "calibration_examples": given.calibration_examples,
        "reference": "the source itself",
        "reason": None,
    }
    box.put("judging.npz", examples.packed(given.judging))
    step("answers of the source")
    try:
        if source.kind == "tflite":
            found["reference"] = "nothing: a .tflite file is all there is"
            told = box.call(f"{RUNNING}answers", path, seen["inputs"], "judging.npz", "truth.npz", most_s=JUDGE_S)
        else:
            told = box.call(
                f"{STEPS}original", path, source.kind, seen["inputs"], "judging.npz", "truth.npz", most_s=JUDGE_S
            )
        reference = judging.outputs(box.content("truth.npz"))
    except BadModel as error:
        return found | {"reason": f"the source gives no answers to judge by: {error}"}
    count = found["examples"] = min(int(told["examples"]), len(reference[0]))
    box.put("judging.npz", examples.packed({key: array[:count] for key, array in given.judging.items()}))
    if given.labels is not None and judging.class_output(reference, given.labels[:count]) is None:
        found["reason"] = "no output has a value for each class in y, so the labels judge nothing"
    labels = None if given.labels is None or found["reason"] else given.labels[:count]
    for one in made:
        step(f"judging {one.variant.name}")
        try:
            box.call(f"{RUNNING}answers", one.file, seen["inputs"], "judging.npz", "answers.npz", most_s=10 * JUDGE_S)
            one.row["quality"] = judging.judge(judging.outputs(box.content("answers.npz")), reference, labels)
        except (BadModel, ValueError, IndexError) as error:
            one.row["quality"] = {"reason": str(error).splitlines()[0]}
    return found


def _fit(one: variants.Made, arenas: boards.Arenas, budget: decide.Budget | None) -> None:
    """Enter into a variant's row what it takes elsewhere."""
    one.row["plan"] = boards.plan(one.variant)
    one.row["arena"] = arenas.of(one.variant)
    one.row["vela"] = boards.accelerated(one.variant, (budget and budget.accelerator) or boards.ACCELERATOR)
    one.row["energy"] = boards.energy(one.variant)
    one.row["devices"] = boards.fits(one.variant.size_bytes, one.row["arena"].get("arena_bytes"))


def _memory_plan(made: list[variants.Made], name: str | None) -> dict[str, Any] | None:
    """The memory plan of the variant to take, or of the first: steps, and each tensor's life, address and bytes."""
    one = next((one for one in made if one.variant.name == name), made[0] if made else None)
    if one is None or "reason" in one.row["plan"]:
        return None
    plan = cost.plan_memory(one.variant.content)
    tensors = [[t.first_step, t.last_step, t.offset_bytes, t.size_bytes] for t in plan.tensors]
    bounds = {"lower_bound_bytes": plan.lower_bound_bytes, "alignment_bytes": plan.alignment_bytes}
    return {"variant": one.variant.name, "steps": list(plan.steps), "tensors": tensors, **bounds}


def _model(source: Source, seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": source.stem,
        "file": source.name,
        "kind": source.kind,
        "size_bytes": source.size_bytes,
        "sha256": source.sha256,
        "params": seen["params"],
    }


def _circumstances(wanted: Wanted, seconds: float) -> dict[str, Any]:
    """When, where and with what the report was made."""
    machine = cache.machine()
    versions = {"efficient-ai": efficient_ai.__version__}
    for name in DISTRIBUTIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "seed": wanted.seed,
        "data": wanted.data.name if wanted.data else None,
        "cpu": machine.cpu,
        "cores": machine.cores,
        "memory_bytes": machine.memory_bytes,
        "system": machine.system,
        "python": machine.python,
        "versions": versions,
    }
