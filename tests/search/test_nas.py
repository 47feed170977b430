import dataclasses
import json
import math
import signal
import subprocess
import sys
import time

import pytest

from efficient_ai import cli, search
from efficient_ai.errors import EfficientAIError
from efficient_ai.search import Candidate, Costs, Limits, Search
from efficient_ai.search import storage as kept

optuna = pytest.importorskip("optuna")


def price(candidate: Candidate) -> Costs:
    work = candidate.width**2 * candidate.kernel**2 * candidate.stages * candidate.blocks * candidate.side**2
    return Costs(work / 1e9, 100 * candidate.width * candidate.stages, work, candidate.width * candidate.side**2)


def evaluate(candidate: Candidate) -> float:
    bonus = 0.02 * (candidate.block == "residual") - 0.01 * (candidate.side == 16)
    return 1 - 1 / (1 + candidate.width * candidate.stages * math.sqrt(candidate.blocks) / 20) + bonus


@dataclasses.dataclass(frozen=True)
class Slow:
    """Leaves a mark when it begins, and takes its time."""

    folder: str
    seconds: float

    def __call__(self, candidate: Candidate) -> float:
        with open(f"{self.folder}/{search.name_of(candidate)}", "a") as mark:
            mark.write(".")
        time.sleep(self.seconds)
        return evaluate(candidate)


def states(how, storage):
    return [trial.state.name for trial in search.join(how, storage).get_trials(deepcopy=False)]


@pytest.mark.parametrize("sampler", search.SAMPLERS)
def test_a_search_judges_as_many_different_nets_as_asked_and_the_same_twice(sampler):
    how = Search(40, sampler, seed=3)
    one, again = (search.run(evaluate, price, how) for _ in range(2))
    assert [f.candidate for f in one] == [f.candidate for f in again]
    assert len({f.candidate for f in one}) == 40
    other = search.run(evaluate, price, dataclasses.replace(how, seed=4))
    assert [f.candidate for f in one] != [f.candidate for f in other]


@pytest.mark.parametrize("sampler", search.SAMPLERS)
def test_a_net_above_a_limit_is_never_judged(sampler):
    judged = []
    limits = Limits(latency_s=2e-3, arena_bytes=20_000)

    def watched(candidate):
        judged.append(candidate)
        return evaluate(candidate)

    found = search.run(watched, price, Search(30, sampler, limits=limits))
    assert len(judged) == len(found) == 30
    assert all(f.costs.latency_s <= 2e-3 and f.costs.arena_bytes <= 20_000 for f in found)


def test_guided_samplers_come_closer_to_a_hidden_net_than_lots_with_as_many_trials():
    hidden = Candidate("residual", 24, growth=2, stages=3, blocks=3, kernel=5, expansion=4, side=16)

    def alike(candidate):
        pairs = zip(dataclasses.astuple(candidate), dataclasses.astuple(hidden), strict=True)
        return sum(a == b for a, b in pairs) / 8

    def closest(sampler):
        wide = (Search(80, sampler, seed=seed, axes=search.CHOICES) for seed in range(3))
        return sum(max(f.accuracy for f in search.run(alike, lambda _: Costs(1, 1, 1), how)) for how in wide)

    lots = closest("random")
    assert closest("nsga2") > lots
    assert closest("tpe") > lots


@pytest.mark.parametrize("file", ["search.db", "search.journal"])
def test_a_second_call_goes_on_where_the_first_stopped(tmp_path, file):
    storage = str(tmp_path / file)
    first = search.run(evaluate, price, Search(6), storage=storage)
    more = search.run(evaluate, price, Search(10), storage=storage)
    assert len(first) == 6
    assert more[:6] == first
    assert len(more) == 10
    assert search.run(evaluate, price, Search(10), storage=storage) == more


def test_an_interrupted_search_keeps_what_was_judged_and_resumes(tmp_path):
    storage = str(tmp_path / "search.journal")

    judged = []

    def stops(candidate):
        judged.append(candidate)
        if len(judged) == 5:
            raise KeyboardInterrupt
        return evaluate(candidate)

    with pytest.raises(KeyboardInterrupt):
        search.run(stops, price, Search(8), storage=storage)
    assert search.done(search.join(Search(8), storage)) == 4
    assert len(search.run(evaluate, price, Search(8), storage=storage)) == 8


