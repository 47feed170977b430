"""`efficient-ai search`: nets for a device, by accuracy, latency and bytes at once."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from efficient_ai.errors import EfficientAIError

TEXT = "search nets for a device: accuracy by brief trainings, latency and bytes, within the device's limits"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--data", default="fashion_mnist", help="what the nets learn: fashion_mnist")
    parser.add_argument("--trials", type=int, default=50, help="nets to judge, those in the storage included")
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--device", required=True, help="whose flash and memory are the limits, as in STM32F746NG")
    parser.add_argument("--macs", type=int, default=8_000_000, metavar="N", help="most multiply-accumulates of a net")
    parser.add_argument("--deadline-ms", type=float, metavar="MS", help="the longest inference")
    parser.add_argument(
        "--latency",
        default="learned",
        help="learned (from layers timed on this machine), macs, or an Ethos-U as in ethos-u55-128 (modelled)",
    )
    parser.add_argument("--sampler", default="nsga2", help="nsga2, tpe or random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, metavar="N", help="end each training after N steps; the recipe's when out")
    parser.add_argument(
        "--storage", default="search.db", metavar="URL", help="a .db or .journal file, or as in postgresql://HOST/NAME"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .json file for what is found")


def run(options: argparse.Namespace) -> None:
    """Search, write what was found, and print the nets that no other beats."""
    from efficient_ai import cache, search

    deadline = None if options.deadline_ms is None else options.deadline_ms / 1e3
    how = search.Search(
        options.trials,
        options.sampler,
        seed=options.seed,
        limits=search.limits_of(options.device, latency_s=deadline, macs=options.macs),
        name=f"{options.data} on {options.device}",
    )
    evaluate = search.BriefTraining(options.data, max_steps=options.steps)
    if not options.out.absolute().parent.is_dir():
        raise EfficientAIError(f"there is no folder {options.out.absolute().parent} for --out")
    search.join(how, options.storage)  # before anything is timed: it may not open
    price = _price(options.latency)
    try:
        found = search.run(evaluate, price, how, storage=options.storage, workers=options.workers)
    except KeyboardInterrupt:
        judged = search.done(search.join(how, options.storage))
        raise EfficientAIError(
            f"stopped after {judged} of {how.trials} nets; {options.storage} keeps them: the same command goes on"
        ) from None
    front = search.front(found)
    rows = [search.as_row(one) | {"on_front": one in front} for one in found]
    cache.write_whole(options.out, json.dumps({"search": how.name, "found": rows}, indent=1).encode())
    for one in front:
        print(
            f"{search.name_of(one.candidate):<28} {one.accuracy:6.1%}  {1e3 * one.costs.latency_s:8.3f} ms  "
            f"{one.costs.size_bytes:>9,} bytes  {one.costs.macs:>11,} MACs"
        )
    print(f"{len(found)} nets judged, {len(front)} that no other beats; all of them in {options.out}")


def _price(latency: str):
    """What a net costs, with the latency that was asked for."""
    from efficient_ai import search
    from efficient_ai.errors import EngineMissing
    from efficient_ai.hardware import vela

    if latency == "macs":
        return search.FromShapes()
    if latency == "learned":
        return search.FromShapes(search.fit_latency_model(search.measured_layers()))
    if not latency.startswith("ethos-u"):
        raise EfficientAIError(f"latency must be learned, macs or an Ethos-U as in ethos-u55-128, got {latency!r}")
    if vela.available() is None:
        raise EngineMissing(f"ethos-u-vela is not installed here: {vela.INSTALL}")
    return search.FromVela(latency)
