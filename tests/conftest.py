"""Orders the tests, and keeps what nbval executed: the book is rendered from that very run.

Library tests come first, then the notebooks, the conclusion after those that it reads, then the book's tests.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


class Executions:
    """Collects the outputs of the notebooks' cells; a notebook whose cells all passed goes to the pages' cache."""

    def __init__(self) -> None:
        self.outputs: dict[Path, list] = {}
        self.failed: set[Path] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if type(item).__name__ == "IPyNbCell":
            if report.failed or report.skipped:
                self.failed.add(item.path)
            elif report.when == "call":
                self._passed(item)
        return report

    def _passed(self, item) -> None:
        from efficient_ai import cache
        from efficient_ai.book import execute, project

        cache.code_hash.cache_clear()  # a test that changed what is hashed may have been the last to ask
        outputs = self.outputs.setdefault(item.path, [])
        outputs.append(json.loads(json.dumps(item.test_outputs)))
        notebook = json.loads(item.path.read_text("utf-8"))
        if len(outputs) == len(execute.code_cells(notebook)) and item.path not in self.failed:
            execute.store(project.read(ROOT), item.path.stem, notebook, outputs)


def pytest_configure(config: pytest.Config) -> None:
    # A plugin of its own: a conftest's hooks do not see the items of notebooks/, which lies beside tests/.
    config.pluginmanager.register(Executions(), "executions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    last = ("conclusion", "solutions")  # the conclusion reads what the other pages entered

    def stage(item: pytest.Item) -> int:
        if item.path.suffix == ".ipynb":
            return 1 + (last.index(item.path.stem) + 1 if item.path.stem in last else 0)
        return 2 + len(last) if item.path.parent == ROOT / "tests" / "book" else 0

    items.sort(key=stage)


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory):
    """An empty cache for a module's tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EFFICIENT_AI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
