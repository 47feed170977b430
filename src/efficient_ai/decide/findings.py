"""What the book found, technique by technique: gathered from what the pages entered, never typed again.

`findings.toml` says what is expected: under which page and key it stands, which values it has, in which words it is
said, and which published figure stands beside it. What isn't there is a finding all the same, marked as missing.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efficient_ai import cache, published
from efficient_ai.decide.expressions import evaluate

HERE, SHIPPED, MISSING = "this machine", "the book's own run", "missing"
CURRENCIES = ("bytes", "time", "work", "energy", "accuracy")
_OTHERS = re.compile(r"\bof\(['\"]([^'\"]+)['\"]")  # other entries of the page that an expression looks at
_FILE = Path(__file__).with_name("findings.toml")
_PLACE = ("page", "key", "section")
_NUMBERS = ("factor", "points", "low", "high")
_FIELDS = ("id", "name", "technique", "currency", "gave", "cost", "paper", "paper_says", *_PLACE, *_NUMBERS)


@dataclass(frozen=True)
class Expected:
    """A finding as `findings.toml` declares it.

    `factor` (how many times less of the currency), `points` with `low` and `high` (of accuracy), and `paper` are
    expressions over the entry's values, over other entries of the page (`of("key", "value")`), and over published
    figures (`published("key")`). `gave`, `cost` and `paper_says` are the words, with all of these in braces.
    """

    id: str
    name: str
    technique: str
    currency: str
    page: str
    key: str
    section: str
    gave: str
    cost: str
    factor: str = ""
    points: str = ""
    low: str = ""
    high: str = ""
    paper: str = ""
    paper_says: str = "{paper:.1f}×"


@dataclass(frozen=True)
class Found:
    """A finding with its values. `source` is `HERE`, `SHIPPED` or `MISSING`; `stale` says that older code made it.

    `factor` is above one where something was saved, below where it got worse; None where it is no ratio. `points`,
    `low` and `high` are percentage points of accuracy. `paper_source` is the bib key.
    """

    expected: Expected
    source: str
    stale: bool = False
    factor: float | None = None
    points: float | None = None
    low: float | None = None
    high: float | None = None
    gave: str = ""
    cost: str = ""
    paper: str = ""
    paper_source: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def missing(self) -> bool:
        return self.source == MISSING

    def say(self, words: str) -> str:
        """Words with the entry's values in braces; where it is missing, which page to run."""
        if self.missing:
            return f"[unknown: run {self.expected.page}]"
        known = {name: value for name in _NUMBERS if (value := getattr(self, name)) is not None}
        return _minus(words.format(**{**self.values, **known}))


@functools.cache
def expected() -> tuple[Expected, ...]:
    """What the pages are expected to have entered, in the order in which it is told."""
    return parse(_FILE.read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Expected, ...]:
    """Read declarations from TOML text in the layout of `findings.toml`.

    Raises:
        ValueError: If a field isn't known or missing, an id stands twice, or a currency is none of `CURRENCIES`.
    """
    found: dict[str, Expected] = {}
    for entry in tomllib.loads(text).get("finding", []):
        if unknown := set(entry) - set(_FIELDS):
            raise ValueError(f"unknown field {min(unknown)!r} in the finding {entry.get('id', entry)!r}")
        try:
            new = Expected(**entry)
        except TypeError as error:
            raise ValueError(f"the finding {entry.get('id', entry)!r}: {error}") from None
        if new.id in found:
            raise ValueError(f"the finding {new.id!r} stands twice; keep one")
        if new.currency not in CURRENCIES:
            raise ValueError(f"currency of {new.id} must be one of {', '.join(CURRENCIES)}, got {new.currency!r}")
        found[new.id] = new
    return tuple(found.values())


def gather(wanted: Sequence[Expected] | None = None) -> tuple[Found, ...]:
    """Take what the pages entered, each finding from the best place that has it.

    What this machine found with the package's present code comes first, then what ships with the package from the
    same code, then the same two from older code.

    Args:
        wanted: The declarations; all of them when left out.

    Returns:
        A finding for each, in their order. None is left out: what is nowhere is `MISSING`.
    """
    return tuple(_found(one) for one in (expected() if wanted is None else wanted))


