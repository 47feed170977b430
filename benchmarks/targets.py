"""Print what the project promises beside what it reaches, in one run: `.venv/bin/python benchmarks/targets.py`.

Speeds are ratios taken in this run; start-up times are above those of a bare Python.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain

import numpy as np

from efficient_ai import cost, data, decide, engines, measure, metrics, models, published, search, studies
from efficient_ai.compress import Channels, Float32, Int8, convert, ladder, prune_channels
from efficient_ai.hardware import energy_fit
from efficient_ai.models.zoo import WEIGHTS
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


def spine() -> Iterator[Row]:
    """What `sec-models-pruning`, the converter's ladder and the clock promise."""
    fashion = data.fashion_mnist()
    resnet = models.load("resnet8")
    test = data.as_inputs(fashion.test_images, resnet.input_shape[1:])
    rungs = {v.name: v for v in ladder(resnet, data.as_inputs(fashion.train_images[:100], (32, 32, 3)))}
    right = {
        n: metrics.correct(engines.predict(rungs[n].content, test), fashion.test_labels) for n in ("float32", "int8")
    }
    reached = right["float32"].mean()
    yield "ResNet-8, test accuracy", "≥ 92.5%", f"{reached:.2%}", reached >= 0.925
    loss = metrics.paired_difference(right["int8"], right["float32"])
    yield "int8 against float32", "≥ −0.5 points", f"{100 * loss.value:+.2f}", loss.value >= -0.005
    entries = [e for e in studies.record("pruning").entries if e["sparsity"] == 0.8]
    for method in ("one-shot", "gradual"):
        mean = np.mean([e["test_accuracy"] for e in entries if e["method"] == method]) - reached
        yield f"80% sparsity, {method} (study)", "≥ −0.5 points", f"{100 * mean:+.2f}", mean >= -0.005
    mobile = cost.count(models.mobilenet_v2())
    params = published.figure("torchvision.mobilenet_v2.params").value
    yield "MobileNetV2, parameters", f"{params:,.0f}", f"{mobile.params:,}", mobile.params == params
    gmacs = published.figure("torchvision.mobilenet_v2.macs").value
    yield "MobileNetV2, GMACs", f"{gmacs}", f"{mobile.macs / 1e9:.3f}", round(mobile.macs / 1e9, 3) == gmacs
    overhead = measure.overhead(rungs["int8"].content)
    yield "our p50 over a bare loop", "within 3%", f"{overhead.value:.4f}", abs(overhead.value - 1) < 0.03
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


def deep_compression() -> Iterator[Row]:
    """The smallest file that is no worse than the dense net on the validation pictures, judged on the test pictures."""
    fashion = data.fashion_mnist()
    _, at = data.train_validation(fashion.train_labels)
    for name, least in (("lenet_300_100", 40), ("lenet5", 39)):
        dense = models.load(name)
        shown = data.as_inputs(fashion.train_images[at], dense.input_shape[1:])
        wanted = metrics.accuracy(dense.predict(shown, verbose=0), fashion.train_labels[at])
        files = [f for e in studies.record("deep_compression").where(network=name, seed=0) for f in e["files"]]
        chosen = min((f for f in files if f["validation_accuracy"] >= wanted), key=lambda f: f["size_bytes"])
        test = data.as_inputs(fashion.test_images, dense.input_shape[1:])
        right = metrics.correct(dense.predict(test, verbose=0), fashion.test_labels)
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(chosen["test_correct_hex"]), np.uint8))
        loss = metrics.paired_difference(bits[: len(right)].astype(bool), right)
        yield f"{name}, on disk (study)", f"≥ {least}×", f"{chosen['ratio']:.1f}×", chosen["ratio"] >= least
        shown_loss = f"{100 * loss.value:+.2f} [{100 * loss.low:+.2f}, {100 * loss.high:+.2f}]"
        yield f"{name}, points", "no loss", shown_loss, loss.high >= 0


