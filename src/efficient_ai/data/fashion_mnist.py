"""Fashion-MNIST, the book's main data: 70,000 grey pictures of clothes in ten classes (xiao2017fashion)."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from efficient_ai import cache
from efficient_ai.data import sources
from efficient_ai.errors import DataUnavailable

CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
SHA256 = "633d47d0a84f2b65c343baa9d3e7ae9b586e23017375b7cc93ac2e99f7baad7f"
PACKAGE = "dataset-fashion-mnist"
FOLDER = "/usr/share/datasets/fashion-mnist/"

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class FashionMnist:
    """Images are uint8 (n, 28, 28), labels uint8 (n,); 60,000 to train on, 10,000 to test with."""

    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    source: str
    sha256: str = SHA256


def _from_keras() -> Arrays:
    """As Keras downloads it from its own store."""
    import keras

    with contextlib.redirect_stdout(io.StringIO()):
        (train_images, train_labels), (test_images, test_labels) = keras.datasets.fashion_mnist.load_data()
    return {
        "train_images": train_images,
        "train_labels": train_labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }


def _from_debian() -> Arrays:
    """As Debian packages it: the four original IDX files, compressed anew."""
    names = {
        f"{part}_{what}": f"{FOLDER}{prefix}-{what}-idx{3 if what == 'images' else 1}-ubyte.gz"
        for part, prefix in (("train", "train"), ("test", "t10k"))
        for what in ("images", "labels")
    }
    files = sources.debian_files(PACKAGE, tuple(names.values()))
    return {name: _idx(gzip.decompress(files[path])) for name, path in names.items()}


def _idx(content: bytes) -> np.ndarray:
    """An array of unsigned bytes from the IDX format: a magic number, the shape, the values."""
    rank = content[3]
    shape = np.frombuffer(content, ">i4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _digest(arrays: Arrays) -> str:
    return sources.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays)))


# The first that answers wins; what it gives is checked against the same SHA-256.
SOURCES: tuple[tuple[str, Callable[[], Arrays]], ...] = (
    ("Debian package", _from_debian),
    ("keras.datasets", _from_keras),
)


@functools.cache
def fashion_mnist() -> FashionMnist:
    """The data set, from the cache or the first source that answers.

    Returns:
        Arrays as they were published, checked by the SHA-256 of their values.

    Raises:
        DataUnavailable: If no source answered; the message has each source's complaint.
    """
    kept = cache.root() / "data" / "fashion-mnist.npz"
    if kept.exists():
        with contextlib.suppress(Exception), np.load(kept) as file:
            arrays = {name: file[name] for name in file.files}
            if _digest(arrays) == SHA256:
                return FashionMnist(**arrays, source="cache")
        kept.unlink()  # a damaged copy is fetched again
    complaints = []
    for name, fetch in SOURCES:
        try:
            arrays = fetch()
        except Exception as error:
            complaints.append(f"{name}: {' '.join(str(error).split())[:160]}")
            continue
        if _digest(arrays) != SHA256:
            complaints.append(f"{name}: SHA-256 {_digest(arrays)[:12]}… instead of {SHA256[:12]}…")
            continue
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        cache.write_whole(kept, buffer.getvalue())
        return FashionMnist(**arrays, source=name)
    raise DataUnavailable(
        "Fashion-MNIST: no source answered; connect to the internet or install the Debian package "
        f"{PACKAGE}, and run again ({'; '.join(complaints)})"
    )


def as_inputs(images: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """Bring the grey 28×28 pictures into the form that a model takes.

    Args:
        images: uint8 (n, 28, 28).
        input_shape: (height, width, channels) with height = width ≥ 28; pictures are padded with black on all
            sides and the grey channel is repeated.

    Returns:
        float32 (n, height, width, channels) in [0, 1].

    Raises:
        ValueError: If the shape is smaller than the pictures or not square.
    """
    height, width, channels = input_shape
    if height != width or height < 28 or height % 2:
        raise ValueError(f"input_shape must be (n, n, channels) with an even n >= 28, got {input_shape}")
    pad = (height - 28) // 2
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad)))
    return np.repeat(padded[..., None].astype(np.float32) / 255, channels, axis=-1)