def entry(page: str, key: str) -> tuple[dict[str, Any], str]:
    """One entry of the results store, or of what ships with the package where that is better.

    Args:
        page: As in `cache.record_result`.
        key: The same.

    Returns:
        The entry, with `stale`, and where it is from; an empty one and `MISSING` where there is none.
    """
    places = ((cache.results(page).get(key), HERE), (cache.shipped_results(page).get(key), SHIPPED))
    there = [(found, source) for found, source in places if found is not None]
    return min(there, key=lambda pair: pair[0]["stale"], default=({}, MISSING))


def to_execute(found: Sequence[Found]) -> dict[str, tuple[str, ...]]:
    """Which pages have to run for which findings to be this machine's and of the present code.

    Returns:
        By page, in the findings' order, the names of those that are missing, stale, or from the book's own run.
    """
    pages: dict[str, tuple[str, ...]] = {}
    for one in found:
        if one.stale or one.source != HERE:
            pages[one.expected.page] = (*pages.get(one.expected.page, ()), one.expected.name)
    return pages


def state(found: Sequence[Found]) -> str:
    """How much of it is this machine's own, in a sentence that names what isn't and which pages mend it."""
    here = [one for one in found if one.source == HERE and not one.stale]
    if len(here) == len(found):
        return f"All {len(found)} findings were entered by pages that ran on this machine with the present code."
    parts = [f"Of {len(found)} findings {len(here)} are of this machine and of the present code."]
    groups = {
        "missing everywhere": [one for one in found if one.missing],
        "from the book's own run": [one for one in found if one.source == SHIPPED and not one.stale],
        "older than the present code": [one for one in found if one.stale],
    }
    for how, which in groups.items():
        if which:
            names = "; ".join(one.expected.name for one in which)
            parts.append(f"{len(which)} {'is' if len(which) == 1 else 'are'} {how}: {names}.")
    pages = ", ".join(to_execute(found))
    return " ".join([*parts, f"Executing these pages mends it: {pages}."])


def to_ship(found: Sequence[Found]) -> dict[str, dict[str, dict[str, Any]]]:
    """The entries behind findings, by page and key, as `cache.ship_results` takes them, and those in `LEDGERS`.

    Returns:
        What there is, from the places that `entry` prefers.
    """
    wanted = {(one.expected.page, one.expected.key) for one in found} | set(LEDGERS)
    for one in (one.expected for one in found):
        wanted |= {(one.page, key) for text in (one.factor, one.points) for key in _OTHERS.findall(text)}
    entries: dict[str, dict[str, dict[str, Any]]] = {}
    for page, key in sorted(wanted):
        values, source = entry(page, key)
        if source != MISSING:
            entries.setdefault(page, {})[key] = values
    return entries


# Entries that no technique has, and the conclusion reads for the products.
LEDGERS = (
    ("introduction", "keyword-button"),
    ("need", "energy_by_macs"),
    ("need", "energy_by_time"),
    ("need", "stream_stm32l4r5"),
    ("inference", "vela.resnet-8"),
    ("inference", "vela.mobilenetv2_0.35"),
    ("benchmarking", "case"),
    ("benchmarking", "half-a-point"),
    ("caveats", "products"),
    ("caveats", "battery_days_modelled"),
    ("caveats", "rank_agreement"),
    ("caveats", "budget_known_last"),
)


def _found(one: Expected) -> Found:
    sources: list[str] = []

    def figure(key: str) -> float:
        known = published.figure(key)
        sources.append(known.source)
        return known.value

    def other(key: str, name: str) -> float | None:
        return entry(one.page, key)[0].get(name)

    functions = {"published": figure, "of": other}
    paper = evaluate(one.paper, {}, functions) if one.paper else None
    said = "" if paper is None else _minus(one.paper_says.format(paper=paper, percent=100 * paper))
    beside = {"paper": said, "paper_source": sources[0] if sources else ""}
    values, source = entry(one.page, one.key)
    if source == MISSING:
        return Found(one, MISSING, **beside)
    texts = {name: getattr(one, name) for name in _NUMBERS}
    numbers = {name: evaluate(text, values, functions) if text else None for name, text in texts.items()}
    known = {name: number for name, number in numbers.items() if number is not None}
    try:
        gave, cost = (_minus(words.format(**{**values, **known})) for words in (one.gave, one.cost))
    except (KeyError, TypeError):  # an entry from before the page entered all that is needed
        return Found(one, MISSING, **beside)
    return Found(one, source, bool(values["stale"]), **numbers, gave=gave, cost=cost, **beside, values=values)


def _minus(text: str) -> str:
    return re.sub(r"(?<![\w–-])-(?=\d)", "−", text)
