"""Spoilt pictures: repeatable, stronger with severity, and true to their kind."""

import numpy as np
import pytest

from efficient_ai.data import HARDSHIPS, WEATHER, corrupt

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype(np.uint8)
SMOOTH = np.tile(np.linspace(40, 200, 28).astype(np.uint8), (6, 28, 1))
KINDS = (*WEATHER, *HARDSHIPS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_call_spoils_alike_and_leaves_its_argument(kind):
    before = PICTURES.copy()
    first, second = (corrupt(PICTURES, kind, severity=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(PICTURES, before)
    assert first.dtype == np.uint8
    assert first.shape == PICTURES.shape


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_severity_changes_more(kind):
    pictures = PICTURES if kind == "blur" else np.repeat(SMOOTH, 10, axis=0)
    changes = [np.abs(corrupt(pictures, kind, severity=s).astype(float) - pictures).mean() for s in (1, 2, 3)]
    assert 0 < changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("kind", ["noise", "rain", "impulse", "dirt"])
def test_another_seed_spoils_otherwise(kind):
    assert (corrupt(SMOOTH, kind, severity=2, seed=0) != corrupt(SMOOTH, kind, severity=2, seed=1)).any()


def test_no_kind_is_tested_and_trained_on():
    assert not set(WEATHER) & set(HARDSHIPS)


def test_noise_has_the_spread_that_it_names():
    grey = np.full((20, 28, 28), 128, np.uint8)
    assert (corrupt(grey, "noise", severity=1) / 255.0).std() == pytest.approx(0.08, rel=0.03)


def test_blur_keeps_an_even_grey_and_takes_contrast_from_noise():
    even = np.full((2, 28, 28), 99, np.uint8)
    np.testing.assert_array_equal(corrupt(even, "blur", severity=3), even)
    assert corrupt(PICTURES, "blur", severity=1).std() < PICTURES.std() / 1.5


def test_darkness_leaves_the_named_share_of_the_light():
    white = np.full((20, 28, 28), 255, np.uint8)
    assert corrupt(white, "dark", severity=2).mean() / 255 == pytest.approx(0.4, abs=0.01)


def test_coarse_pixels_are_the_means_of_their_blocks():
    coarse = corrupt(PICTURES, "pixels", severity=3)
    assert coarse[0, :4, :4].std() == 0
    assert coarse[0, 0, 0] == pytest.approx(PICTURES[0, :4, :4].mean(), abs=0.5)


def test_dirt_covers_one_square():
    white = np.full((4, 28, 28), 255, np.uint8)
    assert ((corrupt(white, "dirt", severity=1) == 0).sum(axis=(1, 2)) == 25).all()


@pytest.mark.parametrize(
    ("images", "kind", "severity"),
    [(PICTURES, "snow", 1), (PICTURES, "rain", 4), (PICTURES / 255, "rain", 1), (PICTURES[0], "rain", 1)],
)
def test_other_kinds_severities_and_pictures_are_refused(images, kind, severity):
    with pytest.raises(ValueError, match=r"expected one of noise|images must be uint8"):
        corrupt(images, kind, severity=severity)
