"""Print what the project promises beside what it reaches, in one run: `.venv/bin/python benchmarks/targets.py`.

Speeds are ratios taken in this run; start-up times are above those of a bare Python.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from efficient_ai import cost, data, engines, measure, metrics, models, published, studies
from efficient_ai.compress import ladder
from efficient_ai.records import LatencyStats

Row = tuple[str, str, str, bool]


def start_up(code: str) -> float:
    """Seconds that `code` takes more than nothing, the best of three."""

    def best(text: str) -> float:
        times = []
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", text], capture_output=True, check=False)
            times.append(time.perf_counter() - started)
        return min(times)

    return best(code) - best("pass")


def rows() -> Iterator[Row]:
    fashion = data.fashion_mnist()
    resnet = models.load("resnet8")
    test = data.as_inputs(fashion.test_images, resnet.input_shape[1:])
    rungs = {v.name: v for v in ladder(resnet, data.as_inputs(fashion.train_images[:100], (32, 32, 3)))}
    right = {
        n: metrics.correct(engines.predict(rungs[n].content, test), fashion.test_labels) for n in ("float32", "int8")
    }
    reached = right["float32"].mean()
    yield "ResNet-8, test accuracy", "≥ 92.5 %", f"{reached:.2%}", reached >= 0.925
    loss = metrics.paired_difference(right["int8"], right["float32"])
    yield "int8 against float32", "≥ −0.5 points", f"{100 * loss.value:+.2f}", loss.value >= -0.005
    entries = [e for e in studies.record("pruning").entries if e["sparsity"] == 0.8]
    for method in ("one-shot", "gradual"):
        mean = np.mean([e["test_accuracy"] for e in entries if e["method"] == method]) - reached
        yield f"80 % sparsity, {method} (study)", "≥ −0.5 points", f"{100 * mean:+.2f}", mean >= -0.005
    mobile = cost.count(models.mobilenet_v2())
    params = published.figure("torchvision.mobilenet_v2.params").value
    yield "MobileNetV2, parameters", f"{params:,.0f}", f"{mobile.params:,}", mobile.params == params
    gmacs = published.figure("torchvision.mobilenet_v2.macs").value
    yield "MobileNetV2, GMACs", f"{gmacs}", f"{mobile.macs / 1e9:.3f}", round(mobile.macs / 1e9, 3) == gmacs
    overhead = measure.overhead(rungs["int8"].content)
    yield "our p50 over a bare loop", "within 3 %", f"{overhead.value:.4f}", abs(overhead.value - 1) < 0.03
    full, small = measure.compare([rungs["float32"], rungs["int8"]], engines=("litert",), runs=200)
    if isinstance(full, LatencyStats) and isinstance(small, LatencyStats):
        ratio = measure.ratio(full, small)
        yield (
            "float32 over int8 on LiteRT",
            "> 1.2",
            f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]",
            ratio.low > 1.2,
        )
    for text, code, limit in (
        ("import efficient_ai", "import efficient_ai", 0.3),
        ("efficient-ai --help", "from efficient_ai.cli import main; main(['--help'])", 0.5),
    ):
        seconds = start_up(code)
        yield text, f"< {limit} s", f"{seconds:.3f} s", seconds < limit


if __name__ == "__main__":
    missed = 0
    for what, target, found, met in rows():
        missed += not met
        print(f"{what:<34} {target:<16} {found:<26} {'met' if met else 'MISSED'}", flush=True)
    sys.exit(1 if missed else 0)
