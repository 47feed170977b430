"""Renew constraints.txt: `make constraints`, or `python3.11 benchmarks/constraints.py python3.11 python3.12`.

pip resolves the extra "test" in a fresh environment of each Python, without constraints, and installs nothing. Where
the Pythons differ, a line has a marker. It uses the standard library only: an old lock must not stand in its way.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# pip's own and the project's: as `pip freeze --exclude-editable` leaves them out.
OUT = frozenset({"efficient-ai", "pip", "setuptools", "wheel"})

Pins = dict[str, str]


def normal(name: str) -> str:
    """A package's name as all spell it alike."""
    return name.lower().replace("_", "-").replace(".", "-")


def resolve(python: str) -> tuple[str, Pins]:
    """What pip would install for one Python.

    Args:
        python: Its command.

    Returns:
        Its version, as in `"3.12"`, and each package's version.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--upgrade", "pip"], check=True)
        report = Path(folder, "report.json")
        subprocess.run([*pip, "--dry-run", "--prefer-binary", "--report", str(report), ".[test]"], cwd=ROOT, check=True)
        found = json.loads(report.read_text("utf-8"))
    pins = {one["metadata"]["name"]: one["metadata"]["version"] for one in found["install"]}
    return found["environment"]["python_version"], {n: v for n, v in pins.items() if normal(n) not in OUT}


def marker(pythons: list[str], known: list[str]) -> str:
    """Which of the known Pythons a line is for, so that a newer one gets what the newest of them got."""
    first, last = known.index(pythons[0]), known.index(pythons[-1])
    if last - first + 1 != len(pythons):
        return " or ".join(f"python_version == '{python}'" for python in pythons)
    above = [f"python_version >= '{pythons[0]}'"] if first else []
    below = [f"python_version < '{known[last + 1]}'"] if last + 1 < len(known) else []
    return " and ".join([*above, *below])


def merge(found: dict[str, Pins]) -> list[str]:
    """The lines of a constraints file.

    Args:
        found: For each Python's version, as in `"3.12"`, what pip chose; the oldest first.

    Returns:
        A line for each package; where the Pythons differ in its version, one for each version, with the Pythons
        that it is for. A package that some don't need has a line without a marker: nobody else will ask for it.
    """
    spelled = {normal(name): name for pins in found.values() for name in pins}
    versions = {python: {normal(name): version for name, version in pins.items()} for python, pins in found.items()}
    lines = []
    for name in sorted(spelled):
        chosen: dict[str, list[str]] = {}
        for python, pins in versions.items():
            if name in pins:
                chosen.setdefault(pins[name], []).append(python)
        having = [python for python in versions if name in versions[python]]
        for version, pythons in chosen.items():
            lines.append(f"{spelled[name]}=={version}" + (f"; {marker(pythons, having)}" if len(chosen) > 1 else ""))
    return lines


def text(found: dict[str, Pins], day: datetime.date) -> str:
    """The whole file."""
    *most, last = found
    pythons = f"{', '.join(most)} and {last}" if most else last
    head = (
        f'# Versions that resolve together on Python {pythons}, with the extra "test"; `make constraints` renews them.'
    )
    return "\n".join([head, f"# Resolved on {day.isoformat()}.", *merge(found)]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the file, as a whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON", help="each Python to resolve for, the oldest first")
    parser.add_argument("--out", type=Path, default=ROOT / "constraints.txt", metavar="FILE")
    options = parser.parse_args(arguments)
    found: dict[str, Pins] = {}
    for python in options.pythons:
        print(f"resolving for {python}", file=sys.stderr, flush=True)
        try:
            version, pins = resolve(python)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"constraints: {python}: {error}; PYTHONS=... names the ones to use", file=sys.stderr)
            return 2
        found[version] = pins
    whole = options.out.with_name(options.out.name + ".new")
    whole.write_text(text(found, datetime.date.today()), "utf-8")
    os.replace(whole, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