def channels() -> Iterator[Row]:
    """Half of ResNet-8's channels, by sixteens."""
    dense = models.load("resnet8")
    narrow = prune_channels(dense, Channels(0.5, "bn_scale", multiple=16))
    work = cost.count(dense).macs / cost.count(narrow).macs
    files = [convert(net, Float32(), technique=name) for net, name in ((dense, "dense"), (narrow, "channels"))]
    gain = measure.ratio(*measure.compare(files, engines=("litert",), runs=200)).value / work
    yield "latency gain over MAC gain", "≥ 0.85", f"{gain:.2f} of {work:.2f}×", gain >= 0.85
    (entry,) = studies.record("channels").where(keep=0.5, criterion="bn_scale", seed=0)
    points = 100 * (entry["test_accuracy"] - models.card("resnet8").test_accuracy)
    yield "its accuracy (study)", "≥ −1 point", f"{points:+.2f}", points >= -1


def hard_nets() -> Iterator[Row]:
    """int8 where the plain converter loses: nets for ImageNet, on photographs that nothing was chosen on."""
    words, heard = data.keywords("calibration").features, data.keywords("test")
    listener = models.load("ds_cnn")
    right = [
        metrics.correct(engines.predict(convert(listener, how).content, heard.features), heard.labels)
        for how in (Float32(), Int8(words))
    ]
    loss = 100 * metrics.paired_difference(right[1], right[0]).value
    yield "DS-CNN, int8 against float32", "> −0.3 points", f"{loss:+.2f}", loss > -0.3
    photos, views = data.held_out().images, data.augmented_crops(72, seed=1)
    for net, prepare in (
        (models.imagenet_mobilenet_v2(), data.normalized),
        (models.imagenet_efficientnet_lite0(), models.normalized_lite),
    ):
        shown = prepare(photos)
        wide = engines.predict(convert(net, Float32()).content, shown)
        plain = Int8(prepare(data.calibration_crops()))
        ours = Int8(prepare(views), ranges="percentile", equalization=0.5, bias_correction=True)
        answers = [engines.predict(convert(net, how).content, shown) for how in (plain, ours)]
        before, after = (metrics.sqnr_db(a, wide) for a in answers)
        same = round(metrics.agreement(answers[1], wide) * len(wide))
        yield f"{net.name}, agreement", "≥ 19 of 20", f"{same} of {len(wide)}", same >= 19
        yield f"{net.name}, SQNR", "≥ +3 dB", f"{before:.1f} to {after:.1f} dB", after - before >= 3


def others() -> Iterator[Row]:
    """A peer, and students; both from studies."""

    def mean(name: str, **where: object) -> float:
        return float(np.mean([e["test_accuracy"] for e in studies.record(name).where(**where)]))

    ours, peer = mean("pruning", method="gradual", sparsity=0.9), mean("tfmot", tool="tfmot")
    yield "90% sparsity, against TF-MOT", f"≥ {peer:.2%}", f"{ours:.2%}", ours >= peer
    seconds = {t: [e["seconds"] for e in studies.record("tfmot").where(tool=t)] for t in ("ours", "tfmot")}
    took, theirs = (float(np.mean(seconds[t])) for t in ("ours", "tfmot"))
    yield "its seconds by the clock", f"≤ {theirs:.0f}", f"{took:.0f}", took <= theirs
    few = [studies.record("distillation_few").where(role="pair", method=m) for m in ("same pictures", "alone")]
    gains = [100 * (a["test_accuracy"] - b["test_accuracy"]) for a, b in zip(*few, strict=True)]
    spread = 100 * float(np.std([e["test_accuracy"] for e in few[1]], ddof=1))
    met = min(gains) > 0 and float(np.mean(gains)) > spread
    yield "distilled, with few labels", f"> {spread:.2f} (spread)", f"{np.mean(gains):+.2f} points", met
    shipped = sum(path.stat().st_size for path in WEIGHTS.glob("*.h5")) / 1e6
    yield "shipped weights", "< 12 MB", f"{shipped:.2f} MB", shipped < 12


