import os

import pytest
from report import fuzzing


@pytest.fixture(scope="session")
def maker(tmp_path_factory):
    """Good model files of each kind, and what is made of them."""
    if not hasattr(os, "fork"):
        pytest.skip("a sandbox forks")
    return fuzzing.Maker(tmp_path_factory.mktemp("models"), 0)
