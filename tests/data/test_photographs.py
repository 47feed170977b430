import numpy as np
import pytest

from efficient_ai import data


def test_calibration_crops_are_pictures_of_the_right_shape():
    crops = data.calibration_crops()
    assert crops.shape[1:] == (224, 224, 3)
    assert crops.dtype == np.uint8
    assert len(np.unique(crops.reshape(len(crops), -1).mean(axis=1))) == len(crops)


def test_held_out_pictures_are_labelled_and_none_is_a_calibration_picture():
    held_out = data.held_out()
    names = data.imagenet_labels()
    assert held_out.images.shape == (20, 224, 224, 3)
    assert len(names) == 1000
    assert names[held_out.labels[16]] == "Dalmatian" or "dalmat" in names[held_out.labels[16]].lower()
    means = {tuple(p.reshape(-1, 3).mean(axis=0)) for p in data.calibration_crops()}
    assert not means & {tuple(p.reshape(-1, 3).mean(axis=0)) for p in held_out.images}


def test_an_unknown_photograph_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"known: .*coffee"):
        data.sample("teapot")


def test_normalization_has_torchvisions_mean():
    grey = np.full((1, 2, 2, 3), 255, np.uint8)
    assert data.normalized(grey)[0, 0, 0] == pytest.approx(
        [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    )
