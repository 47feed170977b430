"""`efficient-ai report`: one page on the user's own model."""

from __future__ import annotations

import argparse
from pathlib import Path

from efficient_ai.errors import EfficientAIError

TEXT = "a page on your own model: what it costs, its smaller variants, how good and how fast they are, where they fit"
MODEL = "a .keras, .h5 or .tflite file, a SavedModel folder, or a name of the zoo"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", help=MODEL)
    data = "an .npz file: x, or an array for each input by its name; y for labels. Some calibrate, the others judge"
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help=data)
    parser.add_argument("--budget", metavar="FILE", help="a .toml file, or automotive, mobile or smart_home")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the report; MODEL-report when left out")
    add_shape(parser)
    parser.add_argument("--sparsity", type=float, default=0.5, help="of the pruned variant, in [0, 1)")
    parser.add_argument("--bits", type=int, default=4, help="of the clustered variant: 2**BITS values a layer")
    parser.add_argument("--threads", type=int, default=1, help="of an inference that is timed")
    parser.add_argument(
        "--seconds", type=float, default=30.0, metavar="S", help="that timing may take, of all variants and engines"
    )


def add_shape(parser: argparse.ArgumentParser) -> None:
    """The option that states a shape which the model leaves open."""
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="[NAME=]1,224,224,3",
        help="an input's shape with batch 1, where the model leaves it open; may be repeated",
    )


def shapes(given: list[str]) -> dict[str, list[int]]:
    """Read the shapes as typed: by an input's name, or "" for the only one.

    Raises:
        EfficientAIError: If one is no list of whole numbers above 0 that begins with 1.
    """
    found = {}
    for one in given:
        name, _, sizes = one.rpartition("=")
        try:
            shape = [int(size) for size in sizes.split(",")]
        except ValueError:
            shape = []
        if not shape or min(shape) < 1 or shape[0] != 1:
            raise EfficientAIError(f"--shape must be sizes from a batch of 1 on, as in 1,224,224,3, got {one!r}")
        found[name] = shape
    return found


def run(options: argparse.Namespace) -> None:
    """Make the report, and print its head and where it is."""
    from efficient_ai.report.gather import gather
    from efficient_ai.report.source import find
    from efficient_ai.report.wanted import Wanted
    from efficient_ai.report.write import check, write

    wanted = Wanted(
        data=options.data,
        budget=options.budget,
        shapes=shapes(options.shape),
        sparsity=options.sparsity,
        bits=options.bits,
        threads=options.threads,
        latency_s=options.seconds,
    )
    folder = options.out or Path(f"{find(options.model).stem}-report")
    check(folder)
    document = gather(options.model, wanted)
    page = write(document, folder)
    print("\n".join(document["summary"]))
    print(f"the report is at {page}")
