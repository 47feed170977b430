"""`efficient-ai quantize`, which is also `convert`: a model as a .tflite file at one precision."""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

from efficient_ai.commands.report import MODEL, add_shape, shapes
from efficient_ai.errors import EfficientAIError

TEXT = "convert a model to a .tflite file at a precision"
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8", "int16x8")


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", help=MODEL.replace(" or .tflite", ""))
    parser.add_argument("--precision", choices=PRECISIONS, default="dynamic_int8")
    parser.add_argument("--calibration", type=Path, help="an .npy file of inputs (n, ...): int8 and int16x8 need it")
    parser.add_argument(
        "--data", type=Path, metavar="FILE.npz", help="the same as x in an .npz file, or an array for each input"
    )
    add_shape(parser)
    parser.add_argument("--out", type=Path, required=True, help="the .tflite file to write")


def run(options: argparse.Namespace) -> None:
    """Convert in the sandbox, write the file whole, and print its sizes."""
    import numpy as np

    from efficient_ai import cache
    from efficient_ai.report import examples, model_cost
    from efficient_ai.report.sandbox import Sandbox
    from efficient_ai.report.source import find

    source, arrays, path = find(options.model), {}, options.data or options.calibration
    if source.kind == "tflite":
        raise EfficientAIError(f"{options.model} is converted already: give the model that it was made from")
    if options.precision.startswith("int"):
        if path is None:
            raise EfficientAIError(
                f"{options.precision} needs --calibration FILE.npy or --data FILE.npz with inputs of the training data"
            )
        arrays = examples.read(path) if options.data else {"x": np.load(path, allow_pickle=False)}
    with Sandbox() as box:
        inside = source.enter(box)
        seen = model_cost.looked(box, source, inside, shapes(options.shape), examples.hints(arrays))
        calibration = ""
        if arrays:
            calibration = "calibrating.npz"
            given = examples.fit(arrays, seen["inputs"], path)
            box.put(calibration, examples.packed(examples.some(given, seed=0)))
        how = {"precision": options.precision, "calibration": calibration}
        told = box.call("efficient_ai.report.steps:make", inside, source.kind, seen["inputs"], "made.tflite", **how)
        content = box.content("made.tflite")
    cache.write_whole(options.out, content)
    print(f"{options.out}: {len(content):,} bytes, {len(zlib.compress(content, 9)):,} through DEFLATE")
    if told["select"]:
        print("it needs an interpreter with select TF operators: efficient-ai cost lists them")