@pytest.mark.parametrize("file", ["search.db", "search.journal"])
def test_two_workers_join_one_storage_and_one_killed_midway_loses_its_own_trial_only(tmp_path, file):
    how = Search(
        10, "random", axes={"block": ("plain",), "width": (8, 12, 16, 24, 32), "kernel": (3, 5)} | {"side": (16, 32)}
    )
    storage, marks = str(tmp_path / file), tmp_path / "marks"
    marks.mkdir()
    search.join(how, storage)
    slow = Slow(str(marks), 0.6)
    victim, other = (search.start(slow, price, how, storage=storage, part=part) for part in range(2))
    study = search.join(how, storage)

    ends = time.monotonic() + 60
    while search.done(study) < 4 or not victim.busy(study):
        assert time.monotonic() < ends, (victim.kill(), other.kill())
        time.sleep(0.02)
    time.sleep(0.2)  # into the evaluation, which takes longer: it holds no lock there
    victim.kill()
    before = {f.number for f in search.found(study)}
    with other:
        assert other.wait(60) == 0
    kept.release(study)
    found = search.run(slow, price, how, storage=storage)
    assert len(found) == len({f.candidate for f in found}) >= 10
    assert before <= {f.number for f in found}
    assert len({f.worker for f in found}) >= 2
    assert states(how, storage).count("FAIL") == 1
    assert states(how, storage).count("RUNNING") == 0
    again = [m.name for m in marks.iterdir() if len(m.read_text()) > 1]
    lost = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.FAIL,))
    assert again == [search.name_of(how.candidate(trial.params)) for trial in lost]


def test_a_rate_leaves_out_each_workers_first_trial():
    net, costs = Candidate("plain", 8), Costs(1, 1, 1)
    ends = (("a", 9), ("b", 10), ("a", 9.5), ("a", 11), ("b", 13), ("a", 13))
    trials = [search.Found(number, net, 0.5, costs, 0, who, at) for number, (who, at) in enumerate(ends)]
    assert search.rate(trials) == pytest.approx(3 / 4 + 1 / 3)
    with pytest.raises(ValueError, match="at least two nets"):
        search.rate(trials[:1])


def test_run_with_two_workers_gives_at_most_one_net_too_many(tmp_path):
    found = search.run(evaluate, price, Search(12), storage=str(tmp_path / "search.journal"), workers=2)
    assert 12 <= len(found) <= 13


def test_a_worker_that_fails_says_why(tmp_path):
    def broken(candidate):
        raise ValueError("the oven is cold")

    with pytest.raises(EfficientAIError, match="the oven is cold"):
        search.run(broken, price, Search(3), storage=str(tmp_path / "search.journal"), workers=2)


def test_a_dead_process_on_this_computer_is_told_from_a_live_one():
    assert kept.lives(kept.me())
    short = subprocess.Popen([sys.executable, "-c", "pass"])
    short.wait()
    host, _, started = kept.me().split(":")
    assert not kept.lives(f"{host}:{short.pid}:{started}")
    assert not kept.lives(f"{host}:{kept.me().split(':')[1]}:1")  # the number was used again


def test_another_search_in_the_same_storage_is_refused_under_the_same_name(tmp_path):
    storage = str(tmp_path / "search.journal")
    search.run(evaluate, price, Search(2), storage=storage)
    with pytest.raises(EfficientAIError, match="holds another search called search"):
        search.run(evaluate, price, Search(2, limits=Limits(macs=1)), storage=storage)
    assert len(search.run(evaluate, price, Search(2, name="other"), storage=storage)) == 2


def test_a_space_without_enough_nets_within_the_limits_ends_with_a_line(monkeypatch):
    monkeypatch.setattr("efficient_ai.search.nas.IN_VAIN", 30)
    with pytest.raises(EfficientAIError, match=r"0 of 5 nets judged.*loosen"):
        search.run(evaluate, price, Search(5, "random", limits=Limits(macs=1)))
    with pytest.raises(EfficientAIError, match="2 of 5 nets judged"):
        search.run(evaluate, price, Search(5, "random", axes={"width": (8, 12)}))


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"sampler": "grid"}, "sampler must be one of nsga2, tpe, random, got 'grid'"),
        ({"trials": 0}, "at least 1 trial"),
        ({"axes": {"width": (8, 10)}}, "axis width may be 8, 12, .* got"),
        ({"axes": {"depth": (1,)}}, "axis depth may be"),
    ],
)
def test_what_is_no_search_is_refused(wrong, line):
    with pytest.raises(ValueError, match=line):
        Search(**{"trials": 5, **wrong})


@pytest.mark.parametrize(
    ("storage", "line"),
    [
        ("search.txt", "must end in .db or .journal"),
        ("redis://host/1", "must be a URL of sqlite, postgresql, mysql"),
        ("nowhere/search.db", "there is no folder"),
        ("postgresql+nothing://host/name", "can't be opened"),
    ],
)
def test_a_storage_that_can_not_be_opened_is_one_line(storage, line):
    with pytest.raises(EfficientAIError, match=line) as raised:
        search.run(evaluate, price, Search(1), storage=storage)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("file", ["search.db", "search.journal"])
