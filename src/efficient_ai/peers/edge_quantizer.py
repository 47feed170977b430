"""Google's ai-edge-quantizer on our float32 files: its recipes, beside the converter's precisions and ours."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import warnings
from dataclasses import dataclass, field
from importlib import metadata, util

import numpy as np

from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.records import EngineMissingRow, Variant

INSTALL = 'pip install "ai-edge-quantizer>=0.10"'
RECIPES = {
    "dynamic_wi8": "dynamic_wi8_afp32",
    "dynamic_wi4": "dynamic_wi4_afp32",
    "static_wi8_ai8": "static_wi8_ai8",
}


@dataclass(frozen=True)
class PeerFile:
    """What the tool made of a float32 file, and the seconds that it took, calibration included."""

    recipe: str
    content: bytes = field(repr=False)
    seconds: float
    version: str

    @property
    def size_bytes(self) -> int:
        return len(self.content)


def available() -> str | None:
    """The tool's version, or None where it isn't installed."""
    if util.find_spec("ai_edge_quantizer") is None:
        return None
    return metadata.version("ai-edge-quantizer")


def missing_row() -> EngineMissingRow:
    """The row that stands for the tool where it isn't installed."""
    return EngineMissingRow("ai-edge-quantizer", INSTALL)


def quantize(variant: Variant, recipe: str, calibration_set: np.ndarray | None = None) -> PeerFile:
    """Quantize a float32 file with one of the tool's recipes.

    Args:
        variant: A float32 variant.
        recipe: One of `RECIPES`: int8 or int4 weights with activations quantized on the fly, or both int8.
        calibration_set: (n, ...), float32; needed by "static_wi8_ai8" alone.

    Returns:
        The file that it made.

    Raises:
        ValueError: If the recipe is unknown, or needs a calibration set and got none.
        BadModel: If the variant isn't float32.
        EngineMissing: If the tool isn't installed; the message names the command that installs it.
    """
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {recipe!r}")
    if variant.precision != "float32":
        raise BadModel(f"ai-edge-quantizer starts from a float32 file, got {variant.precision}")
    static = recipe.startswith("static")
    if static and (calibration_set is None or len(calibration_set) == 0):
        raise ValueError(f"{recipe} needs a calibration set: give a few training examples")
    version = available()
    if version is None:
        raise EngineMissing(f"ai-edge-quantizer is not installed: {INSTALL}")
    level = logging.getLogger().level
    begin = time.perf_counter()
    try:
        logging.getLogger().setLevel(logging.ERROR)
        silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with silent[0], silent[1], warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ai_edge_quantizer import quantizer
            from ai_edge_quantizer import recipe as recipes

            tool = quantizer.Quantizer(bytes(variant.content), getattr(recipes, RECIPES[recipe])())
            found = tool.calibrate(_examples(variant.content, calibration_set), num_threads=1) if static else None
            content = bytes(tool.quantize(found).quantized_model)
    finally:
        logging.getLogger().setLevel(level)
    return PeerFile(recipe, content, time.perf_counter() - begin, version)


def _examples(content: bytes, calibration_set: np.ndarray) -> dict[str, list[dict[str, np.ndarray]]]:
    """The calibration set as the tool takes it: by signature, by the name of the input."""
    from ai_edge_litert.interpreter import Interpreter

    signatures = Interpreter(model_content=content).get_signature_list()
    key, signature = next(iter(signatures.items()))
    (name,) = signature["inputs"]
    return {key: [{name: example[None].astype(np.float32)} for example in calibration_set]}
