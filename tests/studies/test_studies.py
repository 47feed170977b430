import dataclasses

import pytest

from efficient_ai import studies
from efficient_ai.errors import EfficientAIError


@pytest.mark.parametrize("name", studies.NAMES)
def test_no_record_is_older_than_what_it_depends_on(name):
    assert not studies.stale(name), f"run `efficient-ai study {name}` again"


@pytest.mark.parametrize("name", studies.NAMES)
def test_a_record_has_an_entry_for_every_shard(name):
    found = studies.record(name).entries
    for shard in studies.study(name).shards:
        assert any(shard.items() <= entry.items() for entry in found), shard


@pytest.fixture
def small(monkeypatch):
    """A study of three shards that counts how often it ran, and stops at one when told."""
    calls = []

    def run(number):
        if number == 2 and not calls.count(2):
            calls.append(2)
            raise KeyboardInterrupt
        calls.append(number)
        return {"square": number**2}

    made = studies.Study(
        "small", ({"number": 1}, {"number": 2}, {"number": 3}), run, ("metrics",), lambda: {"data": "x"}
    )
    monkeypatch.setattr(studies, "study", lambda name: made)
    return made, calls


def test_an_interrupted_study_goes_on_with_the_shard_that_it_lost(small, tmp_path):
    _, calls = small
    with pytest.raises(KeyboardInterrupt):
        studies.run("small", folder=tmp_path)
    record = studies.run("small", folder=tmp_path)
    assert calls == [1, 2, 2, 3]
    assert [entry["square"] for entry in record.entries] == [1, 4, 9]


def test_entries_of_older_inputs_are_dropped(small, tmp_path, monkeypatch):
    made, calls = small
    calls.append(2)
    studies.run("small", folder=tmp_path)
    changed = dataclasses.replace(made, inputs=lambda: {"data": "y"})
    monkeypatch.setattr(studies, "study", lambda name: changed)
    before = len(calls)
    studies.run("small", folder=tmp_path)
    assert len(calls) - before == 3


def test_an_unknown_study_is_named():
    with pytest.raises(EfficientAIError, match="there is no study 'pruned'"):
        studies.study("pruned")