def test_a_damaged_storage_is_one_line_that_names_it_and_stays_as_it_was(tmp_path, file):
    storage = tmp_path / file
    storage.write_bytes(b"neither a table nor a trial\n" * 40)
    before = storage.read_bytes()
    with pytest.raises(EfficientAIError, match=file) as raised:
        search.run(evaluate, price, Search(1), storage=str(storage))
    assert "\n" not in str(raised.value)
    assert storage.read_bytes() == before


def test_a_database_without_its_driver_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(EfficientAIError, match=r"needs a driver for postgresql.*pip install psycopg2-binary") as raised:
        search.run(evaluate, price, Search(1), storage="postgresql://host/name")
    assert "\n" not in str(raised.value)


def test_many_may_open_a_new_database_at_the_same_time(tmp_path):
    code = "import sys; from efficient_ai import search; search.join(search.Search(1), sys.argv[1])"
    asked = [sys.executable, "-c", code, str(tmp_path / "s.db")]
    started = [subprocess.Popen(asked, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(one.communicate(timeout=60)[1], one.returncode)[1] for one in started] == [0, 0, 0]


def test_several_workers_need_a_storage():
    with pytest.raises(ValueError, match="a storage for several"):
        search.run(evaluate, price, Search(1), workers=2)


def command(tmp_path, *more):
    out = tmp_path / "found.json"
    rest = ("--macs", "200000", "--latency", "macs", "--storage", str(tmp_path / "s.journal"), "--out", str(out), *more)
    return cli.main(["search", "--trials", "1", "--steps", "2", *rest]), out


def test_the_command_searches_resumes_and_writes_what_it_found(tmp_path, capsys):
    code, out = command(tmp_path, "--device", "STM32F746NG")
    assert code == 0
    assert "1 nets judged, 1 that no other beats" in capsys.readouterr().out
    (first,) = json.loads(out.read_text())["found"]
    assert first.pop("on_front")
    code, out = command(tmp_path, "--device", "STM32F746NG", "--trials", "2")
    rows = json.loads(out.read_text())["found"]
    assert len(rows) == 2
    assert first.items() <= rows[0].items()
    assert all(row["macs"] <= 200_000 and row["size_bytes"] <= 1_048_576 for row in rows)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--device", "STM32"), "no device 'STM32'"),
        (("--device", "STM32F746NG", "--sampler", "grid"), "sampler must be one of"),
        (("--device", "STM32F746NG", "--data", "cats"), "data must be one of fashion_mnist"),
        (("--device", "STM32F746NG", "--latency", "soon"), "latency must be learned"),
        (("--device", "STM32F746NG", "--deadline-ms", "0"), "the limit latency_s must be above 0"),
        (("--device", "STM32F746NG", "--storage", "search.txt"), "must end in .db or .journal"),
        (("--device", "STM32F746NG", "--storage", "postgresql+nothing://host/name"), "can't be opened"),
        (("--device", "STM32F746NG", "--trials", "-1"), "at least 1 trial"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_exit_code_2(tmp_path, capsys, more, line):
    code, out = command(tmp_path, *more)
    said = capsys.readouterr().err
    assert code == 2
    assert not out.exists()
    assert said.count("\n") == 1
    assert line in said
    assert "Traceback" not in said


def test_an_interrupted_command_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def stops(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "run", stops)
    code, _ = command(tmp_path, "--device", "STM32F746NG")
    assert code == 2
    assert "stopped after 0 of 1 nets" in (said := capsys.readouterr().err)
    assert "the same command goes on" in said


@pytest.mark.skipif(sys.platform == "win32", reason="sends a process the signal of ctrl-C")
def test_a_command_that_is_interrupted_in_its_second_training_goes_on_with_sqlite(tmp_path):
    storage, out = str(tmp_path / "s.db"), tmp_path / "found.json"
    device = ("--device", "STM32F746NG", "--macs", "400000", "--latency", "macs")
    asked = ["search", *device, "--steps", "2", "--storage", storage, "--out", str(out)]
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from efficient_ai import cli; sys.exit(cli.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *asked, "--trials", "500"], stderr=subprocess.PIPE, text=True
    )
    how = Search(2, limits=search.limits_of("STM32F746NG", macs=400_000), name="fashion_mnist on STM32F746NG")
    ends = time.monotonic() + 90
    study = search.join(how, storage)
    while search.done(study) < 1 and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2, said
    assert "Traceback" not in said
    assert "goes on" in said.splitlines()[-1]
    before = search.found(study)
    assert before
    assert cli.main([*asked, "--trials", str(len(before) + 1)]) == 0
    after = search.found(study)
    assert after[: len(before)] == before
    assert len(json.loads(out.read_text())["found"]) == len(after) == len(before) + 1
