"""`efficient-ai prune`: a Keras model without its smallest weights, and what that does to its answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from efficient_ai.commands.report import add_shape, shapes
from efficient_ai.errors import EfficientAIError

TEXT = "set a Keras model's smallest weights to zero, without training"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", help="a .keras or .h5 file, or a name of the zoo")
    parser.add_argument("--sparsity", type=float, required=True, help="fraction of zeros in [0, 1), over all layers")
    parser.add_argument(
        "--data", type=Path, metavar="FILE.npz", help="x, and y for labels: what it does to the answers"
    )
    add_shape(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.keras", help="the .keras file to write")


def run(options: argparse.Namespace) -> None:
    """Prune in the sandbox, write the file whole, and print what was kept of it."""
    from efficient_ai import cache
    from efficient_ai.report import examples, model_cost
    from efficient_ai.report.sandbox import Sandbox
    from efficient_ai.report.source import find

    source = find(options.model)
    if source.kind not in ("keras", "zoo"):
        raise EfficientAIError(f"{options.model} is no Keras model, whose layers can be pruned: give a .keras file")
    if not 0 <= options.sparsity < 1:
        raise EfficientAIError(f"sparsity must be in [0, 1), got {options.sparsity}")
    if options.out.suffix != ".keras":
        raise EfficientAIError(f"--out must be a .keras file, got {options.out}")
    arrays = examples.read(options.data) if options.data else {}
    with Sandbox() as box:
        inside = source.enter(box)
        seen = model_cost.looked(box, source, inside, shapes(options.shape), examples.hints(arrays))
        if not seen["techniques"]:
            raise EfficientAIError(f"{source.name} has no convolution and no dense layer: there is nothing to prune")
        found = box.call("efficient_ai.report.steps:save_pruned", inside, source.kind, "pruned.keras", options.sparsity)
        content = box.content("pruned.keras")
        judged = _judged(box, source.kind, inside, seen, arrays, options.data) if arrays else ""
    cache.write_whole(options.out, content)
    print(
        f"{options.out}: {found['sparsity']:.1%} of the weights of convolutions and dense layers are zero; "
        f"{found['stored_bytes']:,} bytes where efficient-ai compress stores it, of {4 * found['params']:,}"
    )
    print(judged or "pass --data FILE.npz with x and y to see what it does to the accuracy")


def _judged(box: Any, kind: str, inside: str, seen: dict[str, Any], arrays: dict[str, Any], path: Path) -> str:
    from efficient_ai.report import examples, judging

    given = examples.fit(arrays, seen["inputs"], path)
    labels = examples.labels_of(arrays, len(next(iter(given.values()))), path)
    picked = examples.split(given, labels, seed=0)
    box.put("judging.npz", examples.packed(picked.judging))
    answers = []
    for model, of in ((inside, kind), ("pruned.keras", "keras")):
        box.call("efficient_ai.report.steps:original", model, of, seen["inputs"], "judging.npz", "out.npz", most_s=20.0)
        answers.append(judging.outputs(box.content("out.npz")))
    count = min(len(answers[0][0]), len(answers[1][0]))
    told = judging.judge(answers[1], answers[0], None if picked.labels is None else picked.labels[:count])
    said = f"on {told['examples']} examples"
    if told["accuracy"]:
        before = told["accuracy"]["value"] - told["accuracy_change"]["value"]
        said += f" accuracy {told['accuracy']['value']:.1%}, {before:.1%} before"
    if told["agreement"]:
        said += f"; the same class as before on {told['agreement']['value']:.1%}"
    db = [one for one in told["sqnr_db"] if one is not None]
    return f"{said}; SQNR {min(db):.1f} dB" if db else said
