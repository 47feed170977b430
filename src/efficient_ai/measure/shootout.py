"""The same models on every engine: outputs compared first, then all of them timed in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import cache
from efficient_ai.engines import EngineFailed, Export, available, export_all, form, missing_row
from efficient_ai.engines.client import LIMIT_S
from efficient_ai.engines.registry import check_delegate, check_name
from efficient_ai.errors import BadModel
from efficient_ai.measure.latency import FEWEST_RUNS, ROUNDS, check, in_turn, stats_of
from efficient_ai.measure.stable import Stable
from efficient_ai.records import EngineMissingRow, EngineRun, FailedRow, RefusedRow, Variant

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-4
Row = EngineRun | EngineMissingRow | RefusedRow | FailedRow


@dataclass(frozen=True)
class Entry:
    """An engine at a precision; `delegate` says how it runs where it can run in several ways."""

    engine: str
    precision: str = "float32"
    delegate: str | None = None
    threads: int = 1

    @property
    def form(self) -> str:
        return form(self.engine, self.delegate)


@dataclass(frozen=True)
class Subject:
    """A model with the entries that it stands in for.

    `inputs` (n, ...), float32, are what the outputs are compared on; `calibration_set` is for int8 entries; `made`
    are variants of the model that are at hand already, and aren't made again.
    """

    model: keras.Model
    entries: Sequence[Entry]
    inputs: np.ndarray = field(repr=False)
    calibration_set: np.ndarray | None = field(default=None, repr=False)
    made: Sequence[Variant] = field(default=(), repr=False)

    def at_hand(self, entry: Entry) -> Variant | None:
        """The variant that an entry takes, where it needn't be made."""
        found = (v for v in self.made if (v.form, v.precision) == (entry.form, entry.precision))
        return next(found, None)


@dataclass(frozen=True)
class _Ready:
    """A model that came out right, waiting for its turns."""

    stable: Stable
    number: int
    delegate: str
    variant: Variant
    max_deviation: float
    agreement: float
    scale: float


def shootout(
    subjects: Sequence[Subject],
    *,
    runs: int = FEWEST_RUNS,
    warmup: int = 5,
    rounds: int = ROUNDS,
    tolerance: float = TOLERANCE,
    limit_s: float = LIMIT_S,
    seed: int = 0,
) -> tuple[Row, ...]:
    """Export models for engines, compare what comes out with Keras, and time what came out right.

    Each engine is a process that holds all of its models. Loading and comparing uses all cores; the timing then is one
    inference at a time, in turn, and nothing else of ours runs meanwhile.

    Args:
        subjects: Models with their entries.
        runs: Timed inferences of each, at least 50 and a multiple of `rounds`.
        warmup: Untimed inferences before the first.
        rounds: How often everything has its turn.
        tolerance: How far a float32 output may lie from Keras's, as a part of the largest magnitude of Keras's.
        limit_s: Seconds that one request to an engine may take.
        seed: Decides the order of the turns.

    Returns:
        A row for each entry of each subject, in order: a run; or one that stands for an engine that isn't installed,
        for a model that an engine refuses, or for one that ended the engine's process or came out wrong.

    Raises:
        ValueError: If a number, an engine, a delegate or a precision isn't known or doesn't suit.
        BadModel: If an exporter doesn't take a model.
    """
    check(runs, rounds, warmup)
    if tolerance <= 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    installed = available()
    rows: dict[tuple[int, int], Row] = {}
    wanted: dict[tuple[int, int], Export] = {}
    variants: dict[tuple[int, int], Variant] = {}
    for place, subject in enumerate(subjects):
        for line, entry in enumerate(subject.entries):
            check_name(entry.engine)
            check_delegate(entry.engine, entry.delegate)
            if installed[entry.engine] is None:
                rows[place, line] = missing_row(entry.engine)
                continue
            have = subject.at_hand(entry)
            if have is not None:
                variants[place, line] = have
                continue
            wanted[place, line] = Export(subject.model, entry.form, entry.precision, subject.calibration_set)
    variants |= _exported(wanted)
    references = [np.asarray(subject.model(subject.inputs, training=False)) for subject in subjects]
    with ExitStack() as stack:
        groups: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for place, line in sorted(variants):
            entry = subjects[place].entries[line]
            groups.setdefault((entry.engine, entry.threads), []).append((place, line))
        stables = {who: stack.enter_context(Stable(who[0], threads=who[1], limit_s=limit_s)) for who in groups}

        def prepare(who: tuple[str, int]) -> list[tuple[tuple[int, int], _Ready | Row]]:
            return [
                (key, _try(stables[who], subjects[key[0]], key[1], variants[key], references[key[0]], tolerance))
                for key in groups[who]
            ]

        with ThreadPoolExecutor(cache.machine().cores) as pool:
            tried = dict(pair for pairs in pool.map(prepare, groups) for pair in pairs)
        ready = {key: found for key, found in tried.items() if isinstance(found, _Ready)}
        rows |= {key: found for key, found in tried.items() if not isinstance(found, _Ready)}
        timers = {key: found.stable.timer(found.number) for key, found in ready.items()}
        fallen: dict[tuple[int, int], EngineFailed] = {}
        samples = in_turn(timers, runs=runs, warmup=warmup, rounds=rounds, seed=seed, fallen=fallen)
    for key, found in ready.items():
        if key in fallen:
            rows[key] = FailedRow(f"{found.variant.model} {found.variant.name}", found.stable.engine, str(fallen[key]))
            continue
        rows[key] = _row(found, samples[key], warmup, rounds)
    return tuple(rows[key] for key in sorted(rows))


