"""The decision guide: a budget and a model's figures in, what to try first out, each with its reason.

The reasons are the book's own findings, in their words and with their figures; `levers.toml` says which finding
speaks for what. The guide is plain: it looks for the limits that are missed, asks each lever how much of the way it
went where the book tried it, and puts cheap ones before dear ones. It knows nothing of what wasn't entered.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from efficient_ai.decide.budget import MET, MISSED, Budget, Figure, Verdict, check
from efficient_ai.decide.choose import Row
from efficient_ai.decide.findings import Found
from efficient_ai.decide.on_board import BOARDS
from efficient_ai.decide.quantities import AT_LEAST, QUANTITIES

AS_NEEDED = "as needed"
SOME, MUCH = 0.05, 0.5  # of the way to a limit: too little to be worth a line, and enough to be tried before others
_FILE = Path(__file__).with_name("levers.toml")
_NEEDS = ("", "sleep", "microcontroller", "clock")


@dataclass(frozen=True)
class Lever:
    """Something to try. `helps` names by quantity the finding that says how far it goes, or `AS_NEEDED`.

    `done_by` are techniques after which it is done; `unlocks` the precision for which a board's figures are published;
    `needs` what the budget must be like: "sleep", with a device that sleeps; "microcontroller", one whose results are
    published; "clock", a latency that is to be measured.
    """

    name: str
    effort: int
    tells: str
    why: str
    helps: Mapping[str, str]
    done_by: tuple[str, ...] = ()
    unlocks: str = ""
    needs: str = ""


@dataclass(frozen=True)
class Refusal:
    """Something that is often tried for the quantities in `tempts`, and why not; `needs` as of a lever.

    It holds for one `engine` alone where one is named.
    """

    name: str
    tells: str
    why: str
    tempts: tuple[str, ...]
    engine: str = ""
    needs: str = ""


@dataclass(frozen=True)
class Proposal:
    """A lever for this budget: the limits that it works on, how much of the way it goes, and the finding behind it.

    `reach` is, over the limits that it works on, the largest share of the missing factor that the finding's factor
    covers: 1 where one is reached by it alone. The finding was made with another net, so it is a hope.
    """

    lever: Lever
    limits: tuple[str, ...]
    reach: float
    reason: str
    finding: Found


@dataclass(frozen=True)
class Guide:
    """What to try, in order, what not to, and the limits for which the book found nothing that helps."""

    budget: str
    missed: tuple[Verdict, ...]
    first: tuple[Proposal, ...]
    not_to_try: tuple[tuple[Refusal, str], ...]
    unanswered: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@functools.cache
def levers() -> tuple[tuple[Lever, ...], tuple[Refusal, ...]]:
    """What the guide may propose, and what it advises against."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    found = tuple(Lever(**{**entry, "done_by": tuple(entry.get("done_by", ()))}) for entry in content["lever"])
    against = tuple(Refusal(**{**entry, "tempts": tuple(entry["tempts"])}) for entry in content["refusal"])
    for lever in found:
        if lever.needs not in _NEEDS:
            raise ValueError(f"needs of {lever.name} must be one of {', '.join(_NEEDS)}, got {lever.needs!r}")
        if unknown := [key for key in lever.helps if key not in QUANTITIES]:
            raise ValueError(f"{lever.name} helps {unknown[0]!r}, which is no quantity")
    return found, against


