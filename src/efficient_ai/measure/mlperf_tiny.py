"""MLPerf Tiny's run rules as code: four tasks, what a run of one is, which rules it keeps, and its lines of text.

Nothing here runs a model: `tiny_runner` does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from efficient_ai import published
from efficient_ai.errors import EfficientAIError
from efficient_ai.records import Interval, PublishedFigure

WINDOWS = 5
WINDOW_S = 10.0
WARMUP, WARMUP_PICTURES = 10, 5
UNOFFICIAL = "unofficial: not submitted to, reviewed or verified by MLCommons"


@dataclass(frozen=True)
class TinyTask:
    """One of the benchmark's tasks with its reference architecture and what the rules ask of it."""

    key: str
    title: str
    model: str
    input_shape: tuple[int, ...]
    metric: str
    warmup: int

    @property
    def target(self) -> float:
        """What the metric must reach before the speed counts."""
        return published.figure(f"mlperf_tiny_rules.{self.key}.{self.metric}_target").value


TASKS = {
    task.key: task
    for task in (
        TinyTask("kws", "keyword spotting", "ds_cnn", (49, 10, 1), "top1", WARMUP),
        TinyTask("ic", "image classification", "resnet8", (32, 32, 3), "top1", WARMUP_PICTURES),
        TinyTask("vww", "visual wake words", "mobilenet_v1_025", (96, 96, 3), "top1", WARMUP_PICTURES),
        TinyTask("ad", "anomaly detection", "autoencoder", (640,), "auc", WARMUP),
    )
}


@dataclass(frozen=True)
class Window:
    """One window of a performance run: so many inferences, one after another, in so many seconds."""

    inferences: int
    runtime_s: float

    @property
    def throughput_per_s(self) -> float:
        return self.inferences / self.runtime_s


@dataclass(frozen=True)
class Quality:
    """What a model reached on some data; `on_task_data` says whether these are the benchmark's own."""

    value: Interval
    examples: int
    data: str
    on_task_data: bool = False


@dataclass(frozen=True)
class RuleCheck:
    """One rule: "met", "missed" or "not evaluated", and why."""

    rule: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class TinyRun:
    """A measured performance run of one task; `quality` is None where there is no data to evaluate it on."""

    task: TinyTask
    engine: str
    delegate: str
    threads: int
    cpu: str
    warmup: int
    windows: tuple[Window, ...]
    quality: Quality | None
    model_bytes: int
    weights: str

    @property
    def median_throughput_per_s(self) -> float:
        """The score: the median of the windows' throughput."""
        return median(window.throughput_per_s for window in self.windows)

    @property
    def checks(self) -> tuple[RuleCheck, ...]:
        return check_rules(self)

    @property
    def valid(self) -> bool:
        """Whether the run itself keeps the rules of the clock; the quality stands apart."""
        return all(check.verdict == "met" for check in self.checks if not check.rule.startswith("quality"))

    @property
    def status(self) -> str:
        """In words what the run is worth under the rules."""
        if self.valid:
            return "windows valid under the rules"
        if any(window.runtime_s < WINDOW_S for window in self.windows):
            return "shortened, not valid under the rules"
        return "not valid under the rules"


def tiny_task(key: str) -> TinyTask:
    """One of `TASKS`.

    Raises:
        EfficientAIError: If there is no such task.
    """
    if key not in TASKS:
        raise EfficientAIError(f"there is no MLPerf Tiny task {key!r} (known: {', '.join(TASKS)})")
    return TASKS[key]


def check_rules(run: TinyRun) -> tuple[RuleCheck, ...]:
    """Hold a run against the rules.

    Args:
        run: What was measured.

    Returns:
        A verdict for each rule: the number of windows, their length, the same number of inferences in each, the
        warm-ups, and the quality target.

    Source: mlcommons2025tinyrules.
    """

    def verdict(rule: str, kept: bool, detail: str) -> RuleCheck:
        return RuleCheck(rule, "met" if kept else "missed", detail)

    shortest = min((window.runtime_s for window in run.windows), default=0.0)
    counts = sorted({window.inferences for window in run.windows})
    return (
        verdict(f"{WINDOWS} windows", len(run.windows) == WINDOWS, f"{len(run.windows)} windows"),
        verdict(f"each at least {WINDOW_S:g} s", shortest >= WINDOW_S, f"shortest {shortest:.3f} s"),
        verdict("the same inferences in each", len(counts) == 1, f"{', '.join(map(str, counts))} inferences"),
        verdict(f"{run.task.warmup} warm-ups", run.warmup == run.task.warmup, f"{run.warmup} before each window"),
        _quality_check(run),
    )


