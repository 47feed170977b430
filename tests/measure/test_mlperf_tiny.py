from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.errors import EfficientAIError
from efficient_ai.measure import mlperf_tiny, tiny_runner
from efficient_ai.measure.mlperf_tiny import TASKS, Quality, TinyRun, Window
from efficient_ai.records import Interval

FULL = (Window(250, 10.5),) * 5


def run(windows=FULL, task="kws", quality=None, warmup=None):
    own = TASKS[task]
    return TinyRun(
        own,
        "litert",
        "XNNPACK",
        1,
        "a processor",
        own.warmup if warmup is None else warmup,
        windows,
        quality,
        1,
        "made up",
    )


def verdicts(one):
    return {check.rule: check.verdict for check in one.checks}


def test_a_full_run_keeps_every_rule_of_the_clock():
    assert run().valid
    assert set(verdicts(run()).values()) == {"met", "not evaluated"}
    assert run().status == "windows valid under the rules"


def test_picture_tasks_have_five_warm_ups_and_the_others_ten():
    assert {key: task.warmup for key, task in TASKS.items()} == {"kws": 10, "ic": 5, "vww": 5, "ad": 10}


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (run(windows=(Window(250, 10.5),) * 4), "5 windows"),
        (run(windows=(Window(250, 10.5),) * 4 + (Window(250, 9.999),)), "each at least 10 s"),
        (run(windows=(Window(250, 10.5),) * 4 + (Window(251, 10.5),)), "the same inferences in each"),
        (run(warmup=9), "10 warm-ups"),
    ],
)
def test_each_broken_rule_is_named_and_the_run_is_not_valid(wrong, rule):
    assert {name for name, verdict in verdicts(wrong).items() if verdict == "missed"} == {rule}
    assert not wrong.valid


def test_short_windows_are_said_to_be_shortened():
    short = run(windows=(Window(25, 1.0),) * 5)
    assert short.status == "shortened, not valid under the rules"
    assert short.status in mlperf_tiny.result_lines(short)[-1]


def test_the_target_decides_about_the_quality_and_the_data_are_named():
    for value, verdict in ((0.90, "met"), (0.899, "missed")):
        one = run(quality=Quality(Interval(value, value, value), 100, "some words"))
        check = one.checks[-1]
        assert check.verdict == verdict
        assert "some words" in check.detail
        assert "isn't the benchmark's data" in check.detail
        assert one.valid  # of the clock


@given(st.lists(st.floats(0.1, 1e3), min_size=5, max_size=5))
def test_the_score_is_the_median_window(runtimes):
    windows = tuple(Window(100, runtime) for runtime in runtimes)
    assert run(windows=windows).median_throughput_per_s == pytest.approx(100 / sorted(runtimes)[2])


def test_result_lines_can_be_read_again_and_say_that_they_are_unofficial():
    windows = tuple(Window(250, 10.5 + i) for i in range(5))
    lines = mlperf_tiny.result_lines(run(windows=windows))
    assert mlperf_tiny.parse_windows("\n".join(lines)) == windows
    assert "unofficial" in lines[-1]
    assert "not evaluated" in lines[-2]


def test_the_published_windows_give_the_published_median():
    text = "\n".join(
        f"Performance results for window {i}\n    # Inferences : 250\n    Runtime: {runtime} sec.\n"
        for i, runtime in enumerate((10.862042, 10.854678, 10.847215, 10.862036, 10.836234), start=1)
    )
    found = run(windows=mlperf_tiny.parse_windows(text)).median_throughput_per_s
    (row,) = [r for r in mlperf_tiny.published_runs(["kws"]) if r.board == "mlperf_tiny_v1_3.stm32l4r5"]
    assert round(found, 3) == row.throughput.value


def test_a_text_without_windows_is_refused():
    with pytest.raises(EfficientAIError, match=r"no window in it"):
        mlperf_tiny.parse_windows("nothing")


def test_published_boards_have_all_four_tasks_and_only_some_have_energy():
    rows = mlperf_tiny.published_runs()
    boards = {row.board for row in rows}
    assert len(rows) == 4 * len(boards)
    assert {row.energy is None for row in rows} == {True, False}


class Clock:
    """A timer whose inferences take what they are said to, and that counts its warm-ups."""

    def __init__(self, times_ms):
        self.times_ms, self.warmups = iter(times_ms), []

    def __call__(self, runs, warmup):
        self.warmups.append(warmup)
        return [next(self.times_ms)] * runs


def constant(value):
    while True:
        yield value


def test_windows_hold_equally_many_inferences_and_last_long_enough():
    clock = Clock(constant(2.0))
    windows = tiny_runner.run_windows(clock, warmup=10, window_s=0.5)
    assert len(windows) == 5
    assert {w.inferences for w in windows} == {windows[0].inferences}
    assert all(w.runtime_s >= 0.5 for w in windows)
    assert clock.warmups == [10] * 6


def test_a_machine_that_speeds_up_gets_more_inferences_until_the_window_is_filled():
    def speeding():
        yield from (10.0, 10.0, 10.0)
        yield from constant(3.0)

    windows = tiny_runner.run_windows(Clock(speeding()), warmup=5, window_s=1.0)
    assert len(windows) == 5
    assert all(w.runtime_s >= 1.0 for w in windows)


def test_a_machine_that_never_settles_still_gives_five_windows():
    def halving():
        value = 100.0
        while True:
            value *= 0.5
            yield max(value, 1e-3)

    windows = tiny_runner.run_windows(Clock(halving()), warmup=5, window_s=0.05)
    assert len(windows) == 5


def test_long_windows_warm_up_once_though_they_are_asked_for_in_pieces(monkeypatch):
    monkeypatch.setattr(tiny_runner, "CHUNK", 100)
    clock = Clock(constant(1.0))
    tiny_runner.run_windows(clock, warmup=7, window_s=1.0, windows=1)
    assert clock.warmups[:2] == [7, 7]
    assert set(clock.warmups[2:]) == {0}


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"window_s must be above 0, got 0"):
        tiny_runner.run_windows(Clock(constant(1.0)), warmup=1, window_s=0)
    with pytest.raises(EfficientAIError, match=r"no MLPerf Tiny task 'sww' \(known: kws, ic, vww, ad\)"):
        tiny_runner.run_tiny("sww")
    with pytest.raises(ValueError, match=r"examples must be at least 0, got -1"):
        tiny_runner.run_tiny("ad", examples=-1)


def test_the_autoencoder_runs_shortened_and_is_not_evaluated():
    found = tiny_runner.run_tiny("ad", window_s=0.01)
    assert len(found.windows) == 5
    assert found.quality is None
    assert found.delegate
    assert found.status == "shortened, not valid under the rules"
    assert found.checks[-1].verdict == "not evaluated"
    assert replace(found, windows=(Window(1, 10.0),) * 5).valid


def test_the_reference_architectures_take_what_the_task_says():
    for task in TASKS.values():
        net = tiny_runner.reference_net(task)
        assert net.input_shape[1:] == task.input_shape
        assert net.output_shape[-1] == {"kws": 12, "ic": 10, "vww": 2, "ad": 640}[task.key]
