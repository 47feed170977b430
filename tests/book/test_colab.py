"""What `make colab` finds, builds and refuses; the notebooks themselves are run by it, not here."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import colab
import pytest

from efficient_ai.book import project
from efficient_ai.errors import EfficientAIError


def package(folder: Path, name: str, *lines: str, version: str = "1.0") -> None:
    """A package's metadata, as pip leaves it."""
    own = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    own.mkdir(parents=True)
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    (own / "METADATA").write_text("\n".join([*head, *lines]) + "\n")


LIBRARY = (
    "Requires-Dist: numpy; python_version >= '3.12'",
    "Requires-Dist: old-numpy; python_version < '3.12'",
    "Requires-Dist: efficient-ai[engines]; extra == 'one'",
    "Requires-Dist: Some_Engine[fast]>=2; extra == 'engines'",
    "Requires-Dist: elsewhere; extra == 'two'",
)
ENGINE = ("Requires-Dist: needed", "Requires-Dist: quick; extra == 'fast'", "Requires-Dist: slow; extra == 'tested'")


@pytest.fixture
def runtime(tmp_path):
    """An environment of the runtime's own, and one above it with the library in it."""
    below, own = tmp_path / "below", tmp_path / "own"
    package(below, "numpy", version="2.0.2")
    package(own, "efficient-ai", *LIBRARY)
    package(own, "some-engine", *ENGINE)
    package(own, "needed")
    return own, below


def test_every_notebook_is_found():
    folder = colab.ROOT / "notebooks"
    assert {path.name for path in colab.notebooks()} == {name for name in os.listdir(folder) if name[0] != "."}
    assert [path.stem for path in colab.notebooks(["need", "index"])] == ["need", "index"]


def test_an_unknown_notebook_is_named_with_the_known_ones():
    with pytest.raises(EfficientAIError, match=r"no notebook called nothing; there are .*introduction"):
        colab.notebooks(["nothing"])


def test_each_notebook_has_an_extra_that_its_first_cell_installs():
    extras = project.extras(colab.ROOT)
    for path in colab.notebooks():
        assert path.stem in extras
        assert f"efficient-ai[{path.stem}] @" in path.read_text("utf-8")


def test_the_closure_follows_extras_and_the_markers_of_colabs_python(runtime):
    found = colab.distributions(*runtime)
    assert colab.closure("one", found) == {"efficient-ai", "numpy", "some-engine", "needed", "quick"}
    assert colab.closure("two", found) == {"efficient-ai", "numpy", "elsewhere"}


def test_what_an_extra_needs_may_be_installed(runtime):
    added, replaced, wrong = colab.installed("one", *runtime)
    assert added == ("efficient-ai 1.0", "needed 1.0", "some-engine 1.0")
    assert (replaced, wrong) == ((), None)


def test_a_package_that_the_extra_does_not_need_is_refused(runtime):
    package(runtime[0], "stranger")
    assert "stranger, which the extra one doesn't need" in colab.installed("one", *runtime)[2]


def test_replacing_a_large_package_of_the_runtime_is_refused(runtime):
    package(runtime[0], "numpy", version="2.5.0")
    _, replaced, wrong = colab.installed("one", *runtime)
    assert replaced == ("numpy 2.0.2 -> 2.5.0",)
    assert wrong == "its install cell replaced numpy"


def test_the_librarys_own_metadata_names_what_colab_has_and_what_it_lacks():
    found = {"efficient-ai": metadata.distribution("efficient-ai")}
    needed = colab.closure("introduction", found)
    assert {"tensorflow", "ai-edge-litert", "ipykernel"} <= needed
    assert not {"tflite-runtime", "torch", "scikit-image"} & needed


def test_the_pins_are_what_the_library_accepts_of_the_runtime():
    # Keras alone is replaced, for a fault of its earlier versions: a few megabytes.
    pins = dict(line.split("==") for line in colab.PINS.read_text("utf-8").splitlines() if line[0] != "#")
    assert {"pip", *colab.KEPT} <= {name.lower() for name in pins}
    for line in metadata.distribution("efficient-ai").requires:
        wanted = colab.Requirement(line)
        if wanted.name in pins and "python_version <" not in str(wanted.marker):
            assert wanted.name == "keras" or wanted.specifier.contains(pins[wanted.name], prereleases=True), line


def test_a_notebook_inherits_nothing_that_readers_lack(monkeypatch, tmp_path):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", "src")
    given = colab.variables(tmp_path / "home", tmp_path / "x.whl")
    assert "PYTHONPATH" not in given
    assert [name for name in given if name.startswith("EFFICIENT_AI_")] == ["EFFICIENT_AI_WHEEL"]
    assert given["HOME"] == str(tmp_path / "home")
    assert given["PATH"] == os.environ["PATH"]


def test_another_python_is_refused_in_one_line(tmp_path):
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.10\n")
    other.chmod(0o755)
    with pytest.raises(EfficientAIError, match=r"Colab has Python 3.12, and .*/python has not"):
        colab.find_python(str(other))
    with pytest.raises(EfficientAIError, match="nowhere has not"):
        colab.find_python("nowhere")


def test_the_wheel_is_made_without_leaving_anything_behind(tmp_path):
    before = sorted(path.name for path in colab.ROOT.iterdir())
    made = colab.wheel(sys.executable, tmp_path)
    assert sorted(path.name for path in colab.ROOT.iterdir()) == before
    names = set(zipfile.ZipFile(made).namelist())
    source = colab.ROOT / "src"
    files = [f for f in (source / "efficient_ai").rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert not {f.relative_to(source).as_posix() for f in files} - names


def test_the_table_has_a_line_for_each_notebook_and_says_what_failed():
    runs = [
        colab.Run("one", 12.4, 99.6, 120.0, ("a 1", "b 2"), tries=2),
        colab.Run("two", 1.0, 0.0, failure="cell 3: AssertionError"),
    ]
    lines = colab.table(runs).splitlines()
    assert lines[1].split() == ["one", "12", "100", "120", "2", "0", "passed", "(at", "try", "2)"]
    assert lines[2].endswith("cell 3: AssertionError")
    assert lines[3:] == ["one installs: a 1, b 2", "two installs: nothing"]