def _quality_check(run: TinyRun) -> RuleCheck:
    rule = f"quality: {run.task.metric} at least {run.task.target:g}"
    if run.quality is None:
        return RuleCheck(rule, "not evaluated", "there is no test data of this task here")
    kept = run.quality.value.value >= run.task.target
    where = "" if run.quality.on_task_data else ", which isn't the benchmark's data"
    detail = f"{run.quality.value.value:.4f} on {run.quality.examples} of {run.quality.data}{where}"
    return RuleCheck(rule, "met" if kept else "missed", detail)


def result_lines(run: TinyRun) -> tuple[str, ...]:
    """A run in the form of the benchmark's own result files, with a last line that says what it isn't.

    Args:
        run: What was measured.

    Returns:
        Lines of text.

    Source: mlperf2025tinyv13, the results.txt of a performance run.
    """
    lines = []
    for number, window in enumerate(run.windows, start=1):
        met = window.runtime_s >= WINDOW_S
        lines += [
            f"Performance results for window {number}",
            f"    # Inferences : {window.inferences}",
            f"    Runtime: {window.runtime_s:.6f} sec.",
            f"    Throughput: {window.throughput_per_s} inf./sec.",
            f"    Runtime requirements have {'' if met else 'not '}been met.",
        ]
    rule = "-" * 57
    lines += [rule, f"Median throughput is {run.median_throughput_per_s:10.3f} inf./sec.", rule]
    if run.quality is None:
        lines.append(f"Quality ({run.task.metric}): not evaluated")
    else:
        reached = 100 * run.quality.value.value
        lines.append(f"Quality ({run.task.metric}): {reached:.1f}% on {run.quality.examples} of {run.quality.data}")
    return (*lines, f"[{UNOFFICIAL}; {run.status}; {run.weights}]")


def report(run: TinyRun) -> str:
    """A run as text: what ran where, the rules' lines, and each rule with its verdict."""
    where = f"{run.engine} {run.delegate}, {run.threads} thread{'s' if run.threads > 1 else ''}, {run.cpu}"
    lines = [f"{run.task.key}: {run.task.title}, {run.task.model} int8, {where}", *result_lines(run)]
    return "\n".join([*lines, *(f"  {check.verdict:<13} {check.rule}: {check.detail}" for check in run.checks)])


def to_json(run: TinyRun) -> str:
    """A run as one JSON object, with its score, its status and each rule's verdict."""
    score = {"median_throughput_per_s": run.median_throughput_per_s, "status": run.status, "valid": run.valid}
    checks = [asdict(check) for check in run.checks]
    return json.dumps({**asdict(run), **score, "checks": checks, "note": UNOFFICIAL}, ensure_ascii=False)


def parse_windows(text: str) -> tuple[Window, ...]:
    """Read the windows of a results.txt, ours or a published one.

    Raises:
        EfficientAIError: If there are none in it.
    """
    values = [line.split(":") for line in text.splitlines() if "# Inferences" in line or line.strip()[:8] == "Runtime:"]
    found = [
        Window(int(count), float(runtime.split()[0]))
        for (_, count), (_, runtime) in zip(values[::2], values[1::2], strict=False)
    ]
    if not found:
        raise EfficientAIError("expected the text of a performance results.txt, found no window in it")
    return tuple(found)


@dataclass(frozen=True)
class PublishedRun:
    """What somebody submitted for a task on a board; None where they submitted none."""

    board: str
    task: str
    throughput: PublishedFigure
    energy: PublishedFigure | None


def published_runs(tasks: Sequence[str] = tuple(TASKS)) -> tuple[PublishedRun, ...]:
    """The published results of the boards, board by board.

    Args:
        tasks: Keys of `TASKS`.
    """
    wanted = [tiny_task(key).key for key in tasks]
    known = {figure.key: figure for figure in published.figures() if figure.key.startswith("mlperf_tiny_v")}
    boards = dict.fromkeys(key.rsplit(".", 2)[0] for key in known if key.endswith(".throughput"))
    return tuple(
        PublishedRun(board, task, known[f"{board}.{task}.throughput"], known.get(f"{board}.{task}.energy"))
        for board in boards
        for task in wanted
        if f"{board}.{task}.throughput" in known
    )
