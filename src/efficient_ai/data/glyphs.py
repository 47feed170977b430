"""Many classes with few pictures each: letters of four alphabets, drawn in the twelve DejaVu faces of matplotlib.

They stand in for Omniglot, whose hand-drawn characters would have to be downloaded from a hub; every machine that can
draw a figure has these. A class is a letter, its examples are the faces, slightly distorted: they differ less than
twenty hands do, so the task is an easier one.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai import cache
from efficient_ai.data.sources import check
from efficient_ai.data.splits import split_by_name
from efficient_ai.errors import DataUnavailable, EfficientAIError

if TYPE_CHECKING:
    from matplotlib.path import Path as Outline

SIDE = 28
# matplotlib ships DejaVu 2.37 in these; the names are those of its files.
FACES = tuple(
    f"DejaVu{family}{style}"
    for family, slanted in (("Sans", "Oblique"), ("SansMono", "Oblique"), ("Serif", "Italic"))
    for style in ("", "-Bold", f"-{slanted}", f"-Bold{slanted}")
)
SHA256 = "16babe5c0753da54aeeea137816d6f96e5c7c2cb606e2973064f5fe7922d4261"  # of the twelve files, one after the other
SHARES = {"train": 0.6, "validation": 0.12, "test": 0.28}
COPIES = 2  # of each letter in each face, distorted differently
ALIKE = 0.9  # letters whose pictures correlate more than this are taken to look the same
BOX = 20.0  # pixels of the longer side, before the distortion


@dataclass(frozen=True)
class Glyphs:
    """Pictures uint8 (classes, faces, copies, 28, 28), white on black; the letter of each class; the faces' names.

    `sha256` is that of the fonts.
    """

    pictures: np.ndarray = field(repr=False)
    letters: tuple[str, ...]
    faces: tuple[str, ...] = field(repr=False)
    sha256: str


def family(letter: str) -> str:
    """What a letter is one form of: without case, marks and strokes, as "Å" and "a" are of "LATIN A"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
    words = unicodedata.name(plain[0]).split(" WITH ")[0].split()
    return " ".join(word for word in words if word not in ("CAPITAL", "SMALL", "LETTER"))


@functools.cache
def _fonts() -> dict[str, Any]:
    """The faces as matplotlib reads them, at a size at which an outline has the font's own coordinates."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    files = [folder / f"{face}.ttf" for face in FACES]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise DataUnavailable(f"matplotlib's fonts lack {', '.join(missing)}: install matplotlib again")
    check(b"".join(file.read_bytes() for file in files), expected=SHA256, what="matplotlib's DejaVu fonts")
    fonts = {face: FT2Font(str(file)) for face, file in zip(FACES, files, strict=True)}
    for font in fonts.values():
        font.set_size(font.units_per_EM, 72)
    return fonts


@functools.cache
def _outline(face: str, letter: str) -> Outline:
    """A letter's curves, in the font's units, with the middle of its box at the origin and the longer side 1."""
    from matplotlib import ft2font
    from matplotlib.path import Path as Outline

    flags = getattr(ft2font, "LoadFlags", None)
    unhinted = flags.NO_HINTING if flags else ft2font.LOAD_NO_HINTING
    font = _fonts()[face]
    font.load_char(ord(letter), flags=unhinted)
    vertices, codes = font.get_path()
    drawn = Outline(vertices, codes)
    box = drawn.get_extents()
    return Outline((vertices - (box.p0 + box.p1) / 2) / max(box.width, box.height), codes)


def draw(face: str, letters: Sequence[str], ways: Sequence[np.ndarray]) -> np.ndarray:
    """Draw letters of a face, each through an affine map.

    Args:
        face: One of `FACES`.
        letters: The letters.
        ways: For each a float array (2, 3): what becomes of a point (x, y, 1) whose unit is the letter's longer side,
            in pixels from the middle of the picture.

    Returns:
        uint8 (letters, 28, 28), white on black.

    Raises:
        EfficientAIError: If the face is unknown.
        ValueError: If letters and maps differ in number.
    """
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.transforms import Affine2D

    if face not in FACES:
        raise EfficientAIError(f"there is no face {face!r} (known: {', '.join(FACES)})")
    renderer = RendererAgg(SIDE, SIDE, 72)
    context = renderer.new_gc()
    context.set_linewidth(0)
    context.set_snap(False)
    pictures = np.empty((len(letters), SIDE, SIDE), np.uint8)
    for i, (letter, way) in enumerate(zip(letters, ways, strict=True)):
        renderer.clear()
        matrix = np.vstack([way, (0, 0, 1)])
        matrix[:2, 2] += SIDE / 2
        renderer.draw_path(context, _outline(face, letter), Affine2D(matrix), (0, 0, 0))
        pictures[i] = np.asarray(renderer.buffer_rgba())[..., 3]
    return pictures


def distortion(random: np.random.Generator) -> np.ndarray:
    """A small turn, slant, stretch and shift, as `draw` takes it: float (2, 3)."""
    turn, slant = random.uniform(-0.25, 0.25), random.uniform(-0.2, 0.2)
    stretch = BOX * np.exp(random.uniform(-0.2, 0.1, size=2))
    shift = random.uniform(-2, 2, size=2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([rotation @ np.array([[1, slant], [0, 1]]) @ np.diag(stretch), shift])


def plain_letters() -> tuple[str, ...]:
    """The letters that all faces have and that are not another letter with a mark, in the order of their numbers."""
    common = set.intersection(*(set(font.get_charmap()) for font in _fonts().values()))
    kinds = ("Lu", "Ll", "Lo")
    return tuple(
        letter
        for letter in map(chr, sorted(common))
        if unicodedata.category(letter) in kinds and len(unicodedata.normalize("NFKD", letter)) == 1
    )


def _merged(size: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each of `size` things the first of those that chains of pairs join it to."""
    first = list(range(size))

    def root(i: int) -> int:
        while first[i] != i:
            i = first[i]
        return i

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        first[high] = low
    return [root(i) for i in range(size)]


