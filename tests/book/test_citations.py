"""Citations resolve both ways: what a page cites stands in references.bib, and what stands there is used."""

from __future__ import annotations

import re

from sources import ROOT, none, sources

KEYS = set(re.findall(r"^@\w+\{([^,\s]+)", (ROOT / "references.bib").read_text("utf-8"), re.M))
REFERENCE = re.compile(r"(fig|tbl|sec|eq|exr)-")


def test_every_cited_key_is_in_the_bibliography():
    wrong = [
        f"{source.name}: @{key}"
        for source in sources()
        for key in sorted(source.cited())
        if not REFERENCE.match(key) and key not in KEYS
    ]
    none(wrong)


def sourced() -> dict[str, set[str]]:
    """The keys that the package's docstrings name as sources, by module."""
    key = re.compile(r"\b[a-z]+(?:19|20)\d\d[a-z0-9]+\b")
    return {
        path.name: set(key.findall(" ".join(re.findall(r'"""(.*?)"""', path.read_text("utf-8"), re.S))))
        for path in (ROOT / "src").rglob("*.py")
    }


def test_every_source_that_a_docstring_names_is_in_the_bibliography():
    none([f"{name}: {key}" for name, keys in sourced().items() for key in sorted(keys - KEYS)])


def test_every_entry_of_the_bibliography_is_used():
    used = set().union(*(source.cited() for source in sources()), *sourced().values())
    data = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.toml"))
    unused = [key for key in sorted(KEYS - used) if not re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", data)]
    none([f"references.bib: no page, no docstring and no data file uses {key}" for key in unused])
