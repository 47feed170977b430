"""MLPerf Inference's scenarios through the official LoadGen, on LiteRT: its settings, its logs as records."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efficient_ai import cache
from efficient_ai.engines import require
from efficient_ai.errors import EfficientAIError, EngineMissing
from efficient_ai.measure.early_stopping import early_stopping_queries

OFFICIAL_S = 600.0
OFFLINE_SAMPLES = 24_576
SAMPLES_PER_QUERY = 8  # of MultiStream
INSTALL = "pip install 'efficient-ai[loadgen]'"
SLACK = 2.0
_MARK = ":::MLLOG "


@dataclass(frozen=True)
class Scenario:
    """How queries arrive, and what is reported: the log's key, its unit, and what to divide it by."""

    name: str
    reported: str
    key: str
    unit: str
    per_unit: float
    percentile: float | None


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("SingleStream", "90th percentile of latency", "early_stopping_latency_ss", "ms", 1e6, 0.90),
        Scenario("MultiStream", "99th percentile of a query's latency", "early_stopping_latency_ms", "ms", 1e6, 0.99),
        Scenario("Offline", "throughput", "result_samples_per_second", "samples/s", 1.0, None),
        Scenario("Server", "throughput within the bound", "result_completed_samples_per_sec", "samples/s", 1.0, 0.99),
    )
}


@dataclass(frozen=True)
class LoadGenRun:
    """What LoadGen says of a measured test. `value` is 0 where it gives no estimate; `shortened` under 600 s.

    `conditions` are its own verdicts by name; `reasons` what it recommends or complains of; `percentiles_ms` are of
    single samples, by percent.
    """

    scenario: Scenario
    valid: bool
    reasons: tuple[str, ...]
    value: float
    queries: int
    samples_per_query: int
    conditions: Mapping[str, bool]
    early_stopping: tuple[str, ...]
    percentiles_ms: Mapping[float, float]
    min_duration_s: float
    version: str
    cpu: str = ""
    threads: int = 1
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def shortened(self) -> bool:
        return self.min_duration_s < OFFICIAL_S

    @property
    def samples(self) -> int:
        return self.queries * self.samples_per_query

    @property
    def verdict(self) -> str:
        """LoadGen's own word, and why where it says INVALID."""
        return "VALID" if self.valid else f"INVALID: {' '.join(self.reasons) or 'no reason given'}"


def expected(scenario: str, latency_ms: float) -> dict[str, float]:
    """The settings that tell LoadGen what a model takes, so that it prepares enough queries for the whole test.

    Its defaults expect a millisecond a query or a sample a second: a tiny model uses those up early, and the run is
    INVALID. Streams are told half of the latency, offline twice the rate, so that a model that turns out faster still
    has enough to do.

    Args:
        scenario: One of `SCENARIOS`.
        latency_ms: What a sample takes, above 0.

    Returns:
        Names and values of LoadGen's settings.

    Raises:
        ValueError: If an argument is out of range.
    """
    _check_scenario(scenario)
    if not latency_ms > 0:
        raise ValueError(f"latency_ms must be above 0, got {latency_ms}")
    nanoseconds = 1e6 * latency_ms
    return {
        "SingleStream": {"single_stream_expected_latency_ns": max(1, round(nanoseconds / SLACK))},
        "MultiStream": {
            "multi_stream_expected_latency_ns": max(1, round(SAMPLES_PER_QUERY * nanoseconds / SLACK)),
        },
        "Offline": {"offline_expected_qps": SLACK * 1e9 / nanoseconds},
        "Server": {
            "server_target_qps": 0.2 * 1e9 / nanoseconds,
            "server_target_latency_ns": round(max(20 * nanoseconds, 2e7)),
        },
    }[scenario]


def fewest_queries(scenario: str) -> int:
    """How many queries a test needs by the rules, for its percentile or (Offline) the one query that it has.

    Source: mlcommons2025inferencerules, early stopping.
    """
    percentile = _check_scenario(scenario).percentile
    return 1 if percentile is None else early_stopping_queries(percentile)