def _likeness(face: str, letters: Sequence[str]) -> np.ndarray:
    """How much the undistorted pictures of letters correlate, (letters, letters)."""
    upright = np.diag([BOX, BOX, 0])[:2]
    drawn = draw(face, letters, [upright] * len(letters)).reshape(len(letters), -1).astype(float)
    drawn -= drawn.mean(axis=1, keepdims=True)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn @ drawn.T


@functools.cache
def classes() -> dict[str, tuple[str, ...]]:
    """The letters of each split.

    Of letters that look alike in a face, across alphabets and cases, only the first is kept. Forms of one letter are
    in one split, whatever they look like, and so are all that look alike with and without serifs.
    """
    letters = plain_letters()
    sans, serif = (_likeness(face, letters) > ALIKE for face in ("DejaVuSans", "DejaVuSerif"))
    kept: list[int] = []
    for i in range(len(letters)):
        if not (sans | serif)[i, kept].any():
            kept.append(i)
    names: dict[str, int] = {}
    forms = [(names.setdefault(family(letter), i), i) for i, letter in enumerate(letters)]
    twins = [(int(a), int(b)) for a, b in np.argwhere(np.triu(sans & serif, 1))]
    groups = _merged(len(letters), [*forms, *twins])
    splits: dict[str, list[str]] = {split: [] for split in SHARES}
    for i in kept:
        splits[split_by_name(f"U+{ord(letters[groups[i]]):04X}", SHARES)].append(letters[i])
    return {split: tuple(found) for split, found in splits.items()}


def _drawn(split: str) -> np.ndarray:
    letters = classes()[split]
    pictures = np.empty((len(letters), len(FACES), COPIES, SIDE, SIDE), np.uint8)
    for i, face in enumerate(FACES):
        ways = [distortion(np.random.default_rng([ord(x), i, copy])) for x in letters for copy in range(COPIES)]
        many = draw(face, [x for x in letters for _ in range(COPIES)], ways)
        pictures[:, i] = many.reshape(len(letters), COPIES, SIDE, SIDE)
    return pictures


@functools.cache
def glyphs(split: str) -> Glyphs:
    """The letters of a split, drawn; from the cache or made anew in some seconds.

    Args:
        split: "train", "validation" or "test"; no letter, case or form of one is in two of them.

    Returns:
        Pictures with letters and faces.

    Raises:
        DataUnavailable: If matplotlib's fonts are missing or others.
        EfficientAIError: If there is no such split.
    """
    if split not in SHARES:
        raise EfficientAIError(f"there is no split {split!r} (known: {', '.join(SHARES)})")
    key = json.dumps([split, cache.code_hash("data.glyphs", "data.splits"), SHA256])
    kept = cache.root() / "data" / f"glyphs-{split}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        buffer = io.BytesIO()
        np.savez_compressed(buffer, pictures=_drawn(split), letters=np.array([ord(x) for x in classes()[split]]))
        cache.write_whole(kept, buffer.getvalue())
    with np.load(kept) as file:
        return Glyphs(file["pictures"], tuple(map(chr, file["letters"])), FACES, SHA256)
