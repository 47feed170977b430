import subprocess
import sys
import time

import numpy as np
import pytest

from efficient_ai import cache, cli


def one_line(capsys):
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("efficient-ai: ")
    assert "Traceback" not in captured.err
    return captured.err


def test_an_unknown_model_is_one_line_and_exit_code_2(capsys):
    assert cli.main(["cost", "resnet9"]) == 2
    assert "did you mean resnet8" in one_line(capsys)


def test_a_truncated_tflite_file_is_one_line_and_exit_code_2(capsys, tmp_path):
    whole = tmp_path / "net.tflite"
    assert cli.main(["convert", "softmax_regression", "--precision", "float32", "--out", str(whole)]) == 0
    capsys.readouterr()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(whole.read_bytes()[:9_000])
    assert cli.main(["cost", str(cut)]) == 2
    one_line(capsys)
    assert cli.main(["bench", str(cut), "--runs", "50"]) == 2
    one_line(capsys)


def test_a_file_that_is_not_there_is_one_line(capsys):
    for arguments in (["cost", "nothing.tflite"], ["cost", "nothing.keras"], ["bench", "nothing.tflite"]):
        assert cli.main(arguments) == 2
        one_line(capsys)


def test_int8_without_a_calibration_set_says_what_is_missing(capsys, tmp_path):
    assert cli.main(["convert", "resnet8", "--precision", "int8", "--out", str(tmp_path / "x.tflite")]) == 2
    assert "--calibration FILE.npy" in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_calibration_set_of_the_wrong_shape_names_both_shapes(capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 28, 28, 1), np.float32))
    arguments = ["convert", "resnet8", "--precision", "int8", "--calibration", str(tmp_path / "x.npy")]
    assert cli.main([*arguments, "--out", str(tmp_path / "x.tflite")]) == 2
    assert "(n, 32, 32, 3), got (3, 28, 28, 1)" in one_line(capsys)


def test_a_keras_file_is_counted_converted_and_timed(capsys, tmp_path):
    from efficient_ai import models

    models.build("lenet_300_100").save(tmp_path / "own.keras")
    assert cli.main(["cost", str(tmp_path / "own.keras")]) == 0
    assert "266,610 parameters, 266,200 MACs" in capsys.readouterr().out
    assert cli.main(["convert", str(tmp_path / "own.keras"), "--out", str(tmp_path / "own.tflite")]) == 0
    capsys.readouterr()
    assert cli.main(["bench", str(tmp_path / "own.tflite"), "--runs", "50"]) == 0
    assert "p90" in capsys.readouterr().out


def test_a_keras_file_with_code_in_it_is_not_run(capsys, tmp_path):
    import keras

    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(tmp_path / "evil.keras")
    assert cli.main(["cost", str(tmp_path / "evil.keras")]) == 2
    assert "can't be read" in one_line(capsys)


def test_findings_names_what_is_missing_and_ships_what_there_is(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SHIPPED", tmp_path / "results.json")
    cache.record_result("models", "resnet8.int8", float32_bytes=400.0, size_bytes=100.0, points=-0.1)
    assert cli.main(["findings", "--snapshot"]) == 1
    out = capsys.readouterr().out
    assert "a file 4.0× smaller; cost: −0.10 points" in out
    assert "run the page inference" in out
    assert f"{cache.SHIPPED}: 1 entries of 1 pages" in out
    assert cache.shipped_results("models")["resnet8.int8"]["size_bytes"] == 100.0


def test_models_lists_every_card(capsys):
    from efficient_ai import models

    assert cli.main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in models.names())


@pytest.mark.parametrize(
    ("code", "seconds"), [("import efficient_ai", 0.3), ("from efficient_ai.cli import main; main(['--help'])", 0.5)]
)
def test_starting_is_quick_and_loads_no_tensorflow(code, seconds):
    def run(text):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
        return time.perf_counter() - started, done.stdout

    bare = min(run("pass")[0] for _ in range(3))
    assert min(run(code)[0] for _ in range(3)) - bare < seconds
    heavy = "[m for m in ('tensorflow', 'matplotlib', 'numpy') if m in sys.modules]"
    loaded = run(f"import sys\ntry:\n    {code}\nexcept SystemExit: pass\nprint({heavy})")
    assert loaded[1].strip().endswith("[]")
