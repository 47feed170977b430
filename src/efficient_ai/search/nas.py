"""Architecture search on Optuna: accuracy, latency and bytes at once, within what a device allows.

What counts as a trial is a net that was judged. A net that exceeds a limit is told to the sampler but not judged, and
a net that was judged before isn't judged again: neither costs anything, so neither counts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from efficient_ai.errors import EfficientAIError
from efficient_ai.search import storage as kept
from efficient_ai.search.costs import Costs, Limits
from efficient_ai.search.space import CHOICES, Candidate
from efficient_ai.search.table import AXES

if TYPE_CHECKING:
    import optuna

Evaluate = Callable[[Candidate], float]
Price = Callable[[Candidate], Costs]
SAMPLERS = ("nsga2", "tpe", "random")
OBJECTIVES = ("accuracy", "latency_s", "size_bytes")
IN_VAIN = 500  # trials in a row without a net to judge, after which the space counts as exhausted
WAIT_S = 0.2


@dataclass(frozen=True)
class Search:
    """What to search, and how.

    `trials` nets are judged in all, those found in the storage included. `sampler` is one of `SAMPLERS`; `population`
    belongs to "nsga2". `axes` says what each field of a candidate may be; one that isn't named keeps the table's
    value. `name` tells the searches of one storage apart.

    Raises:
        ValueError: If a number is below 1, the sampler is unknown, or an axis has values that the space lacks.
    """

    trials: int
    sampler: str = "nsga2"
    seed: int = 0
    population: int = 20
    limits: Limits = field(default_factory=Limits)
    axes: Mapping[str, Sequence[str | int]] = field(default_factory=lambda: dict(AXES))
    name: str = "search"

    def __post_init__(self) -> None:
        if self.trials < 1 or self.population < 2 or self.seed < 0:
            raise ValueError(f"expected at least 1 trial, 2 nets a population and no negative seed, got {self}")
        if self.sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, got {self.sampler!r}")
        for axis, values in self.axes.items():
            wrong = [value for value in values if value not in CHOICES.get(axis, ())]
            if wrong or not values:
                raise ValueError(f"axis {axis} may be {', '.join(map(str, CHOICES.get(axis, ())))}, got {list(values)}")

    def candidate(self, choice: Mapping[str, str | int]) -> Candidate:
        """The net of a choice from the axes."""
        return Candidate(**{"growth": 2, "expansion": 2, "block": "plain", "width": 8} | dict(choice))


@dataclass(frozen=True)
class Found:
    """A net that was judged: the trial's number, its accuracy by the proxy, its costs, and who judged it.

    `seconds` is how long, `finished` when, in seconds since 1970.
    """

    number: int
    candidate: Candidate
    accuracy: float
    costs: Costs
    seconds: float
    worker: str
    finished: float = 0.0


def run(
    evaluate: Evaluate,
    price: Price,
    how: Search,
    *,
    storage: str | None = None,
    workers: int = 1,
    on_start: Callable[[Candidate], None] | None = None,
) -> tuple[Found, ...]:
    """Search until so many nets have been judged.

    A storage that holds a part of the search is gone on with. Whoever calls this on another computer with the same
    database joins in. Trials of workers that died are given up and their nets queued again (see `search.storage`).

    Args:
        evaluate: Takes a candidate, gives an accuracy, a fraction: `BriefTraining`, `Recorded`, or your own.
        price: Takes a candidate, gives its `Costs`: `FromShapes`, `FromVela`, `RecordedCosts`, or your own.
        how: What to search and how.
        storage: See `open_storage`; None keeps the trials in memory, for one worker.
        workers: With 1 this process does the work. With more, so many processes with one thread each are started;
            `evaluate` and `price` are sent to them. They may judge up to `workers - 1` nets more than asked for.
        on_start: Called in this process with each net before it is judged; for one worker.

    Returns:
        The nets that were judged, in the order in which they were begun.

    Raises:
        ValueError: If several workers are asked for without a storage.
        EfficientAIError: If the storage holds another search under this name, a worker fails, or the space has no
            more nets within the limits.
    """
    if workers < 1 or (workers > 1 and storage is None):
        raise ValueError(f"expected at least 1 worker, and a storage for several, got {workers} and {storage!r}")
    study = join(how, storage)
    kept.release(study)
    with tqdm(total=how.trials, initial=min(done(study), how.trials), desc=how.name, disable=None, leave=False) as bar:
        if workers == 1:
            work(study, evaluate, price, how, on_start=on_start, after=lambda: _show(bar, study))
        else:
            from efficient_ai.search.workers import start

            started = [start(evaluate, price, how, storage=storage, part=part) for part in range(workers)]
            try:
                while any(worker.working() for worker in started):
                    _show(bar, study)
                    kept.release(study)
                    time.sleep(WAIT_S)
            finally:
                said = [worker.kill() for worker in started]
            kept.release(study)
            if done(study) < how.trials:
                raise EfficientAIError(f"{how.name}: all workers have ended: {said[0]}")
        _show(bar, study)
    return found(study)


def join(how: Search, storage: str | None, *, part: int = 0) -> optuna.Study:
    """Open a search in a storage, or begin it there.

    Args:
        how: The search.
        storage: See `open_storage`.
        part: A number that tells apart workers who join at the same time; their chances depend on it.

    Raises:
        EfficientAIError: If the storage holds another search under this name.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    study = optuna.create_study(
        storage=kept.open_storage(storage),
        study_name=how.name,
        directions=("maximize", "minimize", "minimize"),
        load_if_exists=True,
    )
    study.sampler = _sampler(how, [how.seed, part, len(study.get_trials(deepcopy=False))])
    asked = {"axes": {axis: list(values) for axis, values in how.axes.items()}, "limits": asdict(how.limits)}
    if study.user_attrs.get("asked", asked) != asked:
        raise EfficientAIError(f"{storage} holds another search called {how.name}: name another storage, or this one")
    study.set_user_attr("asked", asked)
    return study


