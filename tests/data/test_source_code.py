import sysconfig

import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.data.source_code import SHARES
from efficient_ai.data.splits import split_by_name
from efficient_ai.errors import DataUnavailable


def library(folder, names, text="x = 1\n"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_this_python_has_megabytes_of_text_in_three_parts():
    text = data.python_source()
    assert text.python == sysconfig.get_python_version()
    assert 4e6 < len(text.train) < 12e6
    assert min(len(text.validation), len(text.test)) > 1e5
    assert sum(text.files.values()) > 250
    assert text.train.dtype == np.uint8
    assert data.python_source() is text


def test_a_file_stays_in_its_split_whatever_else_there_is(tmp_path):
    many = [f"m{i}.py" for i in range(200)]
    everything = data.python_source(library(tmp_path / "all", many))
    half = data.python_source(library(tmp_path / "half", many[::2]))
    assert all(half.files[split] <= everything.files[split] for split in SHARES)
    assert everything.files["train"] + everything.files["validation"] + everything.files["test"] == 200
    single = [split_by_name(name.removesuffix(".py"), SHARES) for name in many[::2]]
    assert {split: single.count(split) for split in SHARES} == half.files


def test_tests_tables_and_files_of_the_build_are_left_out(tmp_path):
    names = [f"m{i}.py" for i in range(200)]
    plain = data.python_source(library(tmp_path / "plain", names))
    more = [*names, "json/tests/a.py", "unittest/test/b.py", "idlelib/c.py", "_sysconfigdata_x.py", "encodings/cp1.py"]
    assert data.python_source(library(tmp_path / "more", more)).sha256 == plain.sha256


def test_line_ends_of_windows_make_no_difference(tmp_path):
    names = [f"m{i}.py" for i in range(200)]
    unix = data.python_source(library(tmp_path / "unix", names))
    for name in names:
        (tmp_path / "dos").mkdir(exist_ok=True)
        (tmp_path / "dos" / name).write_bytes(b"x = 1\r\n")
    assert data.python_source(tmp_path / "dos").sha256 == unix.sha256


def test_a_python_without_its_source_is_one_clear_error(tmp_path):
    with pytest.raises(DataUnavailable, match=r"0 source files .* install Python with its \.py files"):
        data.python_source(tmp_path)


def test_targets_are_the_bytes_after_the_inputs():
    content = np.arange(100, dtype=np.uint8)
    inputs, targets = data.windows(content, 9)
    assert inputs.shape == targets.shape == (11, 9)
    assert np.array_equal(targets, inputs + 1)
    assert np.array_equal(inputs[:, 0], np.arange(0, 99, 9))


def test_random_windows_follow_from_their_seed():
    content = np.arange(200, dtype=np.uint8)
    first, again, other = (data.windows(content, 16, count=50, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 198


@pytest.mark.parametrize("length", [0, 10, 11])
def test_a_window_that_does_not_fit_is_refused(length):
    with pytest.raises(ValueError, match="fit into 10 bytes"):
        data.windows(np.zeros(10, np.uint8), length)
