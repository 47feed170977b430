import numpy as np
import pytest

from efficient_ai import data


def test_views_follow_from_the_seed_and_differ_from_one_another():
    first, again, other = (data.augmented_crops(18, seed=seed) for seed in (0, 0, 1))
    assert first.shape == (18, 224, 224, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({view.tobytes() for view in first}) == 18


def test_a_split_by_picture_shows_only_its_own_pictures():
    grey = data.augmented_crops(4, seed=0, pictures=("camera",))
    assert (grey[..., 0] == grey[..., 1]).all()
    colour = data.augmented_crops(4, seed=0, pictures=("flower",))
    assert (colour[..., 0] != colour[..., 1]).any()


def test_no_held_out_picture_may_be_calibrated_with():
    assert len(data.calibration_pictures()) == 9
    assert not any("imagenet" in name for name in data.calibration_pictures())


def test_bad_pictures_are_named():
    with pytest.raises(ValueError, match="got dog"):
        data.augmented_crops(2, seed=0, pictures=("dog",))
    with pytest.raises(ValueError, match="got none"):
        data.augmented_crops(2, seed=0, pictures=())
