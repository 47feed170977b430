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


def test_every_entry_of_the_bibliography_is_used():
    used = set().union(*(source.cited() for source in sources()))
    data = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.toml"))
    unused = [key for key in sorted(KEYS - used) if not re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", data)]
    none([f"references.bib: no page and no data file uses {key}" for key in unused])
