import importlib

import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.data.glyphs import BOX, FACES, SHARES, classes, distortion, draw, family, glyphs, plain_letters
from efficient_ai.errors import DataUnavailable, EfficientAIError

module = importlib.import_module("efficient_ai.data.glyphs")  # data.glyphs is the function
UPRIGHT = np.diag([BOX, BOX, 0])[:2]


def test_all_faces_share_the_letters_and_enough_classes_are_left():
    assert len(FACES) == len(set(FACES)) == 12
    assert set("AaßЖξժჯ") <= set(plain_letters())
    found = classes()
    assert sum(map(len, found.values())) >= 200
    assert len(found["test"]) >= 50
    assert set(found) == set(SHARES)


def test_no_letter_and_no_form_of_one_is_in_two_splits():
    forms = {split: {family(letter) for letter in letters} for split, letters in classes().items()}
    assert not forms["train"] & forms["test"]
    assert not forms["train"] & forms["validation"]
    assert not forms["validation"] & forms["test"]


def test_letters_that_look_alike_in_two_alphabets_are_one_class():
    every = [letter for letters in classes().values() for letter in letters]
    for twins in ("AΑА", "oοо", "HΗН", "BΒВ"):
        assert sum(letter in every for letter in twins) <= 1


@pytest.mark.parametrize(("a", "b"), [("Å", "a"), ("Đ", "d"), ("Ґ", "г"), ("ǰ", "J")])
def test_case_marks_and_strokes_make_no_other_family(a, b):
    assert family(a) == family(b)
    assert family("Ж") != family("Ζ")


def test_a_picture_is_centred_and_as_large_as_it_should_be():
    (drawn,) = draw("DejaVuSans", ["H"], [UPRIGHT])
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    assert abs(rows[-1] - rows[0] + 1 - BOX) <= 2
    assert rows[0] + rows[-1] == pytest.approx(27, abs=1)
    assert columns[0] + columns[-1] == pytest.approx(27, abs=1)
    assert np.abs(drawn.astype(int) - drawn[:, ::-1]).mean() < 2  # an H is its own mirror image


def test_a_shift_of_whole_pixels_moves_the_picture():
    moved = UPRIGHT + np.array([[0, 0, 3], [0, 0, 0]])
    still, shifted = draw("DejaVuSerif", ["K", "K"], [UPRIGHT, moved])
    assert np.abs(np.roll(still, 3, axis=1).astype(int) - shifted).max() <= 2


def test_distortions_are_small_and_repeatable():
    first, again = (distortion(np.random.default_rng(3)) for _ in range(2))
    assert (first == again).all()
    many = np.array([distortion(np.random.default_rng(i)) for i in range(200)])
    area = np.linalg.det(many[:, :, :2]) / BOX**2
    assert (area > 0.6).all()
    assert (area < 1.3).all()
    assert np.abs(many[:, :, 2]).max() <= 2


def test_the_pictures_of_a_split_come_back_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    first = glyphs.__wrapped__("validation")
    assert len(list(tmp_path.rglob("glyphs-validation-*.npz"))) == 1
    monkeypatch.setattr(module, "_drawn", lambda split: pytest.fail("drawn again"))
    again = glyphs.__wrapped__("validation")
    assert (first.pictures == again.pictures).all()
    assert first.letters == again.letters
    assert first.pictures.shape == (len(first.letters), 12, 2, 28, 28)
    assert (first.pictures.reshape(len(first.letters), -1).max(axis=1) > 200).all()
    assert data.glyphs is glyphs


def test_what_is_asked_wrongly_is_named(monkeypatch):
    with pytest.raises(EfficientAIError, match="no split 'trian'"):
        glyphs("trian")
    with pytest.raises(EfficientAIError, match="no face 'Arial'"):
        draw("Arial", ["A"], [UPRIGHT])
    with pytest.raises(ValueError, match="zip"):
        draw("DejaVuSans", ["A", "B"], [UPRIGHT])
    monkeypatch.setattr(module, "FACES", ("DejaVuNothing",))
    with pytest.raises(DataUnavailable, match=r"lack DejaVuNothing\.ttf"):
        module._fonts.__wrapped__()
