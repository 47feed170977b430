"""Checks every link of the rendered book that stays inside it, and that the PDF's outline names every page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from efficient_ai.errors import EfficientAIError


@dataclass
class _Document(HTMLParser):
    """What a page offers and what it asks for."""

    ids: set[str] = field(default_factory=set)
    targets: list[str] = field(default_factory=list)
    title: str = ""
    _inside: str = ""
    _skip: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(values["id"])
        self.targets += [values[name] for name in ("href", "src") if values.get(name)]
        if tag == "h1":
            self._inside = "h1"
        elif self._inside and tag == "span" and "header-section-number" in (values.get("class") or ""):
            self._inside = "number"

    def handle_endtag(self, tag: str) -> None:
        if tag == "h1":
            self._inside = ""
        elif tag == "span" and self._inside == "number":
            self._inside = "h1"

    def handle_data(self, data: str) -> None:
        if self._inside == "h1":
            self.title += data


def _read(file: Path) -> _Document:
    document = _Document()
    document.feed(file.read_text("utf-8"))
    return document


def check(book_dir: Path) -> list[str]:
    """Look for links, images and scripts that lead nowhere.

    Args:
        book_dir: The rendered book.

    Returns:
        One line for each broken link or page that the PDF's outline lacks; none when all is well.

    Raises:
        EfficientAIError: If there is no rendered book.
    """
    book_dir = Path(book_dir).resolve()
    files = sorted(f for f in book_dir.rglob("*.html") if "pagefind" not in f.parts)
    if not files:
        raise EfficientAIError(f"no rendered book in {book_dir}: run `efficient-ai book` first")
    pages = {file: _read(file) for file in files}
    wrong = []
    for file, page in pages.items():
        for target in page.targets:
            reason = _broken(target, file, pages, book_dir)
            if reason:
                wrong.append(f"{file.relative_to(book_dir)}: {target} {reason}")
    return wrong + _outline(book_dir, [" ".join(page.title.split()) for page in pages.values()])


def _broken(target: str, file: Path, pages: dict[Path, _Document], book_dir: Path) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    aim = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not aim.is_relative_to(book_dir):
        return "leads out of the book"
    if not aim.is_file():
        return "does not exist"
    if parts.fragment and aim in pages and unquote(parts.fragment) not in pages[aim].ids:
        return f"has no #{parts.fragment}"
    return None


def _outline(book_dir: Path, titles: list[str]) -> list[str]:
    try:
        from pypdf import PdfReader
    except ImportError:
        raise EfficientAIError("reading the PDF's outline needs pypdf: pip install pypdf") from None

    wrong = []
    for pdf in book_dir.glob("*.pdf"):
        outline = {" ".join(entry.title.split()) for entry in PdfReader(pdf).outline if not isinstance(entry, list)}
        wrong += [f"{pdf.name}: its outline lacks {title}" for title in titles if title not in outline]
    return wrong or ([] if any(book_dir.glob("*.pdf")) else ["the book has no PDF"])