def run_loadgen(
    content: bytes,
    scenario: str,
    *,
    latency_ms: float | None = None,
    min_duration_s: float = OFFICIAL_S,
    threads: int = 1,
    limit_s: float | None = None,
    settings: Mapping[str, float] | None = None,
) -> LoadGenRun:
    """Let the official LoadGen test a model on LiteRT, in a process of its own, on inputs of noise.

    Args:
        content: A .tflite file.
        scenario: One of `SCENARIOS`.
        latency_ms: What a sample takes, measured before: the settings follow from it, see `expected`. Where it is
            None, LoadGen keeps its defaults, and a tiny model's run comes out INVALID; Server then needs `settings`.
        min_duration_s: Seconds that the test must last; 600 by the rules.
        threads: Threads that an inference may use.
        limit_s: Seconds after which the process is ended; a minute and three times the duration where it is None.
        settings: LoadGen's own settings by name; they win over all others.

    Returns:
        The measured test as LoadGen judges it, VALID or INVALID.

    Raises:
        EngineMissing: If LoadGen or LiteRT isn't installed.
        ValueError: If an argument is out of range.
        EfficientAIError: If the process fails; the message has its last line.

    Source: mlcommons2025inferencerules.
    """
    one = _check_scenario(scenario)
    if not min_duration_s > 0 or threads < 1:
        raise ValueError(f"min_duration_s must be above 0 and threads at least 1, got {min_duration_s} and {threads}")
    if scenario == "Server" and latency_ms is None and "server_target_qps" not in (settings or {}):
        raise ValueError(
            "Server needs latency_ms, or a rate in settings: at LoadGen's default, one query a second, a "
            "test takes minutes"
        )
    _require()
    chosen: dict[str, Any] = {"min_duration_ms": max(1, round(1000 * min_duration_s))}
    if latency_ms is not None:
        chosen |= expected(scenario, latency_ms)
        if one.percentile is not None:
            chosen["min_query_count"] = fewest_queries(scenario)
    chosen |= settings or {}
    with tempfile.TemporaryDirectory(prefix="efficient-ai-loadgen-") as folder:
        model = Path(folder, "model.tflite")
        model.write_bytes(content)
        request = {"model": str(model), "folder": folder, "scenario": scenario, "threads": threads, "settings": chosen}
        command = [sys.executable, "-m", "efficient_ai.measure.loadgen_worker", json.dumps(request)]
        limit = 60 + 3 * min_duration_s if limit_s is None else limit_s
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit, cwd=folder)
        except subprocess.TimeoutExpired as error:
            raise EfficientAIError(f"LoadGen took over {limit:g} s and was ended: give it more with limit_s") from error
        log = Path(folder, "mlperf_log_detail.txt")
        if done.returncode or not log.exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EfficientAIError(f"LoadGen ended with exit code {done.returncode}: {last}")
        text = log.read_text("utf-8", "replace")
    return parse_log(text, scenario, cpu=cache.machine().cpu, threads=threads, settings=chosen)


def parse_log(
    text: str, scenario: str, *, cpu: str = "", threads: int = 1, settings: Mapping[str, float] | None = None
) -> LoadGenRun:
    """Read LoadGen's mlperf_log_detail.txt.

    Args:
        text: Of the file.
        scenario: Which one it was.
        cpu: Where it ran.
        threads: How many an inference had.
        settings: What LoadGen was told.

    Raises:
        EfficientAIError: If there is no result in it.
        ValueError: If there is no such scenario.
    """
    one = _check_scenario(scenario)
    found: dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith(_MARK):
            entry = json.loads(line.removeprefix(_MARK))
            found[entry["key"]] = entry["value"]
    if "result_validity" not in found or "generated_samples_per_query" not in found:
        raise EfficientAIError("expected LoadGen's mlperf_log_detail.txt, found no result in it")
    reasons = [" ".join(str(found[key]).split()) for key in ("result_invalid_reason", "error_runtime") if key in found]
    names = ("result_min_duration_met", "result_min_queries_met", "result_perf_constraints_met", "early_stopping_met")
    said = str(found.get("early_stopping_result", "")).split(" * ")
    ends = "_percentile_latency_ns"
    return LoadGenRun(
        scenario=one,
        valid=found["result_validity"] == "VALID",
        reasons=tuple(reasons),
        value=float(found.get(one.key, 0.0)) / one.per_unit,
        queries=int(found["result_query_count"]),
        samples_per_query=int(found["generated_samples_per_query"]),
        conditions={name.removeprefix("result_"): bool(found[name]) for name in names if name in found},
        early_stopping=tuple(" ".join(line.split()) for line in said if line.strip()),
        percentiles_ms={
            float(key.removeprefix("result_").removesuffix(ends)): value / 1e6
            for key, value in found.items()
            if key.startswith("result_") and key.endswith(ends)
        },
        min_duration_s=float(found["effective_min_duration_ms"]) / 1000,
        version=str(found.get("loadgen_version", "")).split(" ")[0],
        cpu=cpu,
        threads=threads,
        settings=dict(settings or {}),
    )


def _check_scenario(name: str) -> Scenario:
    if name not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, got {name!r}")
    return SCENARIOS[name]


def _require() -> None:
    from importlib.util import find_spec

    require("litert")
    if find_spec("mlperf_loadgen") is None:
        raise EngineMissing(f"LoadGen is not installed; {INSTALL}")