def trained_in_few_bits() -> Iterator[Row]:
    """What `sec-training-qat` and `sec-training-int8` promise; all from studies, with three seeds."""
    whole = models.card("resnet8").test_accuracy
    for bits, least in ((4, -0.3), (2, -1.5)):
        runs = studies.record("qat").where(net="resnet8", bits=bits, method="qat")
        points = 100 * (float(np.mean([e["test_accuracy"] for e in runs])) - whole)
        yield (
            f"{bits}-bit weights, trained (study)",
            f"≥ {least} points",
            f"{points:+.2f}, {len(runs)} seeds",
            points >= least,
        )
    runs = studies.record("qat").where(method="qat")
    apart = 100 * max(abs(e["file_accuracy"] - e["test_accuracy"]) for e in runs if e["net"] == "resnet8")
    yield "their files on LiteRT (study)", "≤ 0.2 points", f"{apart:.2f}", apart <= 0.2

    def bits_per_byte(recipe: str) -> float:
        return float(
            np.mean([e["bits_per_byte"] for e in studies.record("low_precision").where(recipe=recipe, task="text")])
        )

    chance, nearest, wide = (bits_per_byte(name) for name in ("int8, stochastic", "int8, nearest", "float32"))
    better = chance < nearest
    yield (
        "int8 learning, by chance (study)",
        f"< {nearest - wide:+.2f} (nearest)",
        f"{chance - wide:+.3f} bits/byte",
        better,
    )


def decisions() -> Iterator[Row]:
    """What `sec-need-energy`, `sec-need-realtime`, `sec-bench-mlperf-edge` and `sec-caveats-products` promise."""
    errors = energy_fit.mean_error([p for board in energy_fit.boards() for p in energy_fit.leave_one_out(board)])
    yield "energy by time, task left out", "≤ 10%", f"{errors:.1%}", errors <= 0.1
    queries = tuple(measure.early_stopping_queries(p) for p in (0.90, 0.99))
    yield "early stopping, p90 and p99", "64 and 662", f"{queries[0]} and {queries[1]}", queries == (64, 662)
    macs = measure.streaming.StreamingDsCnn(models.load("ds_cnn")).macs()
    yield "DS-CNN on a stream, MACs saved", "> 50%", f"{macs.saved:.0%}", macs.saved > 0.5
    winners = []
    for name in ("automotive", "mobile", "smart_home"):
        budget = decide.product(name)
        winners.append(decide.choose(studies.variants.rows(budget.task, budget), budget).winner)
    kinds = {winner.technique for winner in winners if winner}
    yield "three products, three techniques", "3", f"{len(kinds)} (study)", len(kinds) == 3
    days = winners[-1].figures["battery_days"].value if winners[-1] else 0.0
    yield "the button's days, modelled", "≥ 365", f"{days:.0f}", days >= 365


def searches() -> Iterator[Row]:
    """What `sec-approaches-nas` promises of workers: nets a second, real trainings of ten steps."""
    evaluate = search.BriefTraining(examples=640, max_steps=10, judged=1_000)
    kinds = [(block, stages, width) for block in search.AXES["block"] for stages in (2, 3) for width in (8, 12)]
    how = search.Search(len(kinds), "random")
    rates = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            where = f"{folder}/search.journal"
            study = search.join(how, where)
            for block, stages, width in kinds:
                net = {"block": block, "width": width, "stages": stages, "blocks": 1, "kernel": 3, "side": 16}
                study.enqueue_trial(net)
            started = [search.start(evaluate, search.FromShapes(), how, storage=where, part=p) for p in range(workers)]
            for worker in started:
                with worker:
                    worker.wait()
            rates.append(search.rate(search.found(study)))
    ratio = rates[1] / rates[0]
    yield "a search's two workers over one", "≥ 1.8×", f"{ratio:.2f}×", ratio >= 1.8


if __name__ == "__main__":
    missed = 0
    for what, target, found, met in chain(
        spine(), deep_compression(), channels(), hard_nets(), others(), trained_in_few_bits(), decisions(), searches()
    ):
        missed += not met
        print(f"{what:<34} {target:<16} {found:<26} {'met' if met else 'MISSED'}", flush=True)
    sys.exit(1 if missed else 0)
