"""Vela's tables as records: every figure is the tool's own."""

import csv
import subprocess
import sys

import pytest
from small_nets import tflite

from efficient_ai.cli import main
from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.hardware import vela
from efficient_ai.records import Variant

HERE = pytest.mark.skipif(vela.available() is None, reason=f"Vela isn't installed: {vela.INSTALL}")


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@HERE
@pytest.mark.parametrize("accelerator", vela.ACCELERATORS)
def test_figures_equal_the_tools_own_tables(accelerator, tmp_path):
    file = tmp_path / "net.tflite"
    file.write_bytes(tflite("int8"))
    command = [sys.executable, "-m", "ethosu.vela", file, "--accelerator-config", accelerator, "--verbose-performance"]
    subprocess.run([*command, "--output-dir", tmp_path], check=True, capture_output=True)
    (summary,) = rows(next(tmp_path.glob("*_summary_*.csv")))
    layers = rows(next(tmp_path.glob("*_per-layer.csv")))
    found = vela.estimate(Variant("net", "int8", tflite("int8")), accelerator)
    assert found.cycles == int(summary["cycles_total"]) == sum(op.cycles for op in found.operators)
    assert found.sram_kib == float(summary["sram_memory_used"])
    assert found.seconds == float(summary["inference_time"]) == pytest.approx(found.cycles / found.clock_hz)
    assert found.macs == int(summary["nn_macs"])
    assert [op.cycles for op in found.operators] == [int(layer["Op Cycles"]) for layer in layers]
    assert found.on_cpu == ()
    assert 0 < found.utilisation <= 1


@HERE
def test_an_operator_takes_as_long_as_the_slowest_of_its_parts():
    found = vela.estimate(tflite("int8"))
    for op in found.operators:
        assert op.cycles >= max(op.npu_cycles, op.sram_cycles, op.flash_cycles, op.dram_cycles) * (op.cycles > 0)
        assert op.bound_by in (("arithmetic", "SRAM", "DRAM", "flash") if op.cycles else ("",))
    kinds = ("arithmetic", "SRAM", "DRAM", "flash")
    assert sum(found.cycles_bound_by(kind) for kind in kinds) == found.cycles


@HERE
def test_more_multipliers_never_take_more_cycles():
    cycles = [vela.estimate(tflite("int8"), f"ethos-u55-{n}").cycles for n in (32, 128, 256)]
    assert cycles == sorted(cycles, reverse=True)


@HERE
def test_operators_on_float_values_stay_with_the_processor():
    found = vela.estimate(tflite("float32"))
    assert found.cycles == found.utilisation == 0
    assert len(found.on_cpu) == len(found.operators) > 0
    mixed = vela.estimate(tflite("int8", float_io=True))
    assert {"Quantize", "Dequantize"} == set(mixed.on_cpu)
    assert mixed.cycles > 0


@HERE
@pytest.mark.parametrize("content", [b"", b"no model at all", tflite("int8")[:200]])
def test_a_file_that_vela_refuses_gives_one_line(content):
    with pytest.raises(BadModel, match=r"^Vela refuses the model for ethos-u55-128: [^\n]+$"):
        vela.estimate(content)


@HERE
def test_an_unknown_accelerator_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(BadModel, match="invalid choice: 'ethos-u99'"):
        vela.estimate(tflite("int8"), "ethos-u99")
    with pytest.raises(BadModel, match="there is no file"):
        vela.estimate(tmp_path / "none.tflite")


def test_a_missing_tool_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(vela.util, "find_spec", lambda name: None)
    assert vela.available() is None
    with pytest.raises(EngineMissing, match="pip install ethos-u-vela"):
        vela.estimate(b"")
    assert vela.missing_row().install_command == vela.INSTALL


def test_a_table_of_another_version_is_refused(tmp_path):
    path = tmp_path / "x_summary_y.csv"
    path.write_text("experiment,network\na,b\n")
    with pytest.raises(BadModel, match=r"Vela 1\.0 left a table"):
        vela.read(path, path, model="m", accelerator="ethos-u55-128", version="1.0")


@HERE
def test_the_command_prints_what_the_tool_expects(tmp_path, capsys):
    file = tmp_path / "net.tflite"
    file.write_bytes(tflite("int8"))
    assert main(["vela", str(file)]) == 0
    found = vela.estimate(file)
    assert f"{found.cycles:,} cycles" in capsys.readouterr().out
    assert main(["vela", str(tmp_path / "none.tflite")]) == 2
