import numpy as np
import pytest

from efficient_ai.report import examples

PICTURE = {
    "name": "picture",
    "key": "picture",
    "shape": [1, 4, 4, 3],
    "dtype": "float32",
    "feeds": "float32",
    "values": None,
}
WORDS = {"name": "words", "key": "words", "shape": [1, 6], "dtype": "int32", "feeds": "int32", "values": 9}


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_one_input_is_fed_by_x_and_several_by_their_names(tmp_path):
    x, words = np.zeros((5, 4, 4, 3)), np.zeros((5, 6), int)
    path = saved(tmp_path / "data.npz", x=x, words=words, picture=x)
    arrays = examples.read(path)
    assert set(examples.fit({"x": x}, [PICTURE], path)) == {"picture"}
    assert set(examples.fit(arrays, [PICTURE, WORDS], path)) == {"picture", "words"}


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((5, 4, 4, 1))}, r"must have the shape \(n, 4, 4, 3\), got \(5, 4, 4, 1\)"),
        ({"z": np.zeros((5, 4, 4, 3))}, "has the arrays z; expected x"),
        ({"x": np.full((5, 4, 4, 3), np.nan)}, "no finite numbers"),
        ({"x": np.full((5, 4, 4, 3), "a")}, "the model expects float32"),
    ],
)
def test_data_that_does_not_fit_says_what_is_expected_and_what_is_there(arrays, said, tmp_path):
    with pytest.raises(examples.BadData, match=said):
        examples.fit(arrays, [PICTURE], tmp_path / "data.npz")


def test_labels_may_be_classes_or_rows_with_one_1(tmp_path):
    assert examples.labels_of({"y": np.array([2, 0])}, 2, tmp_path).tolist() == [2, 0]
    assert examples.labels_of({"y": np.eye(3)[[2, 0]]}, 2, tmp_path).tolist() == [2, 0]
    assert examples.labels_of({}, 2, tmp_path) is None
    with pytest.raises(examples.BadData, match=r"expected \(3,\)"):
        examples.labels_of({"y": np.array([2, 0])}, 3, tmp_path)
    with pytest.raises(examples.BadData, match="whole numbers"):
        examples.labels_of({"y": np.array([0.5, 0])}, 2, tmp_path)


@pytest.mark.parametrize("count", [1, 2, 7, 300, 900])
def test_what_calibrates_never_judges(count):
    numbers = np.arange(count, dtype=np.float32)[:, None]
    split = examples.split({"x": numbers}, None, seed=3)
    calibrating = split.calibrating.get("x", np.empty((0, 1)))
    assert not set(calibrating.ravel()) & set(split.judging["x"].ravel())
    assert split.calibration_examples == min(count // 2, examples.MOST_CALIBRATING)
    assert 1 <= split.judged_examples <= examples.MOST_JUDGING
    again = examples.split({"x": numbers}, None, seed=3)
    assert np.array_equal(again.judging["x"], split.judging["x"])


def test_noise_stays_within_what_an_embedding_has():
    made = examples.noise([PICTURE, WORDS], seed=0)
    assert made.basis == "noise"
    assert not made.calibrating
    assert made.judging["words"].dtype == np.int32
    assert 0 <= made.judging["words"].min() <= made.judging["words"].max() < 9
    assert np.abs(made.judging["picture"]).max() <= 1


def test_a_file_that_is_no_npz_is_named(tmp_path):
    (tmp_path / "data.npz").write_text("no arrays")
    with pytest.raises(examples.BadData, match=r"can't be read as an \.npz file"):
        examples.read(tmp_path / "data.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(examples.BadData, match="is one array"):
        examples.read(tmp_path / "one.npy")
    with pytest.raises(examples.BadData, match="there is no file"):
        examples.read(tmp_path / "nothing.npz")


def test_objects_in_a_data_file_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.array([{}], dtype=object))
    with pytest.raises(examples.BadData, match="plain arrays"):
        examples.read(tmp_path / "data.npz")
