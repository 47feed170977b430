"""The library's reference, made of its docstrings: read as text, so that nothing is imported."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
HOUSE = (
    "errors",
    "records",
    "published",
    "cache",
    "data",
    "numerics",
    "models",
    "cost",
    "metrics",
    "train",
    "compress",
    "peers",
    "engines",
    "hardware",
    "measure",
    "search",
    "emerging",
    "decide",
    "studies",
    "plots",
    "report",
    "book",
)
HELP_COLUMNS = 84
SIGNATURE_COLUMNS = 84
KEY = re.compile(r"\b[a-z]+\d{4}[a-z0-9]*\b")  # of the bibliography
SPECIAL = re.compile(r"(`+[^`]*`+|(?<![\w*])\*[A-Za-z]+\*(?![\w*]))|([\\*_{}\[\]<>$@^~#|!])")


def markdown(keys: frozenset[str] = frozenset()) -> str:
    """The whole reference: the rooms in the order of the house, then the command line.

    Args:
        keys: The bibliography's keys; where a docstring names one, it becomes a citation.

    Returns:
        Markdown for Quarto and for the book's own renderer: in full for HTML, a line for each name in the PDF.
    """
    rooms = "\n\n".join(part.strip() for part in _rooms())
    cited = KEY.sub(lambda m: f"@{m[0]}" if m[0] in keys else m[0], rooms)
    return "\n\n".join([cited, *(part.strip() for part in _command_line())]) + "\n"


def names() -> dict[str, str]:
    """For each public name, as in `compress.convert`, the kind of thing that it is."""
    return {name: entry.kind.value for _, entries in _house() for name, entry in entries}


@cache
def _house() -> tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...]:
    """Each room with what it offers: what `__all__` lists, or the public names that it defines."""
    import logging

    import griffe

    logging.getLogger("griffe").setLevel(logging.ERROR)
    package = griffe.load(
        PACKAGE.name, search_paths=[PACKAGE.parent], docstring_parser="google", allow_inspection=False
    )
    rooms = [package.members[name] for name in HOUSE if name in package.members]
    return tuple((room, tuple(_offered(package, room))) for room in rooms)


def _offered(package: Any, room: Any) -> Iterator[tuple[str, Any]]:
    if room.exports is None:
        yield from ((f"{room.name}.{name}", entry) for name, entry in _own(room))
        return
    for name in sorted(map(str, room.exports), key=str.lower):
        path = room.imports.get(name)  # a module may bear the name of the function that it defines
        entry = package[path.removeprefix(f"{package.name}.")] if path else room.members[name]
        if entry.is_module:
            yield from ((f"{room.name}.{name}.{inner}", member) for inner, member in _own(entry))
        elif entry.is_function or entry.is_class:
            yield f"{room.name}.{name}", entry


def _own(module: Any) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a module defines for others, and so describes, in the order of its source."""
    for name, entry in module.members.items():
        offered = not entry.is_alias and (entry.is_function or entry.is_class) and entry.docstring
        if offered and not name.startswith("_"):
            yield name, entry


def _rooms() -> Iterator[str]:
    for room, entries in _house():
        if not entries:
            continue
        yield f"## `{room.name}` {{#lib-{room.name}}}\n\n{_paragraphs(room.docstring.value)}"
        full = "\n\n".join(_entry(name, entry) for name, entry in entries)
        yield _only("html", full)
        short = "\n\n".join(f"`{name}{_short(entry)}` {_summary(entry)}" for name, entry in entries)
        yield _small(short)


def _only(form: str, text: str) -> str:
    return f'::: {{.content-visible when-format="{form}"}}\n\n{text}\n\n:::'


def _small(text: str) -> str:
    """What stands in the PDF only, in small type with hanging lines."""
    begin = """#[
#set text(size: 8.5pt)
#set par(justify: false, leading: 0.5em, spacing: 0.7em, hanging-indent: 1.5em)
#show raw: set text(size: 7.2pt)"""
    return _only("typst", f"```{{=typst}}\n{begin}\n```\n\n{text}\n\n```{{=typst}}\n]\n```")


def _entry(name: str, entry: Any) -> str:
    """Its name and first paragraph, and folded under the call all else that its docstring says."""
    text = entry.docstring.value if entry.docstring else ""
    _, _, text = text.partition("\n\n")
    text, _, source = text.partition("Source:")
    parts = []
    if entry.is_function or any(_parameters(entry)):
        parts.append(f"```python\n{_signature(name, entry)}\n```")
    parts += _sections(entry, text)
    members = [(n, m) for n, m in entry.members.items() if entry.is_class and _is_shown(n, m)]
    if members:
        parts.append(_definitions("Members", ((_member(n, m), _summary(m)) for n, m in members)))
    if source:
        parts.append(f"**Source.** {_inline(source)}")
    shown = [f"### `{name}` {{#lib-{name} .unnumbered .unlisted}}", _summary(entry)]
    return "\n\n".join([*shown, *_folded(f"{name}{_short(entry)}", parts)])


