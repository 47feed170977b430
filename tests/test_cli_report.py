"""The commands on a user's own model, as they are typed."""

import json

import numpy as np
import own_models
import pytest

from efficient_ai import cli

KEYS = {"schema", "model", "made", "inputs", "outputs", "cost", "variants", "quality", "latency", "budget", "choice"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("own")
    own_models.dense().save(made / "dense.keras")
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 8)).astype("float32")
    np.savez(made / "data.npz", x=x, y=random.integers(0, 4, 60))
    np.savez(made / "wrong.npz", x=x[:, :5])
    (made / "corrupt.keras").write_bytes(b"not a model")
    budget = 'name = "small"\nwhy = "It is a test."\ndevice = "STM32L4R5ZI"\nbest = "flash_kib"\n'
    (made / "budget.toml").write_text(f"{budget}[limits]\nflash_kib = 8\naccuracy = 0.0\nlatency_p50_ms = 1000\n")
    return made


@pytest.fixture(scope="module")
def report(folder):
    out = folder / "dense-report"
    arguments = ["report", str(folder / "dense.keras"), "--data", str(folder / "data.npz"), "--seconds", "10"]
    assert cli.main([*arguments, "--budget", str(folder / "budget.toml"), "--out", str(out)]) == 0
    return json.loads((out / "report.json").read_text("utf-8")), (out / "report.html").read_text("utf-8")


def refused(arguments, capsys):
    assert cli.main([str(one) for one in arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("efficient-ai: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_a_report_holds_everything_with_units(report):
    found, page = report
    assert set(found) >= KEYS
    assert [row["name"] for row in found["variants"]] == [
        "float32",
        "float16",
        "dynamic_int8",
        "int8",
        "pruned float32",
        "clustered float32",
    ]
    for row in found["variants"]:
        assert row["size_bytes"] > row["deflate_bytes"] > 0
        assert row["quality"]["accuracy"]["low"] <= row["quality"]["accuracy"]["value"]
    assert found["cost"]["macs"] == 768
    assert found["made"]["versions"]["tensorflow"]
    assert page.startswith("<!DOCTYPE html>")
    assert "dense takes 8 values (float32) and gives 4 values (float32)" in page


def test_what_calibrated_did_not_judge(report):
    quality = report[0]["quality"]
    assert (quality["basis"], quality["examples"], quality["calibration_examples"]) == ("labels", 30, 30)


def test_each_engine_has_rows_or_says_how_to_install_it(report):
    rows = report[0]["latency"]
    assert {row["engine"] for row in rows} >= {"litert", "tf.lite", "tflite-runtime"}
    for row in rows:
        assert row.keys() >= {"p50_ms", "p90_ms", "p99_ms", "cpu", "threads"} or row.keys() & {
            "reason",
            "install_command",
        }
        assert row.get("runs", 50) >= 50


def test_the_budget_is_held_and_a_winner_named(report):
    budget = report[0]["budget"]
    assert budget["winner"] == report[0]["choice"]["variant"]
    assert {verdict["key"] for verdict in budget["variants"][0]["verdicts"]} == {
        "flash_kib",
        "accuracy",
        "latency_p50_ms",
    }
    assert budget["advice"]["variant"] == budget["winner"]
    assert budget["advice"]["first"]
    assert all(one["for"] == ["flash_kib"] and one["since"] for one in budget["advice"]["first"])
    assert any("30 examples of data.npz" in verdict["method"] for verdict in budget["variants"][0]["verdicts"])


def test_a_second_report_replaces_the_first_and_nothing_else_is_written_over(folder, report, capsys):
    (folder / "full").mkdir()
    (folder / "full" / "thesis.tex").write_text("years")
    said = refused(["report", folder / "dense.keras", "--out", folder / "full"], capsys)
    assert "holds something else" in said
    assert {one.name for one in (folder / "dense-report").iterdir()} == {"report.html", "report.json"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "nothing.keras"], "there is no file nothing.keras"),
        (["report", "resnet9"], "did you mean resnet8"),
        (["report", "{}/dense.keras", "--data", "nothing.npz"], "there is no file nothing.npz"),
        (["report", "{}/dense.keras", "--budget", "nothing.toml"], "can't be read"),
        (["report", "{}/dense.keras", "--shape", "8"], "--shape must be sizes from a batch of 1 on"),
        (["report", "{}/dense.keras", "--sparsity", "1.2"], "sparsity must be in [0, 1), got 1.2"),
        (["prune", "{}/dense.keras", "--sparsity", "2", "--out", "x.keras"], "sparsity must be in [0, 1), got 2"),
        (["quantize", "{}/dense.keras", "--precision", "int8", "--out", "x.tflite"], "--data FILE.npz"),
        (["report", "{}/corrupt.keras"], "corrupt.keras"),
        (["report", "{}/dense.keras", "--data", "{}/wrong.npz"], "must have the shape (n, 8), got (60, 5)"),
    ],
)
def test_a_users_mistake_is_one_line(arguments, words, folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in refused([one.format(folder) for one in arguments], capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_quantized_with_its_data(folder, capsys):
    out = folder / "int8.tflite"
    arguments = ["quantize", folder / "dense.keras", "--precision", "int8", "--data", folder / "data.npz"]
    assert cli.main([str(one) for one in (*arguments, "--out", out)]) == 0
    assert f"{out.stat().st_size:,} bytes" in capsys.readouterr().out


def test_a_model_is_pruned_and_its_answers_are_judged(folder, capsys):
    out = folder / "pruned.keras"
    arguments = ["prune", folder / "dense.keras", "--sparsity", "0.75", "--data", folder / "data.npz", "--out", out]
    assert cli.main([str(one) for one in arguments]) == 0
    said = capsys.readouterr().out
    assert "75.0% of the weights" in said
    assert "accuracy" in said
    import keras

    kernel = keras.models.load_model(out).layers[1].get_weights()[0]
    assert (kernel == 0).any()


def test_a_keras_file_is_timed_and_profiled(folder, capsys):
    assert cli.main(["bench", str(folder / "dense.keras"), "--runs", "50"]) == 0
    assert "p90" in capsys.readouterr().out
    assert cli.main(["profile", str(folder / "dense.keras")]) == 0
    said = capsys.readouterr().out
    assert "768 MACs" in said
    assert "bytes of arena" in said or "arena:" in said
