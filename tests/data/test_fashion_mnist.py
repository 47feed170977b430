import importlib
import subprocess
import sys

import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.errors import DataUnavailable

module = importlib.import_module("efficient_ai.data.fashion_mnist")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty cache, and no memory of an earlier call."""
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    module.fashion_mnist.cache_clear()
    yield tmp_path
    module.fashion_mnist.cache_clear()


def test_the_data_set_has_the_published_sizes_and_balanced_classes():
    fashion = data.fashion_mnist()
    assert fashion.train_images.shape == (60_000, 28, 28)
    assert fashion.test_images.shape == (10_000, 28, 28)
    assert np.bincount(fashion.train_labels).tolist() == [6_000] * 10


def test_the_first_source_that_answers_wins_and_a_wrong_one_is_passed_over(nowhere, monkeypatch):
    fashion = {k: v for k, v in vars(_real()).items() if k.endswith(("images", "labels"))}

    def wrong():
        return {**fashion, "test_labels": fashion["test_labels"][::-1]}

    def silent():
        raise OSError("no route")

    monkeypatch.setattr(module, "SOURCES", (("silent", silent), ("wrong", wrong), ("right", lambda: fashion)))
    assert module.fashion_mnist().source == "right"
    module.fashion_mnist.cache_clear()
    monkeypatch.setattr(module, "SOURCES", ())
    assert module.fashion_mnist().source == "cache"


def _real():
    """The data set as the session has it, without touching the cache that a test set up."""
    code = "from efficient_ai.data import fashion_mnist; print(fashion_mnist().sha256)"
    environment = {k: v for k, v in __import__("os").environ.items() if k != "EFFICIENT_AI_CACHE"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EFFICIENT_AI_CACHE", raising=False)
        found = module.fashion_mnist()
    module.fashion_mnist.cache_clear()
    return found


def test_when_no_source_answers_the_error_says_what_each_said_and_what_to_do(nowhere, monkeypatch):
    def silent():
        raise OSError("no route to host")

    monkeypatch.setattr(module, "SOURCES", (("mirror", silent),))
    with pytest.raises(DataUnavailable, match=r"install the Debian package dataset-fashion-mnist.*mirror: no route"):
        module.fashion_mnist()
    assert list(nowhere.rglob("*.npz")) == []


def test_a_damaged_copy_in_the_cache_is_fetched_again(nowhere, monkeypatch):
    kept = nowhere / "data" / "fashion-mnist.npz"
    kept.parent.mkdir()
    kept.write_bytes(b"cut short")
    monkeypatch.setattr(module, "SOURCES", ())
    with pytest.raises(DataUnavailable):
        module.fashion_mnist()
    assert not kept.exists()


def test_inputs_are_padded_repeated_and_scaled():
    images = np.full((2, 28, 28), 255, np.uint8)
    inputs = data.as_inputs(images, (32, 32, 3))
    assert inputs.shape == (2, 32, 32, 3)
    assert inputs.dtype == np.float32
    assert inputs[0, 0, 0, 0] == 0
    assert inputs[:, 2:30, 2:30].min() == inputs.max() == 1
    with pytest.raises(ValueError, match=r"\(24, 24, 1\)"):
        data.as_inputs(images, (24, 24, 1))


def test_the_idx_format_is_read_with_its_shape():
    content = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    assert module._idx(content).tolist() == [[1, 2, 3], [4, 5, 6]]
