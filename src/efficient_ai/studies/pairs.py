"""What a change did in a study, seed by seed: two runs of a seed share start and order, so their difference says more
than either of them.
"""

from __future__ import annotations

from typing import Any

from efficient_ai.errors import EfficientAIError
from efficient_ai.studies import StudyRecord


def differences(record: StudyRecord, key: str, than: dict[str, Any], **shard: Any) -> dict[int, float]:
    """By how much the runs of a shard differ from those of another, which has the same seed.

    Args:
        record: Of a study whose shards have a `seed`.
        key: What is compared, a number in each entry.
        than: What is different in the other run, as in `{"recipe": "float32"}`.
        shard: Arguments of the run itself, all but the seed.

    Returns:
        The run's number minus the other's, by seed, for the seeds that both have.

    Raises:
        EfficientAIError: If there is no such pair.
    """
    own = {entry["seed"]: entry[key] for entry in record.where(**shard)}
    other = {entry["seed"]: entry[key] for entry in record.where(**{**shard, **than})}
    found = {seed: own[seed] - other[seed] for seed in own if seed in other}
    if not found:
        raise EfficientAIError(f"the study {record.name} has no pair of runs for {shard} and {than}")
    return found