def _sampler(how: Search, chances: list[int]) -> optuna.samplers.BaseSampler:
    import numpy as np
    import optuna

    seed = int(np.random.SeedSequence(chances).generate_state(1)[0])
    with kept.calm():
        if how.sampler == "nsga2":
            return optuna.samplers.NSGAIISampler(population_size=how.population, seed=seed)
        if how.sampler == "tpe":
            return optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=how.population, multivariate=True, constant_liar=True
            )
        return optuna.samplers.RandomSampler(seed=seed)


def work(
    study: optuna.Study,
    evaluate: Evaluate,
    price: Price,
    how: Search,
    *,
    on_start: Callable[[Candidate], None] | None = None,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Do trials in this process until enough nets have been judged, or others will have judged them."""
    vain = 0

    def trial(one: optuna.Trial) -> tuple[float, float, float]:
        one.set_user_attr("worker", kept.me())
        begun = time.perf_counter()
        candidate = how.candidate({axis: one.suggest_categorical(axis, list(how.axes[axis])) for axis in how.axes})
        _refuse_what_is_known(study, one)
        costs = price(candidate)
        excess = how.limits.excess(costs)
        for name, share in excess.items():
            one.set_constraint(name, share)
        fits = all(share <= 0 for share in excess.values())
        if fits and on_start:
            on_start(candidate)
        accuracy = float(evaluate(candidate)) if fits else 0.0
        seconds = time.perf_counter() - begun
        about = {"candidate": asdict(candidate), "costs": asdict(costs), "judged": fits, "seconds": seconds}
        one.set_user_attr("about", about)
        return accuracy, costs.latency_s, costs.size_bytes

    def count(_: optuna.Study, last: optuna.trial.FrozenTrial) -> None:
        nonlocal vain
        vain = 0 if _judged(last) else vain + 1
        after()

    with kept.calm():
        while _wanted(study, how.trials):
            study.optimize(trial, n_trials=1, callbacks=[count])
            if vain >= IN_VAIN:
                raise EfficientAIError(
                    f"{done(study)} of {how.trials} nets judged, and {IN_VAIN} trials in a row found none that is new "
                    "and within the limits: loosen them, or ask for fewer trials"
                )


def _wanted(study: optuna.Study, trials: int) -> bool:
    """Whether another trial should begin; waits while it depends on how those of others on this computer end."""
    import optuna

    while True:
        if done(study) >= trials:
            return False
        running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        if done(study) + len(running) < trials:
            return True
        if not any(kept.here(trial) for trial in running):
            return False
        time.sleep(WAIT_S)
        kept.release(study)


def _refuse_what_is_known(study: optuna.Study, one: optuna.Trial) -> None:
    import optuna

    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.RUNNING)
    for other in study.get_trials(deepcopy=False, states=states):
        if other.number < one.number and other.params == one.params:
            raise optuna.TrialPruned


def _judged(trial: optuna.trial.FrozenTrial) -> bool:
    return trial.state.name == "COMPLETE" and trial.user_attrs["about"]["judged"]


def done(study: optuna.Study) -> int:
    """How many nets have been judged."""
    return sum(map(_judged, study.get_trials(deepcopy=False)))


def _show(bar: Any, study: optuna.Study) -> None:
    bar.update(min(done(study), bar.total) - bar.n)


def found(study: optuna.Study) -> tuple[Found, ...]:
    """The nets that were judged, in the order in which they were begun."""
    result = []
    for trial in filter(_judged, study.get_trials(deepcopy=False)):
        about, worker = trial.user_attrs["about"], trial.user_attrs["worker"]
        net, costs = Candidate(**about["candidate"]), Costs(**about["costs"])
        at = trial.datetime_complete.timestamp()
        result.append(Found(trial.number, net, trial.values[0], costs, about["seconds"], worker, at))
    return tuple(result)


def as_row(one: Found) -> dict[str, Any]:
    """A net that was judged, as plain JSON values."""
    return {**asdict(one.candidate), "accuracy": one.accuracy, **asdict(one.costs), "number": one.number}
