"""The parts of the book that are written by itself before each rendering, and that its pages include.

Quarto runs this file as its `pre-render` script; the book's own renderer calls `write`.
"""

from __future__ import annotations

import re
from pathlib import Path

from efficient_ai import cache
from efficient_ai.book import floats, project, reference

REFERENCE, FLOATS = "_reference.md", "_floats.md"
NAMES = (REFERENCE, FLOATS)


def write(book: project.Project) -> list[Path]:
    """Write the parts that a page includes, beside that page; one that is as it was is left alone.

    Args:
        book: The project.

    Returns:
        The parts, written or as they were.
    """
    written = []
    for page in book.pages:
        path = book.root / page.file
        for name in floats.INCLUDE.findall(path.read_text("utf-8")):
            if name not in NAMES:
                continue
            text = reference.markdown(_keys(book)) if name == REFERENCE else floats.markdown(book)
            part = path.parent / name
            if not part.exists() or part.read_text("utf-8") != text:
                cache.write_whole(part, text.encode())
            written.append(part)
    return written


def _keys(book: project.Project) -> frozenset[str]:
    """The keys of the bibliography."""
    if not book.bibliography:
        return frozenset()
    return frozenset(re.findall(r"^@\w+\{([^,\s]+)", (book.root / book.bibliography).read_text("utf-8"), re.M))


if __name__ == "__main__":
    write(project.read(Path.cwd()))
