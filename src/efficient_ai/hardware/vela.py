"""Arm's Vela compiler on an int8 .tflite file: what an Ethos-U would take for it, read from the tool's own tables.

Vela runs in a process of its own. It compiles the file for one accelerator and estimates, operator by operator, the
cycles of the arithmetic and of each memory; the longest of them is what the operator takes.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.records import EngineMissingRow, Variant

ACCELERATORS = ("ethos-u55-128", "ethos-u55-256", "ethos-u65-256", "ethos-u85-256")
INSTALL = "pip install ethos-u-vela"
TIMEOUT_S = 300


@dataclass(frozen=True)
class VelaOperator:
    """One operator of the compiled network. Each memory's cycles are those that its traffic alone would take.

    `operator` is what the file calls it, `npu_operator` what became of it; `target` is "NPU" or "CPU". An operator
    that is fused with another takes no cycles of its own.
    """

    name: str
    operator: str
    npu_operator: str
    target: str
    cycles: int
    npu_cycles: int
    sram_cycles: int
    dram_cycles: int
    flash_cycles: int
    macs: int
    utilisation: float

    @property
    def bound_by(self) -> str:
        """What takes longest: "arithmetic", "SRAM", "DRAM" or "flash"; "" where nothing takes any time."""
        costs = {
            "arithmetic": self.npu_cycles,
            "SRAM": self.sram_cycles,
            "DRAM": self.dram_cycles,
            "flash": self.flash_cycles,
        }
        return max(costs, key=costs.__getitem__) if self.cycles else ""


@dataclass(frozen=True)
class VelaEstimate:
    """What Vela says of one file on one accelerator.

    `*_kib` is memory used, `*_traffic_bytes` what is moved in one inference, `*_bytes_per_s` the bandwidth that the
    tool's system configuration gives each memory, whether it is used or not.
    """

    model: str
    accelerator: str
    system_config: str
    memory_mode: str
    version: str
    clock_hz: float
    cycles: int
    npu_cycles: int
    seconds: float
    macs: int
    sram_kib: float
    dram_kib: float
    flash_kib: float
    weight_bytes: int
    encoded_weight_bytes: int
    sram_traffic_bytes: int
    dram_traffic_bytes: int
    flash_traffic_bytes: int
    sram_bytes_per_s: float
    dram_bytes_per_s: float
    flash_bytes_per_s: float
    operators: tuple[VelaOperator, ...]

    @property
    def macs_per_cycle(self) -> int:
        """Of the accelerator, as its name says."""
        return int(self.accelerator.rsplit("-", 1)[1])

    @property
    def utilisation(self) -> float:
        """Share of the multipliers' cycles that did a multiplication; 0 where nothing runs on the accelerator."""
        return self.macs / (self.cycles * self.macs_per_cycle) if self.cycles else 0.0

    @property
    def on_cpu(self) -> tuple[str, ...]:
        """The operators that stay with the processor, by the file's names for them."""
        return tuple(op.operator for op in self.operators if op.target == "CPU")

    def cycles_bound_by(self, what: str) -> int:
        """Cycles of the operators for which `what` takes longest; see `VelaOperator.bound_by`."""
        return sum(op.cycles for op in self.operators if op.bound_by == what)


def available() -> str | None:
    """The tool's version, or None where it isn't installed."""
    return metadata.version("ethos-u-vela") if util.find_spec("ethosu") is not None else None


def missing_row() -> EngineMissingRow:
    """The row that stands for the tool where it isn't installed."""
    return EngineMissingRow("ethos-u-vela", INSTALL)


