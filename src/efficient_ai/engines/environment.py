"""The second environment: PyTorch, ExecuTorch, IREE and TVM, where they can't live beside tflite-runtime.

ExecuTorch needs NumPy 2 and tflite-runtime a NumPy before it, so on Python 3.11 they have an environment each. From
3.12 on there is no tflite-runtime, and one environment serves.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import efficient_ai

VARIABLE = "EFFICIENT_AI_TORCH_PYTHON"
NAME = ".venv-torch"
PACKAGE = Path(efficient_ai.__file__).parent


def python() -> str | None:
    """The second environment's Python, or None where there is no such environment.

    `$EFFICIENT_AI_TORCH_PYTHON` names it; else it is `.venv-torch` beside the environment that runs, or beside the
    package's sources.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named if Path(named).is_file() else None
    for folder in (Path(sys.prefix).parent, PACKAGE.parents[1]):
        found = folder / NAME / "bin" / "python"
        if found.is_file():
            return str(found)
    return None


def version(distributions: Sequence[str]) -> str | None:
    """The version of the first of some distributions that the second environment has; nothing is started for it."""
    found = python()
    if found is None:
        return None
    folders = [str(path) for path in Path(found).parents[1].glob("lib/python*/site-packages")]
    for name in distributions:
        for distribution in metadata.distributions(name=name, path=folders):
            return distribution.version
    return None


def here(*distributions: str) -> str | None:
    """The version of the first of some distributions that this environment has."""
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def variables(folder: Path, *, elsewhere: bool) -> dict[str, str]:
    """The variables of a process that needs this package.

    Args:
        folder: Where a link to the package may be made, so that another environment sees this package alone and
            nothing that is installed beside it.
        elsewhere: Whether the process runs in another environment.
    """
    if elsewhere:
        link = Path(folder, "package", "efficient_ai")
        if not link.exists():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(PACKAGE, target_is_directory=True)
        paths = [str(link.parent)]
    else:
        paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def process_for(folder: Path) -> tuple[str, dict[str, str]]:
    """The interpreter that has the second environment's packages, and the variables to start it with.

    Args:
        folder: As for `variables`.
    """
    elsewhere = None if here("torch") else python()
    return elsewhere or sys.executable, variables(folder, elsewhere=elsewhere is not None)
