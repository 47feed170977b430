"""The book: rendered, turned into notebooks, checked and served. Pages themselves use only `prose`."""

from __future__ import annotations


def prose(text: str, *values: object) -> None:
    """Show a paragraph of the book with its computed values filled in.

    Args:
        text: Markdown with a `{}` for each value, as `str.format` takes it.
        values: What stands in those places, each shown as `str(value)`.
    """
    from IPython.display import display

    shown = [str(value) for value in values]
    filled = text.format(*shown).strip()
    display({"text/markdown": filled, "application/json": shown}, raw=True)
