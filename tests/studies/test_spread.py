import contextlib
import json
import sys

import pytest
import spread_jobs

from efficient_ai import cli, studies
from efficient_ai.errors import EfficientAIError
from efficient_ai.studies.spread import spread

NUMBERS = [{"number": number} for number in range(8)]


@contextlib.contextmanager
def cluster(workers=2):
    """A real Dask cluster on this machine: a scheduler, and workers of one thread in processes of their own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield made.scheduler_address


@pytest.fixture
def squares(monkeypatch, tmp_path):
    """A study of eight squares in place of a real one, whose second worker is killed at 3."""
    shards = [{"number": number, "folder": str(tmp_path)} for number in range(8)]
    monkeypatch.setattr(studies, "NAMES", (*studies.NAMES, "squares"))
    monkeypatch.setattr(studies, "study", lambda name: spread_jobs.study(shards, spread_jobs.slow_square))
    return tmp_path


def squares_of(path):
    return [(e["number"], e["square"]) for e in json.loads((path / "squares.json").read_text())["entries"]]


def test_results_come_in_the_order_of_the_calls_from_several_processes():
    found = list(spread(spread_jobs.squared, NUMBERS, jobs=2))
    assert [one["square"] for one in found] == [n**2 for n in range(8)]
    serial = list(spread(spread_jobs.squared, NUMBERS))
    assert [one["square"] for one in serial] == [one["square"] for one in found]
    assert len({one["process"] for one in serial}) == 1


@pytest.mark.filterwarnings("default")  # the killed worker's connections
def test_a_sweep_on_a_dask_cluster_with_a_worker_killed_midway_gives_the_serial_record(squares):
    with cluster() as address:
        studies.run("squares", folder=squares, scheduler=address)
    assert (squares / "cut").exists()  # one worker has been killed
    there = squares_of(squares)
    (squares / "squares.json").unlink()
    studies.run("squares", folder=squares)  # the marker stays, so nobody is killed
    assert there == squares_of(squares) == [(n, n**2) for n in range(8)]


def test_no_scheduler_at_the_address_is_one_line_and_exit_code_2(capsys):
    pytest.importorskip("distributed")
    assert cli.main(["study", "ranks", "--scheduler", "nonsense"]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "no Dask scheduler at nonsense" in said


def test_a_missing_dask_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EfficientAIError, match="pip install dask distributed"):
        list(spread(spread_jobs.squared, NUMBERS, scheduler="tcp://127.0.0.1:1"))
