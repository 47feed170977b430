"""What is reported on: a file or a folder of a kind that can be opened, brought into the sandbox's folder."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.errors import BadModel
from efficient_ai.report.sandbox import Sandbox

KINDS = {".keras": "keras", ".h5": "keras", ".hdf5": "keras", ".tflite": "tflite"}
KNOWN = "a .keras, .h5 or .tflite file, or a SavedModel folder"


@dataclass(frozen=True)
class Source:
    """A model that somebody names: `kind` is keras, tflite, saved_model, or zoo for one that ships with the package."""

    path: str
    kind: str

    @property
    def name(self) -> str:
        return self.path if self.kind == "zoo" else Path(self.path).absolute().name

    @property
    def stem(self) -> str:
        return self.name if self.kind in ("zoo", "saved_model") else Path(self.name).stem

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is in it, in a fixed order."""
        path = Path(self.path)
        if self.kind == "zoo":
            return ()
        return tuple(sorted(p for p in path.rglob("*") if p.is_file())) if path.is_dir() else (path,)

    @property
    def size_bytes(self) -> int | None:
        return sum(file.stat().st_size for file in self.files) if self.files else None

    @property
    def sha256(self) -> str | None:
        """Of the file; of a folder, of its files one after another."""
        digest = hashlib.sha256()
        for file in self.files:
            with file.open("rb") as opened:
                while block := opened.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest() if self.files else None

    def enter(self, box: Sandbox) -> str:
        """Bring a copy into the sandbox's folder; what a step has to name to open it."""
        if self.kind == "zoo":
            return self.path
        inside = "source" + (Path(self.path).suffix.lower() if self.kind != "saved_model" else "")
        if self.kind == "saved_model":
            shutil.copytree(self.path, box.folder / inside)
        else:
            shutil.copyfile(self.path, box.folder / inside)
        return inside


def find(model: str) -> Source:
    """Say what a name on the command line means.

    Args:
        model: A path, or a name of the zoo.

    Raises:
        BadModel: If there is no such file, or it is of another kind.
    """
    path = Path(model)
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise BadModel(f"the folder {model} holds no saved_model.pb: expected {KNOWN}")
        return Source(model, "saved_model")
    kind = KINDS.get(path.suffix.lower())
    if path.is_file():
        if kind is None:
            raise BadModel(f"{model} is no model that can be opened here: expected {KNOWN}")
        return Source(model, kind)
    if kind is None and not path.suffix and "/" not in model:
        from efficient_ai.models import zoo

        zoo.task(model)  # raises with the nearest name
        return Source(model, "zoo")
    raise BadModel(f"there is no file {model}")
