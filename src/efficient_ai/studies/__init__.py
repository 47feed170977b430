"""Studies: runs too long for a page, done in shards that can be resumed, with records that ship.

A record carries the hash of the code that it came from; a test fails when that code has changed since. A page shows a
study only beside a cell that repeats its first steps.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import importlib
import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from efficient_ai import cache
from efficient_ai.errors import EfficientAIError

RECORDS = Path(__file__).parent / "records"
NAMES = (
    "pruning",
    "deep_compression",
    "distillation",
    "distillation_few",
    "distillation_text",
    "orders",
    "channels",
    "tfmot",
    "shortcuts",
    "candidates",
    "ranks",
    "qat",
    "sparse_training",
    "distilled_students",
    "low_precision",
    "variants",
    "button_nets",
    "variant_engines",
    "net_table",
    "net_latencies",
    "tuned_layer",
    "net_predictions",
    "searched",
    "few_shot",
    "features",
    "lottery",
    "multitask",
    "supernet",
    "replays",
)


def __getattr__(name: str) -> Any:
    """A study's module, imported when it is asked for."""
    if name in NAMES:
        return importlib.import_module(f"efficient_ai.studies.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class Study:
    """What a study runs: `run(**shard)` for each of `shards`, and the modules that its results depend on.

    `inputs` gives the SHA-256 of data and weights by name.
    """

    name: str
    shards: tuple[dict[str, Any], ...]
    run: Callable[..., dict[str, Any]]
    depends_on: tuple[str, ...]
    inputs: Callable[[], dict[str, str]]


@dataclass(frozen=True)
class StudyRecord:
    """What a study found: an entry a shard, with the shard's arguments in it, and how it was run."""

    name: str
    command: str
    code: str
    inputs: dict[str, str]
    machine: str
    versions: str
    date: str
    entries: tuple[dict[str, Any], ...]

    def where(self, **shard: Any) -> tuple[dict[str, Any], ...]:
        """The entries whose shard has these arguments."""
        return tuple(entry for entry in self.entries if shard.items() <= entry.items())


def study(name: str) -> Study:
    """A study by name.

    Raises:
        EfficientAIError: If there is none.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        raise EfficientAIError(f"there is no study {name!r} (known: {', '.join(near or NAMES)})")
    return importlib.import_module(f"efficient_ai.studies.{name}").STUDY


def record(name: str, *, folder: Path = RECORDS) -> StudyRecord:
    """The record that ships with the package.

    Raises:
        EfficientAIError: If the study has not been run.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        raise EfficientAIError(f"the study {name} has no record: run `efficient-ai study {name}`")
    content = json.loads(path.read_text())
    return StudyRecord(**{**content, "entries": tuple(content["entries"])})


def stale(name: str) -> bool:
    """Whether the code, data or weights that a record depends on have changed since."""
    made, kept = study(name), record(name)
    return (kept.code, kept.inputs) != (cache.code_hash(*made.depends_on), made.inputs())


def run(name: str, *, folder: Path = RECORDS, jobs: int = 1, scheduler: str | None = None) -> StudyRecord:
    """Run what is missing of a study; what older code found is dropped.

    Each shard is kept as soon as it is done, so an interrupted study loses no more shards than were running.

    Args:
        name: One of `NAMES`.
        folder: Where `NAME.json` is written.
        jobs: How many shards run at a time, each in a process of its own where there are several.
        scheduler: Address of a Dask scheduler whose workers run the shards instead; see `spread`.

    Returns:
        The whole record.
    """
    from efficient_ai.studies.spread import spread

    made = study(name)
    code = cache.code_hash(*made.depends_on)
    entries: list[dict[str, Any]] = []
    if (folder / f"{name}.json").exists():
        old = record(name, folder=folder)
        entries = list(old.entries) if (old.code, old.inputs) == (code, made.inputs()) else []
    machine = cache.machine()
    missing = [s for s in made.shards if not any(s.items() <= entry.items() for entry in entries)]
    found = spread(made.run, missing, jobs=jobs, scheduler=scheduler)
    started = len(made.shards) - len(missing)
    with tqdm(total=len(made.shards), initial=started, desc=name, disable=None) as bar:
        for shard, result_of_shard in zip(missing, found, strict=True):
            entries.append({**shard, **result_of_shard})
            result = StudyRecord(
                name=name,
                command=f"efficient-ai study {name}",
                code=code,
                inputs=made.inputs(),
                machine=f"{machine.cpu}, {machine.cores} cores",
                versions=", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("tensorflow", "keras", "numpy")),
                date=datetime.date.today().isoformat(),
                entries=tuple(entries),
            )
            cache.write_whole(folder / f"{name}.json", json.dumps(dataclasses.asdict(result), indent=1).encode())
            bar.update()
    return record(name, folder=folder)