def _exported(wanted: dict[tuple[int, int], Export]) -> dict[tuple[int, int], Variant]:
    """The exports of all entries; entries that take the same file share it."""
    same = {key: (id(one.model), one.form, one.precision) for key, one in wanted.items()}
    distinct = {same[key]: one for key, one in wanted.items()}
    made = dict(zip(distinct, export_all(list(distinct.values())), strict=True))
    return {key: made[what] for key, what in same.items()}


def _try(
    stable: Stable, subject: Subject, line: int, variant: Variant, reference: np.ndarray, tolerance: float
) -> _Ready | Row:
    entry = subject.entries[line]
    name = f"{variant.model} {variant.name}"
    try:
        loaded, outputs = stable.load(variant.content, delegate=entry.delegate, inputs=subject.inputs)
    except BadModel as error:
        return RefusedRow(name, entry.engine, str(error))
    except EngineFailed as error:
        return FailedRow(name, entry.engine, str(error))
    scale = float(np.abs(reference).max())
    deviation = float(np.abs(outputs - reference).max())
    if entry.precision == "float32" and not deviation <= tolerance * scale:
        return FailedRow(
            name, entry.engine, f"outputs lie up to {deviation:.2g} from Keras's, expected {tolerance * scale:.2g}"
        )
    same = float(np.mean(outputs.argmax(-1) == reference.argmax(-1)))
    return _Ready(stable, loaded.model, loaded.delegate, variant, deviation, same, scale)


def _row(found: _Ready, samples_ms: list[float], warmup: int, rounds: int) -> EngineRun:
    variant = found.variant
    name = f"{variant.model} {variant.name}"
    stats = stats_of(name, found.stable, found.delegate, samples_ms, warmup=warmup, rounds=rounds)
    return EngineRun(
        variant.model,
        variant.precision,
        variant.size_bytes,
        found.max_deviation,
        found.agreement,
        found.scale,
        stats,
    )


def every_entry(precisions: Sequence[str] = ("float32", "int8")) -> Iterator[Entry]:
    """All engines in all the ways that they run, at the precisions that they have."""
    from efficient_ai.engines import DELEGATES
    from efficient_ai.engines.exports import PRECISIONS

    plain = ("none", "reference")  # kernels to compare with, not to choose
    for engine, delegates in DELEGATES.items():
        for delegate in delegates:
            if delegate in plain and len(delegates) > 1:
                continue
            for precision in precisions:
                if precision in PRECISIONS[form(engine, delegate)]:
                    yield Entry(engine, precision, delegate)