def _folded(call: str, parts: list[str]) -> list[str]:
    if not parts:
        return []
    begin = f'<details class="entry"><summary><code>{html.escape(call)}</code></summary>'
    return [f"```{{=html}}\n{begin}\n```", *parts, "```{=html}\n</details>\n```"]


def _sections(entry: Any, text: str) -> Iterator[str]:
    """The docstring's sections as Markdown, in their order."""
    import griffe

    described = griffe.Docstring(text, parent=entry, parser="google")
    for section in described.parse("google", warnings=False):
        kind = section.kind.value
        if kind == "text":
            yield _paragraphs(section.value)
        elif kind in ("parameters", "other parameters", "attributes"):
            title = "Fields" if kind == "attributes" else "Arguments"
            yield _definitions(title, ((f"`{item.name}`", _inline(item.description)) for item in section.value))
        elif kind in ("returns", "yields"):
            yield f"**{kind.capitalize()}.** {_inline(' '.join(item.description for item in section.value))}"
        elif kind == "raises":
            yield _definitions(
                "Raises", ((f"`{item.annotation}`", _inline(item.description)) for item in section.value)
            )
        else:
            raise ValueError(f"{entry.path}: a docstring's section of kind {kind} has no form in the reference")


def _is_shown(name: str, member: Any) -> bool:
    """Of a class: public methods and properties; its fields stand in the signature."""
    return not name.startswith("_") and bool(member.docstring) and (member.is_function or "property" in member.labels)


def _member(name: str, member: Any) -> str:
    return f"`{name}`" if "property" in member.labels else f"`{name}{_short(member)}`"


def _definitions(title: str, items: Iterator[tuple[str, str]]) -> str:
    return f"**{title}.**\n\n" + "\n\n".join(f"{term}\n: {text}" for term, text in items)


def _parameters(entry: Any) -> Iterator[tuple[str, str, str]]:
    """Each parameter as it is written: name with its stars, annotation, default; a bare star where names begin."""
    starred = False
    for parameter in getattr(entry, "parameters", ()):
        kind = parameter.kind.value if parameter.kind else ""
        if parameter.name in ("self", "cls"):
            continue
        if kind == "keyword-only" and not starred:
            yield "*", "", ""
        starred = starred or kind in ("keyword-only", "variadic positional")
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        default = "" if stars or parameter.default is None else str(parameter.default)
        yield stars + parameter.name, str(parameter.annotation or ""), default


def _signature(name: str, entry: Any) -> str:
    """The call with its types, on lines of their own where one is too long."""
    made = []
    for parameter, annotation, default in _parameters(entry):
        typed = f"{parameter}: {annotation}" if annotation else parameter
        made.append(f"{typed}{' = ' if annotation else '='}{default}" if default else typed)
    end = f" -> {entry.returns}" if entry.is_function and entry.returns else ""
    line = f"{name}({', '.join(made)}){end}"
    if len(line) <= SIGNATURE_COLUMNS or not made:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in made), f"){end}"])


def _short(entry: Any) -> str:
    return f"({', '.join(f'{name}={default}' if default else name for name, _, default in _parameters(entry))})"


def _summary(entry: Any) -> str:
    text = entry.docstring.value if entry.docstring else ""
    return _inline(re.split(r"\n\s*\n", text)[0])


def _paragraphs(text: str) -> str:
    return "\n\n".join(
        "\n".join(_inline(line) for line in part.split("\n")) if re.match(r"\s*[-*] ", part) else _inline(part)
        for part in re.split(r"\n\s*\n", text)
    )


def _inline(text: str) -> str:
    """A docstring's text as Markdown: its code stays code, a stressed word stressed, all else as written."""
    return SPECIAL.sub(lambda m: m[1] or "\\" + m[2], " ".join(text.split()))


@cache
def _command_line() -> tuple[str, ...]:
    """`efficient-ai --help` and that of each command, asked of the command line itself."""
    whole = _help()
    commands = re.findall(r"^    ([a-z][\w-]*)", whole.partition("COMMAND\n")[2].partition("\noptions:")[0], re.M)
    parts = ["## Command line {#lib-commands}", _inline(whole.split("\n\n")[1])]
    full, short = [], []
    for name in commands:
        usage, text = (" ".join(part.split()) for part in _help(name).split("\n\n")[:2])
        text = f"{text[:1].upper()}{text[1:].rstrip('.')}."
        title = f"### `efficient-ai {name}` {{#cmd-{name} .unnumbered .unlisted}}"
        full.append(f"{title}\n\n{_inline(text)}\n\n```\n{_help(name).strip()}\n```")
        short.append(f"`{usage.removeprefix('usage: ').replace(' [-h]', '')}` {_inline(text)}")
    return (*parts, _only("html", "\n\n".join(full)), _small("\n\n".join(short)))


@cache
def _help(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "efficient_ai.cli", *command, "--help"],
        env={**os.environ, "COLUMNS": str(HELP_COLUMNS), "PYTHONPATH": str(PACKAGE.parent), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return textwrap.dedent(done.stdout)
