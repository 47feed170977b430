import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.data import other_voices
from efficient_ai.errors import DataUnavailable


@pytest.mark.parametrize(("split", "voices", "words"), [("flite", 4, 10), ("human", 1, 10)])
def test_other_voices_say_all_digits_and_other_words(split, voices, words):
    heard = data.keywords(split)
    assert len(set(heard.voices)) == voices
    assert set(heard.labels) == {*range(words), heard.classes.index("unknown")}
    assert np.isfinite(heard.features).all()


def test_where_packages_cannot_be_had_the_error_is_one_line(tmp_path, monkeypatch):
    def unreachable(package, members):
        raise DataUnavailable(f"{package} could not be downloaded: no answer")

    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    monkeypatch.setattr(other_voices, "debian_files", unreachable)
    for say in (lambda: other_voices.flite(["one"], []), lambda: other_voices.human(["zero"])):
        with pytest.raises(DataUnavailable, match="could not be downloaded") as raised:
            say()
        assert "\n" not in str(raised.value)
    assert not list((tmp_path / "data").glob("*")) if (tmp_path / "data").exists() else True


def test_what_was_heard_once_is_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    samples = np.arange(-50, 50, dtype=np.int16) * 100
    made = other_voices._said("x", 2, "nobody", lambda: [(samples, "one", "a"), (samples, "two", "b")])
    again = other_voices._said("x", 2, "nobody", lambda: pytest.fail("made again"))
    assert (again.words, again.voices, again.sha256) == (made.words, made.voices, made.sha256)
    assert made.sounds[0].dtype == np.float32
    assert np.abs(made.sounds[0]).max() <= 1