def propose(
    budget: Budget,
    figures: Mapping[str, Figure],
    findings: Sequence[Found],
    *,
    done: Collection[str] = (),
    most: int = 3,
) -> Guide:
    """Propose what to try first for a model that doesn't keep a budget.

    Args:
        budget: The limits.
        figures: The model's, by key, as `decide.figures_of` finds them or a row of a study has them.
        findings: What the pages found, as `findings.gather` gives it.
        done: Techniques that the model has been through, as "int8" or "pruned".
        most: Proposals wanted.

    Returns:
        The guide. Where no limit is missed, the quantity that decides among variants is worked on. `silent` are
        levers whose finding is missing: the pages have to run before the guide can speak of them.

    Raises:
        ValueError: If `most` is below 1.
    """
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}")
    by = {one.expected.id: one for one in findings if not one.missing}
    verdicts = check(budget, figures)
    missed = tuple(v for v in verdicts if v.outcome == MISSED)
    unseen = tuple(v for v in verdicts if v.outcome not in (MET, MISSED) and v.limit.kind == "modelled")
    wanted = {v.limit.key: _needed(v) for v in missed} | {v.limit.key: math.nan for v in unseen}
    wanted = wanted or {budget.best: math.nan}
    offered, against = levers()
    usable = [one for one in offered if not set(one.done_by) & set(done) and _fits(one, budget)]
    found = [p for lever in usable if lever.tells in by and (p := _proposal(lever, wanted, unseen, by))]
    found.sort(key=lambda p: (p.reach < MUCH, p.lever.effort, -p.reach))
    tempting = [one for one in against if set(one.tempts) & set(wanted) and one.engine in ("", budget.engine)]
    tempting = [one for one in tempting if _fits(one, budget)]
    refused = tuple((one, _said(one, by[one.tells])) for one in tempting if one.tells in by and _vain(by[one.tells]))
    silent = tuple(one.name for one in (*usable, *tempting) if one.tells not in by)
    answered = {key for proposal in found for key in proposal.limits}
    unanswered = tuple(key for key in wanted if key not in answered)
    return Guide(budget.name, (*missed, *unseen), tuple(found[:most]), refused, unanswered, silent)


def _vain(told: Found) -> bool:
    """Whether a finding shows no gain worth the name: by a factor of 1.2, as everywhere in the book."""
    return told.factor is None or told.factor < 1.2


def _said(one: Lever | Refusal, told: Found) -> str:
    return one.why.format(gave=told.gave, cost=told.cost)


def _needed(verdict: Verdict) -> float:
    """How far a missed limit is away: the missing factor, or of shares of right answers the missing points."""
    assert verdict.figure is not None  # it is missed, so it has a value
    assert verdict.figure.value is not None
    value, limit = verdict.figure.value, verdict.limit.value
    if verdict.limit.quantity.fraction:
        return 100 * abs(value - limit)
    if verdict.limit.quantity.side == AT_LEAST:
        return math.inf if value <= 0 else limit / value
    return math.inf if limit <= 0 else value / limit


def steps_of(row: Row) -> frozenset[str]:
    """What a variant has been through, in the words of `Lever.done_by`: its techniques, and its precision."""
    return frozenset({*row.technique.split(" and "), row.name.rpartition(" ")[2]} - {"float32"})


def _fits(lever: Lever | Refusal, budget: Budget) -> bool:
    if lever.needs == "clock":
        return any(limit.key.startswith("latency") and limit.kind == "measured" for limit in budget.limits)
    if lever.needs == "sleep":
        return budget.supply is not None and budget.supply.sleep_mw > 0
    if lever.needs == "microcontroller":
        return budget.device.name in BOARDS and not budget.accelerator
    return True


def _proposal(
    lever: Lever, wanted: Mapping[str, float], unseen: Sequence[Verdict], by: Mapping[str, Found]
) -> Proposal | None:
    reach = {key: _reach(lever.helps[key], needed, key, by) for key, needed in wanted.items() if key in lever.helps}
    if lever.unlocks:  # a figure of the board exists for this precision only: nothing can be said before
        reach |= {v.limit.key: 1.0 for v in unseen if lever.unlocks in v.reason}
    limits = tuple(key for key, share in reach.items() if share >= SOME)
    if not limits:
        return None
    told = by[lever.tells]
    reason = _said(lever, told)
    if lever.unlocks and any(lever.unlocks in v.reason for v in unseen):
        reason += "; and without it nothing can be said of the board"
    return Proposal(lever, limits, max(reach.values()), reason, told)


def _reach(which: str, needed: float, key: str, by: Mapping[str, Found]) -> float:
    """The share of the way to a limit that a finding covers; half of it where the way isn't known."""
    if which == AS_NEEDED:
        return 1.0
    if which not in by:
        return 0.0
    found = by[which]
    if QUANTITIES[key].fraction:
        covers = found.points or 0.0
        return 0.5 if math.isnan(needed) and covers > 0 else min(1.0, max(0.0, covers / needed)) if needed else 0.0
    factor = found.factor or 1.0
    if factor <= 1:
        return 0.0
    if math.isnan(needed):
        return 0.5
    return 0.0 if math.isinf(needed) else min(1.0, math.log(factor) / math.log(needed)) if needed > 1 else 0.0
