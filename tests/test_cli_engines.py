import numpy as np

from efficient_ai import cli, engines
from efficient_ai.engines import registry


def test_a_model_is_run_on_the_engines_that_are_named(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    monkeypatch.setitem(registry.DISTRIBUTIONS, "iree", ("not-a-distribution-anywhere",))
    assert engines.available()["litert"] is not None
    assert cli.main(["engines", "softmax_regression", "--engine", "litert", "--engine", "iree"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["litert", "iree"]
    assert "p90" in lines[0]
    assert "off by" in lines[0]
    assert "not installed; make torch" in lines[1]


def test_mistakes_are_one_line_and_exit_code_2(capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 5), np.float32))
    wrong = ["engines", "softmax_regression", "--engine", "litert"]
    for arguments, said in (
        (["engines", "softmax_regression", "--engine", "abacus"], "engine must be one of"),
        ([*wrong, "--precision", "int8"], "int8 needs --calibration"),
        ([*wrong, "--calibration", str(tmp_path / "x.npy")], r"calibration_set must be (n, 28, 28, 1)"),
        ([*wrong, "--runs", "3"], "runs must be at least 50, got 3"),
    ):
        assert cli.main(arguments) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert said in error
