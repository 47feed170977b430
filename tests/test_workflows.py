"""The workflows are sound, ask for few rights, and call what exists."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

import efficient_ai
from efficient_ai import cli

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EVENT = True  # YAML 1.1 reads the key `on` as a truth


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def targets() -> set[str]:
    """What the Makefile can make."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))


def variables() -> set[str]:
    """What can be set on make's command line."""
    return set(re.findall(r"^([A-Z_]+) *=", (ROOT / "Makefile").read_text("utf-8"), re.M))


def commands() -> set[str]:
    """The subcommands of `efficient-ai`."""
    parser = next(action for action in cli._parser()._actions if action.metavar == "COMMAND")
    return set(parser.choices)


def test_there_is_a_workflow_for_each_purpose():
    assert {path.stem for path in WORKFLOWS} == {"canary", "links", "notebooks", "publish", "release", "test"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
class TestEachWorkflow:
    def test_it_says_when_it_runs_and_what_it_may_do(self, path):
        workflow = read(path)
        assert workflow["name"] == path.stem
        assert workflow[EVENT]
        assert workflow["permissions"] == {"contents": "read"}
        assert workflow["concurrency"]["group"]

    def test_every_job_ends_in_time_on_a_named_system(self, path):
        for name, job in read(path)["jobs"].items():
            assert 0 < job["timeout-minutes"] <= 180, name
            assert job["runs-on"] == "ubuntu-24.04", name

    def test_rights_beyond_reading_are_for_a_job_that_runs_nothing_of_ours(self, path):
        for name, job in read(path)["jobs"].items():
            if "write" in job.get("permissions", {}).values():
                assert not [s for s in job["steps"] if re.search(r"\b(make|python|pip)\b", s.get("run", ""))], name

    def test_actions_are_taken_by_major_version(self, path):
        for step in steps(read(path)):
            assert re.fullmatch(r"[\w./-]+@(release/)?v\d+", step.get("uses", "none@v0"))

    def test_what_it_makes_is_in_the_makefile(self, path):
        for step in steps(read(path)):
            for target, rest in re.findall(r"^\s*make ([a-z]+)(.*)$", step.get("run", ""), re.M):
                assert target in targets()
                assert set(re.findall(r"\b([A-Z_]+)=", rest)) <= variables()

    def test_the_commands_that_it_calls_exist(self, path):
        for step in steps(read(path)):
            for command in re.findall(r"efficient-ai ([a-z][a-z-]*)", step.get("run", "")):
                assert command in commands()

    def test_the_files_that_it_names_exist(self, path):
        text = path.read_text("utf-8")
        named = re.findall(r"[\w./*-]+\.(?:toml|txt|bib|cff|yml|md|qmd)\b", text.partition("jobs:")[2])
        assert all(list(ROOT.glob(name)) for name in named), named

    def test_what_comes_from_outside_is_no_part_of_a_command(self, path):
        for step in steps(read(path)):
            assert "${{" not in step.get("run", "")


def test_every_python_that_the_workflows_test_is_one_that_the_constraints_are_for():
    tested = read(ROOT / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    head = (ROOT / "constraints.txt").read_text("utf-8").partition("\n")[0]
    assert all(version in head for version in tested)
    named = re.search(r"^PYTHONS = (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)[1].split()
    assert named == [f"python{version}" for version in tested]


def test_the_version_is_the_same_wherever_it_is_said():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == efficient_ai.__version__
    assert f"\n## {efficient_ai.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-torch.txt", "benchmarks/colab-runtime.txt"])
def test_pins_name_packages_and_no_places(name):
    for line in (ROOT / name).read_text("utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+(; python_version .*)?", line), line


def test_the_makefile_is_read_by_make():
    if shutil.which("make") is None:
        pytest.skip("there is no make here")
    import subprocess

    for target in sorted(targets() - {"clean"}):
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
