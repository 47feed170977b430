import numpy as np
import pytest

from efficient_ai.report import judging

REFERENCE = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1]]


def test_equal_outputs_agree_always_and_lose_nothing():
    found = judging.judge([REFERENCE], [REFERENCE], np.array([0, 1, 2, 3, 0, 0]))
    assert found["sqnr_db"] == [judging.EXACT_DB]
    assert found["agreement"]["value"] == 1
    assert found["accuracy"]["value"] == pytest.approx(5 / 6)
    assert found["accuracy_change"]["value"] == 0


def test_the_sqnr_is_that_of_a_known_error():
    found = judging.judge([REFERENCE * 0.9], [REFERENCE], None)
    assert found["sqnr_db"] == [pytest.approx(20, abs=0.01)]
    assert found["accuracy"] is None


def test_a_single_value_is_no_class_and_numbers_that_are_not_finite_have_no_sqnr():
    found = judging.judge([np.full((6, 1), np.nan)], [np.ones((6, 1), np.float32)], None)
    assert found["agreement"] is None
    assert found["sqnr_db"] == [None]


def test_labels_choose_the_output_that_has_a_place_for_each():
    narrow, wide = np.zeros((3, 2)), np.zeros((3, 5))
    assert judging.class_output([narrow, wide], np.array([0, 4, 1])) == 1
    assert judging.class_output([narrow], np.array([0, 4, 1])) is None
    assert judging.class_output([np.zeros((3, 7, 5))]) is None
