"""Differences of a study's runs are taken within a seed."""

import dataclasses

import pytest

from efficient_ai import studies
from efficient_ai.errors import EfficientAIError
from efficient_ai.studies.pairs import differences


@pytest.fixture
def record():
    entries = [
        {"seed": 0, "recipe": "a", "score": 1.0},
        {"seed": 1, "recipe": "a", "score": 5.0},
        {"seed": 0, "recipe": "b", "score": 1.5},
        {"seed": 1, "recipe": "b", "score": 5.25},
        {"seed": 2, "recipe": "b", "score": 9.0},
    ]
    return dataclasses.replace(studies.record("pruning"), entries=tuple(entries))


def test_each_seed_is_compared_with_itself_and_a_lone_one_is_left_out(record):
    assert differences(record, "score", {"recipe": "a"}, recipe="b") == {0: 0.5, 1: 0.25}


def test_runs_without_a_partner_are_refused(record):
    with pytest.raises(EfficientAIError, match="no pair"):
        differences(record, "score", {"recipe": "c"}, recipe="b")
