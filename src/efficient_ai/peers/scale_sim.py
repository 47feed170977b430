"""SCALE-Sim, a simulator of systolic arrays, on matrix products: a second opinion on cycles."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path

from efficient_ai.errors import EfficientAIError, EngineMissing
from efficient_ai.records import EngineMissingRow

INSTALL = 'pip install "scalesim==3.0.0" "numpy<2"'
TIMEOUT_S = 300
# Memories large enough never to wait for, so that only the array's own cycles are counted.
_CONFIG = """
[general]
run_name = run

[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: 4096
FilterSramSzkB: 4096
OfmapSramSzkB: 4096
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 1000
Dataflow: ws
MemoryBanks: 1
ReadRequestBuffer: 64
WriteRequestBuffer: 64

[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2

[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40

[run_presets]
InterfaceBandwidth: USER
UseRamulatorTrace: False
"""


def available() -> str | None:
    """The tool's version; None where it isn't installed, or where NumPy is too new for it (from 2 on)."""
    if util.find_spec("scalesim") is None or int(metadata.version("numpy").split(".")[0]) > 1:
        return None
    return metadata.version("scalesim")


def missing_row() -> EngineMissingRow:
    """The row that stands for the tool where it can't run."""
    return EngineMissingRow("SCALE-Sim", INSTALL)


def weight_stationary_cycles(products: Sequence[tuple[int, int, int]], *, rows: int, columns: int) -> tuple[int, ...]:
    """Simulate matrix products on a weight-stationary array, with memory never the limit.

    Args:
        products: (vectors, inner, outputs) of each.
        rows: Of the array.
        columns: Of the array.

    Returns:
        The tool's "Total Cycles" of each product.

    Raises:
        EngineMissing: If the tool can't run here; the message names the command that installs it.
        EfficientAIError: If it fails; the message has its last line.

    Source: samajdar2018scalesim.
    """
    if available() is None:
        raise EngineMissing(f"SCALE-Sim can't run here: {INSTALL}")
    layers = "".join(f"p{i}, {m}, {n}, {k},\n" for i, (m, k, n) in enumerate(products))
    with tempfile.TemporaryDirectory(prefix="efficient-ai-scale-sim-") as folder:
        paths = {name: Path(folder, name) for name in ("run.cfg", "gemm.csv", "layout.csv")}
        paths["run.cfg"].write_text(_CONFIG.format(rows=rows, columns=columns))
        paths["gemm.csv"].write_text("Layer, M, N, K,\n" + layers)
        paths["layout.csv"].write_text("Layer\n" + "".join(f"p{i}, {'1, ' * 20}\n" for i in range(len(products))))
        options = {"-c": "run.cfg", "-t": "gemm.csv", "-l": "layout.csv"}
        files = [part for flag, name in options.items() for part in (flag, str(paths[name]))]
        command = [sys.executable, "-m", "scalesim.scale", *files, "-i", "gemm", "-p", folder, "-s", "N"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, cwd=folder)
        report = Path(folder, "run", "COMPUTE_REPORT.csv")
        if done.returncode or not report.exists():
            last = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
            raise EfficientAIError(f"SCALE-Sim failed: {last[-1]}")
        with report.open(newline="") as file:
            return tuple(int(float(row[" Total Cycles"])) for row in csv.DictReader(file))
