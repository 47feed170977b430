"""More views of the few photographs that may be calibrated with: other crops, mirrored, darker, paler."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from efficient_ai.data.photographs import CALIBRATION, SIDE, _open, _package_file, _square


def calibration_pictures() -> tuple[str, ...]:
    """The names of the photographs that may be calibrated with."""
    return tuple(Path(file).stem for files in CALIBRATION.values() for file in files)


def augmented_crops(count: int, *, seed: int, pictures: tuple[str, ...] | None = None) -> np.ndarray:
    """Random views of the calibration photographs, each photograph in turn.

    A view is a square cut out at a random place and scale, mirrored half of the time, with brightness and contrast
    changed by up to two fifths.

    Args:
        count: How many views.
        seed: Of all that is random.
        pictures: Which photographs; all of `calibration_pictures()` by default. Split by these, never by view.

    Returns:
        uint8 (count, 224, 224, 3).

    Raises:
        ValueError: If `pictures` names one that there is not, or none.
        DataUnavailable: If the packages that carry them are not installed.
    """
    files = {Path(f).stem: (package, f) for package, names in CALIBRATION.items() for f in names}
    chosen = tuple(files) if pictures is None else pictures
    unknown = [name for name in chosen if name not in files]
    if unknown or not chosen:
        raise ValueError(f"pictures must be some of {', '.join(files)}, got {', '.join(unknown) or 'none'}")
    opened = [_open(_package_file(*files[name])) for name in chosen]
    random = np.random.default_rng(seed)
    views = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for i in range(count):
        left, top, mirrored, brightness, contrast = random.random(5)
        view = _square(opened[i % len(opened)], resized=int(random.integers(SIDE, 2 * SIDE)), left=left, top=top)
        view = view[:, ::-1] if mirrored < 0.5 else view
        mean = view.mean()
        changed = (view - mean) * (0.6 + 0.8 * contrast) + mean * (0.6 + 0.8 * brightness)
        views[i] = np.clip(np.rint(changed), 0, 255)
    return views
