"""Which engines there are, which are installed, and the command that installs each."""

from __future__ import annotations

from efficient_ai.engines import environment
from efficient_ai.errors import EngineMissing
from efficient_ai.records import EngineMissingRow

# The distributions that may provide an engine: the first one found gives the version.
DISTRIBUTIONS = {
    "litert": ("ai-edge-litert",),
    "tf.lite": ("tensorflow", "tensorflow-cpu"),
    "tflite-runtime": ("tflite-runtime",),
    "tflm": ("tflite-micro",),
    "litert-compiled": ("ai-edge-litert",),
    "onnxruntime": ("onnxruntime",),
    "keras": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
    "executorch": ("executorch",),
    "iree": ("iree-base-runtime",),
    "tvm": ("apache-tvm",),
}
# These may live in an environment of their own: see `environment`.
ELSEWHERE = ("torch", "executorch", "iree", "tvm")
INSTALL = {
    "litert": "pip install ai-edge-litert",
    "tf.lite": "pip install tensorflow",
    "tflite-runtime": 'pip install "tflite-runtime==2.14.0" "numpy<2"  # Python up to 3.11',
    "tflm": "pip install --pre tflite-micro",
    "litert-compiled": "pip install ai-edge-litert",
    "onnxruntime": "pip install onnxruntime onnx tf2onnx",
    "keras": "pip install tensorflow",
    **dict.fromkeys(ELSEWHERE, "make torch  # or: pip install -r constraints-torch.txt, in an environment of its own"),
}
DELEGATES = {
    # What an engine can be asked for; the first is its own default. "reference" are TensorFlow Lite's plain kernels.
    "litert": ("XNNPACK", "none", "reference"),
    "tf.lite": ("XNNPACK", "none", "reference"),
    "tflite-runtime": ("XNNPACK", "none", "reference"),
    "tflm": ("none",),
    "litert-compiled": ("XNNPACK", "none"),
    "onnxruntime": ("CPU",),
    # The last three say how a graph is run, and PyTorch and ExecuTorch need a file for each.
    "keras": ("graph", "eager", "XLA"),
    "torch": ("eager", "mobile"),
    "executorch": ("XNNPACK", "portable"),
    "iree": ("CPU",),
    "tvm": ("CPU",),
}
FORMS = {
    # The form of a model that an engine takes, and where it depends on the delegate, for each.
    "onnxruntime": "onnx",
    "keras": "keras",
    "torch": {"eager": "steps", "mobile": "ptl"},
    "executorch": {"XNNPACK": "pte-xnnpack", "portable": "pte-portable"},
    "iree": "vmfb",
    "tvm": "so",
}


def _version(engine: str) -> str | None:
    names = DISTRIBUTIONS[engine]
    return environment.here(*names) or (environment.version(names) if engine in ELSEWHERE else None)


def interpreter(engine: str) -> str | None:
    """The Python that has an engine: None for this one."""
    here = environment.here(*DISTRIBUTIONS[engine])
    return None if here or engine not in ELSEWHERE else environment.python()


def form(engine: str, delegate: str | None = None) -> str:
    """The form of a model that an engine takes, as `export` makes it: "tflite", "onnx", …"""
    check_name(engine)
    found = FORMS.get(engine, "tflite")
    return found if isinstance(found, str) else found[check_delegate(engine, delegate)]


def check_delegate(engine: str, delegate: str | None) -> str:
    """The delegate to ask an engine for: its own default where None is given.

    Raises:
        ValueError: If the engine has no such delegate.
    """
    allowed = DELEGATES[engine]
    if delegate is not None and delegate not in allowed:
        raise ValueError(f"delegate must be one of {', '.join(allowed)} for {engine}, got {delegate!r}")
    return delegate or allowed[0]


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
    version = _version(engine)
    if version is None:
        raise EngineMissing(f"engine {engine!r} is not installed here: {INSTALL[engine]}")
    return version


def missing_row(engine: str) -> EngineMissingRow:
    """The row that stands in a table for an engine that isn't installed."""
    check_name(engine)
    return EngineMissingRow(engine, INSTALL[engine])
