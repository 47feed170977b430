import dataclasses

import numpy as np

from efficient_ai.search import CANDIDATES
from efficient_ai.studies import candidates


def test_every_candidate_has_a_run_and_some_have_two():
    shards = candidates.STUDY.shards
    assert {shard["name"] for shard in shards} == set(CANDIDATES)
    assert {shard["name"] for shard in shards if shard["seed"]} == set(candidates.AGAIN)
    assert len({tuple(sorted(shard.items())) for shard in shards}) == len(shards)


def test_another_candidate_makes_the_record_stale(monkeypatch):
    before = candidates.STUDY.inputs()
    wider = dataclasses.replace(CANDIDATES["plain-8"], width=12)
    monkeypatch.setitem(candidates.CANDIDATES, "plain-8", wider)
    assert candidates.STUDY.inputs() != before


def test_the_first_losses_are_the_same_twice():
    first, again = (candidates.first_losses("plain-8", 0) for _ in range(2))
    assert len(first) == candidates.FIRST_STEPS
    assert np.allclose(first, again, rtol=1e-4)
