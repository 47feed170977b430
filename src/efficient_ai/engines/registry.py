"""Which engines there are, which are installed, and the command that installs each."""

from __future__ import annotations

from importlib import metadata

from efficient_ai.errors import EngineMissing
from efficient_ai.records import EngineMissingRow

# The distributions that may provide an engine: the first one found gives the version.
DISTRIBUTIONS = {
    "litert": ("ai-edge-litert",),
    "tf.lite": ("tensorflow", "tensorflow-cpu"),
    "tflite-runtime": ("tflite-runtime",),
    "tflm": ("tflite-micro",),
}
INSTALL = {
    "litert": "pip install ai-edge-litert",
    "tf.lite": "pip install tensorflow",
    "tflite-runtime": 'pip install "tflite-runtime==2.14.0" "numpy<2"  # Python up to 3.11',
    "tflm": "pip install --pre tflite-micro",
}
DELEGATES = {
    # What an engine can be asked for; the first is its own default. "reference" are TensorFlow Lite's plain kernels.
    "litert": ("XNNPACK", "none", "reference"),
    "tf.lite": ("XNNPACK", "none", "reference"),
    "tflite-runtime": ("XNNPACK", "none", "reference"),
    "tflm": ("none",),
}


def _version(engine: str) -> str | None:
    for distribution in DISTRIBUTIONS[engine]:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def available() -> dict[str, str | None]:
    """Say which engines are installed, without importing any.

    Returns:
        The version of each engine that this library knows, or None where it isn't installed.
    """
    return {engine: _version(engine) for engine in DISTRIBUTIONS}


def check_name(engine: str) -> None:
    """Raise ValueError unless this library knows an engine of that name."""
    if engine not in DISTRIBUTIONS:
        raise ValueError(f"engine must be one of {', '.join(DISTRIBUTIONS)}, got {engine!r}")


def require(engine: str) -> str:
    """Give the version of an installed engine.

    Raises:
        ValueError: If this library knows no engine of that name.
        EngineMissing: If it isn't installed; the message names the command that installs it.
    """
    check_name(engine)
    version = available()[engine]
    if version is None:
        raise EngineMissing(f"engine {engine!r} is not installed here: {INSTALL[engine]}")
    return version


def missing_row(engine: str) -> EngineMissingRow:
    """The row that stands in a table for an engine that isn't installed."""
    check_name(engine)
    return EngineMissingRow(engine, INSTALL[engine])
