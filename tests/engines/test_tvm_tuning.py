"""TVM's tuner: what it is asked, what becomes of its answer, and, where TVM is installed, a small search."""

import json
import os
import sys

import pytest

from efficient_ai import engines
from efficient_ai.engines import EngineFailed, registry, tvm_tuning
from efficient_ai.engines.tvm_tuning import Tuning, tune_convolution
from efficient_ai.errors import EngineMissing

ANSWER = {
    "version": "0.0",
    "before_us": 9.0,
    "first_us": [4.0, 3.0, 2.0, 1.0],
    "guided_us": [1.5],
    "predicted_us": [1.25],
    "random_us": [3.5],
    "pool": 2,
    "checks": ["a", "b", "c", "d"],
}


@pytest.fixture
def instead(monkeypatch, tmp_path):
    """Put a script of ours in the place of the process that has TVM; gives the function that sets what it does."""

    def put(script: str):
        python = tmp_path / "python"
        python.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{script}\n", "utf-8")
        python.chmod(0o755)
        monkeypatch.setattr(tvm_tuning, "require", lambda engine: "0.0")
        monkeypatch.setattr(tvm_tuning.environment, "process_for", lambda folder: (str(python), dict(os.environ)))

    return put


def test_the_answer_comes_back_as_it_was_written(instead):
    instead(f"open(sys.argv[4], 'w').write({json.dumps(ANSWER)!r})")
    found = tune_convolution(first=4, chosen=1, pool=2)
    assert found == Tuning(**{k: tuple(v) if isinstance(v, list) else v for k, v in ANSWER.items()})


def test_the_process_is_told_every_number_and_gets_one_thread(instead, tmp_path):
    asked = tmp_path / "asked.json"
    instead(
        "job = json.load(open(sys.argv[3])) | {'threads': os.environ['TVM_NUM_THREADS']}\n"
        f"json.dump(job, open({str(asked)!r}, 'w'))\n"
        f"open(sys.argv[4], 'w').write({json.dumps(ANSWER)!r})"
    )
    numbers = {"side": 7, "inputs": 3, "outputs": 5, "kernel": 1, "first": 4, "chosen": 1, "pool": 6, "seed": 8}
    tune_convolution(**numbers)
    assert json.loads(asked.read_text()) == numbers | {"threads": "1"}


def test_a_process_that_fails_is_named_by_its_last_line(instead):
    instead("sys.stderr.write('much ado\\nno such schedule\\n'); sys.exit(3)")
    with pytest.raises(EngineFailed, match="ended with code 3: no such schedule"):
        tune_convolution()
    instead("pass")  # ends well, and has written nothing
    with pytest.raises(EngineFailed, match="ended with code 0: it says nothing"):
        tune_convolution()


def test_a_process_that_never_ends_is_ended(instead, monkeypatch):
    monkeypatch.setattr(tvm_tuning, "LIMIT_S", 0.5)
    instead("time.sleep(60)")
    with pytest.raises(EngineFailed, match=r"more than 0\.5 s"):
        tune_convolution()


def test_without_tvm_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(registry.DISTRIBUTIONS, "tvm", ("not-a-distribution-anywhere",))
    with pytest.raises(EngineMissing, match="engine 'tvm' is not installed here: make torch"):
        tune_convolution()


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ({"kernel": 2}, "the kernel odd"),
        ({"side": 0}, "must be positive"),
        ({"inputs": -1}, "must be positive"),
        ({"first": 3}, "at least 4 programs"),
        ({"chosen": -1}, "at least 4 programs"),
        ({"chosen": 12, "pool": 23}, "twice those chosen, got 24, 12 and 23"),
    ],
)
def test_nonsense_is_refused_before_tvm_is_asked_for(numbers, complaint, monkeypatch):
    monkeypatch.setitem(registry.DISTRIBUTIONS, "tvm", ("not-a-distribution-anywhere",))
    with pytest.raises(ValueError, match=complaint):
        tune_convolution(**numbers)


def test_a_small_search_times_different_programs_and_promises_nothing_faster_than_it_has_seen():
    if engines.available()["tvm"] is None:
        pytest.skip(f"tvm is not installed: {engines.INSTALL['tvm']}")
    found = tune_convolution(side=4, inputs=8, outputs=8, first=4, chosen=2, pool=8, seed=1)
    assert [len(found.first_us), len(found.guided_us), len(found.predicted_us), len(found.random_us)] == [4, 2, 2, 2]
    assert min(*found.first_us, *found.guided_us, *found.random_us, found.before_us) > 0
    assert found.pool == 8
    assert len(set(found.checks)) == 4
    assert all(min(found.first_us) <= said <= max(found.first_us) * (1 + 1e-9) for said in found.predicted_us)
    assert list(found.predicted_us) == sorted(found.predicted_us)
