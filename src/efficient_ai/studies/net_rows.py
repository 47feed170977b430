"""The table of nets as rows: what the study `net_table` found of each, with times and cycles where those were taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from efficient_ai.errors import EfficientAIError
from efficient_ai.search.space import Candidate
from efficient_ai.search.table import places
from efficient_ai.studies import StudyRecord, record


@dataclass(frozen=True)
class NetRow:
    """A trained net of the table.

    `validation_accuracy` is a fraction, of the first seed; `second_accuracy` that of the second where there is one
    (every tenth place). `int8_bytes` is the size of its int8 file, `latencies_ms` the time of an inference by target,
    `cycles` the modelled cycles by accelerator: None or empty where nobody has taken them.
    """

    name: str
    candidate: Candidate
    macs: int
    params: int
    validation_accuracy: float
    second_accuracy: float | None = None
    int8_bytes: int | None = None
    latencies_ms: Mapping[str, float] = field(default_factory=dict)
    cycles: Mapping[str, int] = field(default_factory=dict)


def rows() -> dict[str, NetRow]:
    """Every trained net of the table by name, in the table's order.

    Returns:
        Rows of the nets that have been trained so far; a study under way gives a part of them.

    Raises:
        EfficientAIError: If the table has not been made.
    """
    table = record("net_table")
    again = {entry["name"]: entry.get("validation_accuracy") for entry in table.where(seed=1)}
    timed, modelled = (_by_name(name) for name in ("net_latencies", "net_cycles"))
    every = places()
    found = {}
    for entry in table.where(seed=0, trained=True):
        name = entry["name"]
        time, model = timed.get(name, {}), modelled.get(name, {})
        found[name] = NetRow(
            name=name,
            candidate=every[name],
            macs=entry["macs"],
            params=entry["params"],
            validation_accuracy=entry["validation_accuracy"],
            second_accuracy=again.get(name),
            int8_bytes=time.get("int8_bytes") or model.get("int8_bytes"),
            latencies_ms=time.get("latencies_ms", {}),
            cycles=model.get("cycles") or time.get("cycles", {}),
        )
    return found


def _by_name(study: str) -> dict[str, dict]:
    """The entries of a study of the same nets by name; none where it has not been run."""
    kept = _record_or_none(study)
    return {entry["name"]: entry for entry in kept.entries if "name" in entry} if kept else {}


def _record_or_none(study: str) -> StudyRecord | None:
    try:
        return record(study)
    except EfficientAIError:
        return None
