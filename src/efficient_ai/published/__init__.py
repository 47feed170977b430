"""Figures that others published: typed once, in `published.toml`, with unit, source and how each was checked."""

from __future__ import annotations

import difflib
import functools
import tomllib
from pathlib import Path
from typing import Any

from efficient_ai.errors import EfficientAIError
from efficient_ai.records import PublishedFigure

_RATES = ("TOPS", "TOPS/W", "GB/s", "MHz", "inferences/s", "frames/s", "ratio/year", "USD/kWh")
_AMOUNTS = ("count", "fraction", "ratio", "GMAC", "FLOP", "KB", "MB", "MiB", "GiB", "ms", "months")
_ENERGIES = ("pJ", "uJ", "MWh", "W", "t")
UNITS = frozenset({*_AMOUNTS, *_RATES, *_ENERGIES})
VERIFIED = frozenset({"V", "2"})
_FILE = Path(__file__).with_name("published.toml")


class UnknownFigure(EfficientAIError, KeyError):
    """No published figure has this key; the message lists near ones."""

    __str__ = Exception.__str__  # KeyError's shows the message in quotes


def parse(text: str) -> tuple[PublishedFigure, ...]:
    """Read figures from TOML text in the layout of `published.toml`.

    Args:
        text: Groups of figures that share prefix, source, where and verified.

    Returns:
        The figures in the order of the file.

    Raises:
        ValueError: If a key stands twice, a unit is not one of `UNITS`, or a figure was checked in none of the ways
            in `VERIFIED`: what is only remembered ("M") is looked up first, or left out.
    """
    found: dict[str, PublishedFigure] = {}
    for group in tomllib.loads(text).get("group", []):
        for entry in group["figures"]:
            new = _figure(group, entry)
            if new.key in found:
                raise ValueError(f"published figure {new.key} stands twice; keep one")
            found[new.key] = new
    return tuple(found.values())


def figure(key: str) -> PublishedFigure:
    """Give one published figure.

    Args:
        key: For example `"torchvision.resnet50.macs"`.

    Returns:
        The figure with unit, source (bib key), place in the source, and how it was checked.

    Raises:
        UnknownFigure: If there is none under this key; the message lists the nearest keys.
    """
    try:
        return _figures()[key]
    except KeyError:
        raise UnknownFigure(_unknown(key)) from None


def figures(prefix: str = "") -> tuple[PublishedFigure, ...]:
    """Give the published figures below a prefix.

    Args:
        prefix: Whole parts of a key, as in `"torchvision"` or `"torchvision.resnet50"`; empty for all figures.

    Returns:
        The figures in the order of the file, at least one.

    Raises:
        UnknownFigure: If no key starts with this prefix.
    """
    chosen = tuple(f for k, f in _figures().items() if not prefix or k == prefix or k.startswith(f"{prefix}."))
    if not chosen:
        raise UnknownFigure(_unknown(prefix))
    return chosen


@functools.cache
def _figures() -> dict[str, PublishedFigure]:
    return {f.key: f for f in parse(_FILE.read_text(encoding="utf-8"))}


def _figure(group: dict[str, Any], entry: dict[str, Any]) -> PublishedFigure:
    fields = {"where": group["where"], "verified": group["verified"], **entry}
    key = f"{group['prefix']}.{entry['key']}"
    if fields["unit"] not in UNITS:
        raise ValueError(f"unit of {key} must be one of {', '.join(sorted(UNITS))}, got {fields['unit']}")
    if fields["verified"] not in VERIFIED:
        raise ValueError(
            f"{key} must be verified V (in the source) or 2 (in a secondary text), got {fields['verified']}; "
            "look it up or leave it out"
        )
    return PublishedFigure(key, fields["value"], fields["unit"], group["source"], fields["where"], fields["verified"])


def _unknown(key: str) -> str:
    keys = list(_figures())
    near = difflib.get_close_matches(key, keys, n=5, cutoff=0.5)
    near += [k for k in keys if k.startswith(f"{key.split('.')[0]}.") and k not in near][: 5 - len(near)]
    hint = f"near ones: {', '.join(near)}" if near else "figures() gives all keys"
    return f"no published figure {key!r}; {hint}"