def estimate(
    model: Variant | bytes | str | Path,
    accelerator: str = "ethos-u55-128",
    *,
    system_config: str | None = None,
    memory_mode: str | None = None,
) -> VelaEstimate:
    """Compile a .tflite file for an Ethos-U and read what Vela expects of it.

    Args:
        model: A variant, the content of a .tflite file, or its path. Operators on float values stay on the processor.
        accelerator: One of `ACCELERATORS`, or another that Vela knows; the last number is multipliers a cycle.
        system_config: Clock and memories, by a name in Vela's own file, as in "Ethos_U65_Embedded"; None for the
            tool's choice, which has flash beside an Ethos-U55, and DRAM beside the larger two.
        memory_mode: Where weights and activations live, as in "Shared_Sram"; None for the tool's choice.

    Returns:
        The tool's figures, with a row for each operator. The cycles are the compiler's estimate, of operators one
        after another, without the processor's part.

    Raises:
        EngineMissing: If `ethos-u-vela` isn't installed; the message names the command that installs it.
        BadModel: If Vela refuses the file or the configuration; the message has its last line.

    Source: arm2025vela.
    """
    version = available()
    if version is None:
        raise EngineMissing(f"ethos-u-vela is not installed here: {INSTALL}")
    if isinstance(model, (str, Path)) and not Path(model).exists():
        raise BadModel(f"there is no file {model}")
    name, content = _name_and_content(model)
    options = ["--accelerator-config", accelerator, "--verbose-performance"]
    options += ["--system-config", system_config] if system_config else []
    options += ["--memory-mode", memory_mode] if memory_mode else []
    with tempfile.TemporaryDirectory(prefix="efficient-ai-vela-") as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(content)
        command = [sys.executable, "-m", "ethosu.vela", str(path), "--output-dir", folder, *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, cwd=folder)
        except subprocess.TimeoutExpired:
            raise BadModel(f"Vela took more than {TIMEOUT_S} s for {name} on {accelerator}") from None
        summaries, layers = list(Path(folder).glob("*_summary_*.csv")), list(Path(folder).glob("*_per-layer.csv"))
        if done.returncode or not summaries or not layers:
            raise BadModel(f"Vela refuses {name} for {accelerator}: {_last_line(done.stderr or done.stdout)}")
        return read(summaries[0], layers[0], model=name, accelerator=accelerator, version=version)


def read(summary: Path, per_layer: Path, *, model: str, accelerator: str, version: str) -> VelaEstimate:
    """Read the two tables that Vela leaves: `*_summary_*.csv` and, with `--verbose-performance`, `*_per-layer.csv`.

    Raises:
        BadModel: If a table lacks what it should have, which a Vela of another version may do.
    """
    try:
        with summary.open(newline="") as file:
            row = list(csv.DictReader(file))[-1]
        with per_layer.open(newline="") as file:
            operators = tuple(_operator(line) for line in csv.DictReader(file))
        return VelaEstimate(
            model=model,
            accelerator=accelerator,
            system_config=row["system_config"],
            memory_mode=row["memory_mode"],
            version=version,
            clock_hz=float(row["core_clock"]),
            cycles=_whole(row["cycles_total"]),
            npu_cycles=_whole(row["cycles_npu"]),
            seconds=float(row["inference_time"]),
            macs=_whole(row["nn_macs"]),
            sram_kib=float(row["sram_memory_used"]),
            dram_kib=float(row["dram_memory_used"]),
            flash_kib=float(row["off_chip_flash_memory_used"]) + float(row["on_chip_flash_memory_used"]),
            weight_bytes=_whole(row["total_original_weights"]),
            encoded_weight_bytes=_whole(row["total_npu_encoded_weights"]),
            sram_traffic_bytes=_whole(row["sram_total_bytes"]),
            dram_traffic_bytes=_whole(row["dram_total_bytes"]),
            flash_traffic_bytes=_whole(row["off_chip_flash_total_bytes"]) + _whole(row["on_chip_flash_total_bytes"]),
            sram_bytes_per_s=float(row["sram_bandwidth"]) * 2**30,
            dram_bytes_per_s=float(row["dram_bandwidth"]) * 2**30,
            flash_bytes_per_s=float(row["off_chip_flash_bandwidth"]) * 2**30,
            operators=operators,
        )
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise BadModel(
            f"Vela {version} left a table that can't be read ({error}): versions 4 and 5 are known"
        ) from error


def _operator(line: dict[str, str]) -> VelaOperator:
    return VelaOperator(
        name=line["Name"],
        operator=line["Original Operator"],
        npu_operator=line["NNG Operator"],
        target=line["Target"],
        cycles=_whole(line["Op Cycles"]),
        npu_cycles=_whole(line["NPU"]),
        sram_cycles=_whole(line["SRAM AC"]),
        dram_cycles=_whole(line["DRAM AC"]),
        flash_cycles=_whole(line["OnFlash AC"]) + _whole(line["OffFlash AC"]),
        macs=_whole(line["MAC Count"]),
        utilisation=float(line["Util% (MAC)"]) / 100,
    )


def _whole(text: str) -> int:
    return int(float(text))


def _name_and_content(model: Variant | bytes | str | Path) -> tuple[str, bytes]:
    if isinstance(model, Variant):
        return f"{model.model} {model.name}", model.content
    if isinstance(model, bytes):
        return "the model", model
    return Path(model).name, Path(model).read_bytes()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Warning")]
    return lines[-1] if lines else "it says nothing"
