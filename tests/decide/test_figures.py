import json

import numpy as np
import pytest
import small_nets

from efficient_ai import cli, cost, decide, engines
from efficient_ai.compress import Float32, Int8, convert
from efficient_ai.errors import BadModel
from efficient_ai.models.temporal import temporal
from efficient_ai.records import Variant

BUTTON = """name = "button"
why = "w"
device = "STM32L4R5ZI"
[limits]
flash_kib = {flash}
download_kib = 512
mega_macs = 10
ram_kib = 64
latency_p50_ms = {{ limit = 200, kind = "modelled" }}
battery_days = 30
accuracy = 0.9
price_usd = 15
[battery]
energy_j = 27000
decisions_per_s = 5
always_mw = 0.3
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(small_nets.tflite("int8"))
    return path


@pytest.fixture
def budget(tmp_path):
    path = tmp_path / "button.toml"
    path.write_text(BUTTON.format(flash=512))
    return path


def test_the_figures_are_those_of_the_file(model, budget):
    content = model.read_bytes()
    found = decide.figures_of(decide.load(model), decide.read(budget))
    assert found["flash_kib"].value == len(content) / 1024
    assert found["download_kib"].value == Variant("", "", content).compressed_bytes / 1024
    assert found["mega_macs"].value == cost.count_file(content).macs / 1e6
    assert found["price_usd"].value is None
    if engines.available()["tflm"]:
        assert found["ram_kib"].value == engines.arena(content).arena_bytes / 1024
        assert found["ram_kib"].value * 1024 > cost.plan_memory(content).planned_bytes


def test_without_the_micro_interpreter_the_plan_is_a_lower_bound(model, budget, monkeypatch):
    monkeypatch.setattr(engines, "available", lambda: {"tflm": None})
    found = decide.figures_of(decide.load(model), decide.read(budget))["ram_kib"]
    assert found.lower_bound
    assert "not installed" in found.method


def test_the_board_model_gives_back_what_it_was_fitted_on_within_its_error():
    from efficient_ai import hardware, published
    from efficient_ai.decide.on_board import REFERENCE_MACS, board_fit

    for name, key in (("STM32L4R5ZI", "stm32l4r5"), ("STM32U575ZI", "stm32u575")):
        fit = board_fit(hardware.device(name))
        for task, macs in REFERENCE_MACS.items():
            said = published.figure(f"mlperf_tiny_v1_3.{key}.{task}.energy").value
            assert fit.energy_uj(macs) == pytest.approx(said, rel=0.25)
            took = 1_000 / published.figure(f"mlperf_tiny_v1_3.{key}.{task}.throughput").value
            assert fit.latency_ms(macs) == pytest.approx(took, rel=0.25)
    assert board_fit(hardware.device("MAX78000")) is None


def test_the_reference_nets_macs_are_what_is_counted():
    from efficient_ai import cost
    from efficient_ai.decide.on_board import REFERENCE_MACS
    from efficient_ai.measure.mlperf_tiny import TASKS
    from efficient_ai.measure.tiny_runner import reference_net

    assert {task: cost.count(reference_net(TASKS[task])).macs for task in REFERENCE_MACS} == REFERENCE_MACS


def test_a_file_is_checked_without_waiting_for_tensorflow(budget, model):
    import subprocess
    import sys

    code = (
        "import sys; from efficient_ai import decide; b = decide.read(sys.argv[1]); "
        "print(decide.figures_of(decide.load(sys.argv[2]), b)['latency_p50_ms'].value); "
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(budget), str(model)], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("precision", ["float32", "dynamic_int8", "int16x8"])
def test_another_precision_is_not_modelled_from_int8_boards(budget, precision):
    found = decide.figures_of(Variant("net", "", small_nets.tflite(precision)), decide.read(budget))
    assert found["latency_p50_ms"].value is None
    assert found["battery_days"].value is None
    assert "int8" in found["battery_days"].method


def test_a_net_that_cannot_keep_up_has_no_battery_life(model, tmp_path):
    path = tmp_path / "busy.toml"
    path.write_text(BUTTON.format(flash=512).replace("decisions_per_s = 5", "decisions_per_s = 100_000"))
    found = decide.figures_of(decide.load(model), decide.read(path))["battery_days"]
    assert found.value == 0
    assert "of the time" in found.method


def test_latency_is_measured_with_its_circumstances(model, tmp_path):
    path = tmp_path / "fast.toml"
    path.write_text('name = "x"\nwhy = "w"\ndevice = "MAX78000"\n[limits]\nlatency_p50_ms = 5\nlatency_p99_ms = 9\n')
    found = decide.figures_of(decide.load(model), decide.read(path), runs=50)
    assert 0 < found["latency_p50_ms"].value <= found["latency_p99_ms"].value
    assert found["latency_p50_ms"].kind == "measured"
    assert "50 runs on litert" in found["latency_p50_ms"].method


def test_an_engine_that_nobody_knows_is_refused(model, tmp_path):
    path = tmp_path / "odd.toml"
    path.write_text('name = "x"\nwhy = "w"\ndevice = "MAX78000"\nengine = "magic"\n[limits]\nlatency_p50_ms = 5\n')
    with pytest.raises(ValueError, match="engine must be one of"):
        decide.figures_of(decide.load(model), decide.read(path))


def test_a_keras_file_is_converted_in_float32(tmp_path):
    small_nets.residual_net().save(tmp_path / "net.keras")
    assert abs(decide.load(tmp_path / "net.keras").size_bytes - len(small_nets.tflite("float32"))) < 1024


def test_an_accelerator_is_asked_through_vela(model, tmp_path):
    pytest.importorskip("ethosu")
    from efficient_ai.hardware import vela

    path = tmp_path / "npu.toml"
    path.write_text(
        'name = "x"\nwhy = "w"\ndevice = "MAX78000"\naccelerator = "ethos-u55-128"\n'
        "[limits]\nlatency_p50_ms = { limit = 33, kind = 'modelled' }\n"
    )
    found = decide.figures_of(decide.load(model), decide.read(path))["latency_p50_ms"]
    assert found.value == vela.estimate(model.read_bytes()).seconds * 1_000
    assert (found.kind, "Vela" in found.method) == ("modelled", True)


def test_files_that_are_no_models_are_refused(tmp_path):
    for name, said in (("x.onnx", "expected a .tflite or a .keras"), ("x.tflite", "there is no file")):
        with pytest.raises(BadModel, match=said):
            decide.load(tmp_path / name)
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(BadModel, match="can't be read as a Keras model"):
        decide.load(tmp_path / "bad.keras")


def test_check_ends_with_0_when_nothing_is_missed(model, budget, capsys):
    assert cli.main(["check", str(model), "--budget", str(budget), "--given", "accuracy=0.95"]) == 0
    out = capsys.readouterr().out
    assert "7 met, 0 missed, 1 not evaluated" in out
    assert "modelled" in out
    assert "computed" in out


def test_check_ends_with_1_when_a_limit_is_missed_and_writes_the_same_as_json(model, tmp_path, capsys):
    path, target = tmp_path / "small.toml", tmp_path / "out.json"
    path.write_text(BUTTON.format(flash=1))
    assert cli.main(["check", str(model), "--budget", str(path), "--json", str(target)]) == 1
    assert "1 missed" in capsys.readouterr().out
    found = json.loads(target.read_text())
    assert found["passed"] is False
    flash = found["verdicts"][0]
    assert (flash["key"], flash["outcome"], flash["limit"]) == ("flash_kib", "missed", 1)
    assert flash["excess"] == flash["value"] - 1


@pytest.mark.parametrize("wrong", ["accuracy", "accuracy=high", "beauty=3", "accuracy=nan"])
def test_check_ends_with_2_and_one_line_for_a_users_mistake(model, budget, capsys, wrong):
    assert cli.main(["check", str(model), "--budget", str(budget), "--given", wrong]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_check_ends_with_2_without_the_budget_or_the_model(model, budget, capsys):
    assert cli.main(["check", str(model), "--budget", "nothing.toml"]) == 2
    assert cli.main(["check", "nothing.tflite", "--budget", str(budget)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_a_small_int8_net_is_taken_for_one_though_its_biases_are_wide(precision):
    net = temporal(width=4, blocks=1, kernel=3)
    seen = np.random.default_rng(0).normal(size=(8, 49, 10, 1)).astype(np.float32)
    made = convert(net, Int8(calibration_set=seen) if precision == "int8" else Float32())
    assert decide.figures.is_int8(cost.count_file(made.content)) == (precision == "int8")
